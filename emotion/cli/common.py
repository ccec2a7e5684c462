"""What all commands share."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from emotion.cnn.machine import set_up_tensorflow
from emotion.errors import UserError
from emotion.jobs import progress_line


class Group(click.Group):
    """Commands whose UserErrors, and what the system refuses, become one line on stderr and exit code 2."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        """Run the command line; a path that the terminal has no letters for is written with escapes."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a user's mistake ends it in one clear line."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(f"emotion: {error}", err=True)
        except BrokenPipeError:  # Whoever read the output has had enough; click ends quietly.
            raise
        except OSError as error:
            click.echo(f"emotion: {error}. Check the path, its permissions and the room on the disk.", err=True)
        sys.exit(2)


path_argument = click.Path(path_type=Path)
models_option = click.option(
    "--model", "models", multiple=True,
    help="Name or folder of a bundle; repeat it for several.  [default: the best that ships]",
)  # fmt: skip
by_class = click.option(
    "--by-class", type=click.FloatRange(0, 1), metavar="VOTES",
    help="Scale each class too, towards the validation labels with this share of FER+ votes: answers change.",
)  # fmt: skip
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


def say(report: Any, as_json: bool, text: Callable[[], str]) -> None:
    """Print a report as JSON, or as the text that ``text`` makes of it."""
    click.echo(json.dumps(report, ensure_ascii=False, indent=2) if as_json else text())


def classifiers_of(models: tuple[str, ...]) -> list[Any]:
    """A ``Classifier`` for each name or folder, for the best that ships without one; two of one name are refused."""
    from emotion.cnn.bundle import find_bundle
    from emotion.cnn.classifier import Classifier

    found: dict[str, Any] = {}
    for bundle in map(find_bundle, models or (None,)):
        if found.setdefault(bundle.card.name, bundle) is not bundle:
            raise UserError("Two of the models are called {name}. Name each model once.", name=bundle.card.name)
    return [Classifier(bundle) for bundle in found.values()]


@contextmanager
def for_programs(as_json: bool) -> Iterator[None]:
    """Keep stdout for the answer, and make a user's mistake JSON too where a program asks, to be translated there."""
    set_up_tensorflow()
    logging.getLogger("absl").setLevel(logging.ERROR)  # That h5 is an old format we know.
    try:
        with redirect_stdout(sys.stderr):  # Keras tells there what it saves.
            yield
    except UserError as error:
        if not as_json:
            raise
        values = {name: str(value) for name, value in error.values.items()}
        click.echo(json.dumps({"error": error.template, "values": values}))
        sys.exit(2)


def counter(word: str, for_program: bool = False) -> Callable[[int, int], None]:
    """A progress that counts on one line of a terminal; elsewhere silent, or ``for_program`` for ``how_far``."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done:,} / {total:,} {word}", err=True, nl=done == total)
        elif for_program:
            click.echo(progress_line(done, total), err=True)

    return show
