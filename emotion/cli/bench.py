"""``emotion bench``: measured comparisons, each with a peer in the same run."""

import click

from emotion.cli.common import as_json, say
from emotion.errors import UserError


@click.group()
def bench() -> None:
    """Measure this machine, beside the course's own way of doing it."""


@bench.command("dataset")
@click.option("--data", required=True, help="Dataset folder with a train split of images.")
@as_json
def bench_dataset(data: str, as_json: bool) -> None:
    """Index, load and examine a dataset; beside the course's loading loop and Keras' own."""
    try:
        from benchmarks.dataset import compare, lines
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise UserError("The benchmarks are not installed with the package. Run this in the project folder.") from None
    report = compare(data)
    say(report, as_json, lambda: "\n".join(lines(report)))
