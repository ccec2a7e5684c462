"""``emotion train``: the worker of the pages, and training by hand."""

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from emotion.cli.common import as_json, by_class, for_programs, say
from emotion.cnn.config import (
    ARCHITECTURES,
    AVERAGED,
    DISTRIBUTIONS,
    OPTIMISERS,
    PRECISIONS,
    PRESETS,
    SCHEDULES,
    Augmentation,
    TrainConfig,
)
from emotion.cnn.machine import import_keras, set_up_tensorflow
from emotion.memory import keep_pages

if TYPE_CHECKING:
    from emotion.cnn.runs import Run
    from emotion.cnn.training import Publish


class AugmentationType(click.ParamType):
    """A preset's name, or changes and how far they go: ``flip,shift=0.1,rotate=10``."""

    name = "changes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Augmentation:
        """The augmentation that a text names."""
        if isinstance(value, Augmentation) or value in PRESETS:
            return PRESETS.get(value, value)
        try:
            pairs = [part.partition("=") for part in value.split(",")]
            changes: dict[str, Any] = {name.strip(): float(far) if equals else True for name, equals, far in pairs}
            return Augmentation(**changes)
        except (ValueError, TypeError):
            names = ", ".join(Augmentation.__dataclass_fields__)
            self.fail(f"expected {', '.join(PRESETS)}, or some of {names} as in flip,shift=0.1; found {value}")


def _setting(name: str, kind: Any, text: str) -> Callable[[Any], Any]:
    default = getattr(TrainConfig, name)
    option = f"--{name.replace('_', '-')}"
    if kind is bool:
        return click.option(option, is_flag=True, help=text)
    return click.option(option, type=kind, default=default, show_default=default != "", help=text)


SETTINGS = [
    _setting("epochs", int, "Passes through the training images."),
    _setting("batch_size", int, "Images that are learned from at a time."),
    _setting("learning_rate", float, "How far a weight moves."),
    _setting("schedule", click.Choice(SCHEDULES), "How the learning rate changes."),
    _setting("warmup", float, "Epochs in which the cosine's learning rate first climbs."),
    _setting("optimiser", click.Choice(OPTIMISERS), "The rule that moves the weights."),
    _setting("weight_decay", float, "How strongly weights are drawn to zero."),
    _setting("class_weights", bool, "Let every class count the same."),
    _setting("label_smoothing", float, "Share of the target that is spread over all classes."),
    _setting("votes", float, "Share of the FER+ votes in the targets, those of validation too."),
    _setting("neighbours", float, "Share of the target that goes to the classes beside it, as of age groups."),
    _setting("teachers", str, "Bundles, with commas, whose answers are learned too."),
    _setting("taught", float, "With --teachers: the share of their answers in the targets."),
    _setting("unlabelled", str, "With --teachers: a dataset whose training images they alone answer for."),
    _setting("patience", int, "End after so many epochs without a better one; 0 for never."),
    _setting("images", int, "At most so many training images; 0 for all."),
    _setting("ema", float, "Decay of a running average of the weights, which is kept; 0 for none."),
    _setting("freeze", bool, "With --from: train the last layer only."),
    _setting("precision", click.Choice(PRECISIONS), "Arithmetic; auto is bfloat16 where the machine has it."),
    _setting("size", int, "Side of the images in pixels."),
    _setting("task", str, "What is told apart: emotion, age, …  [default: by the dataset]"),
    _setting("seed", int, "Of every random draw."),
    _setting("distribute", click.Choice(DISTRIBUTIONS), "Share the work: several GPUs, or several hosts by TF_CONFIG."),
    click.option(
        "--network", "architecture", type=click.Choice(ARCHITECTURES), default=TrainConfig.architecture,
        show_default=True, help="The network.",
    ),
    click.option(
        "--augment", "augmentation", type=AugmentationType(), default=TrainConfig.augmentation,
        help=f"How training images are changed: {', '.join(PRESETS)}, or as in flip,shift=0.1  [default: off]",
    ),
    click.option(
        "--from", "start_from", default="", metavar="BUNDLE",
        help="Start from a trained bundle or run, with its network or a leaner one (lean_resnet from a wide_resnet).",
    ),
]  # fmt: skip


_USED = {"resume": {"more"}, "publish": {"averaged", "by_class", "as_json"}, "probe": {"classes", "as_json"}}
"""What each way to call ``train`` takes beside its own option; ``--data`` takes all that is left."""


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(SETTINGS):
        command = option(command)
    return command


@click.command()
@click.option("--data", help="Dataset folder to train on.")
@click.option("--resume", metavar="RUN", help="Go on with a run, given by folder or name.")
@click.option("--more", type=click.IntRange(1), metavar="N", help="With --resume: train N epochs more than were done.")
@click.option("--name", help="Name of the bundle  [default: the dataset's name with the network's]")
@click.option("--notes", default="", help="What to remember of the run; goes into the bundle's card.")
@_with_settings
@click.option("--publish", metavar="RUN", help="Make a bundle of the best weights that a run has so far.")
@click.option(
    "--averaged",
    type=click.Choice(AVERAGED),
    help="With --publish: the mean of its best epoch's weights and its newest one's, or those it started from.",
)
@by_class
@click.option("--probe", metavar="SETTINGS", help="Time a few batches with settings as in a run's config.json.")
@click.option("--classes", type=click.IntRange(2), default=7, show_default=True, help="With --probe.")
@as_json
def train(
    data: str | None,
    resume: str | None,
    more: int | None,
    name: str | None,
    notes: str,
    publish: str | None,
    averaged: str | None,
    by_class: float | None,
    probe: str | None,
    classes: int,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train a network and make a model bundle of its best epoch. Ctrl-C stops it; --resume goes on.

    It begins at once, also while others are trained: only the Training page queues.
    """
    ways = {"data": data, "resume": resume, "publish": publish, "probe": probe}
    asked = [way for way, wish in ways.items() if wish is not None]
    if len(asked) != 1:
        raise click.UsageError("Expected either --data FOLDER or --resume RUN (or --publish, --probe).")
    _insist_on_use(asked[0])
    quietly()
    keep_pages()
    if publish is not None or probe is not None:
        with for_programs(as_json):
            report = _probe(str(probe), classes) if publish is None else _publish(publish, averaged or "", by_class)
        say(report, as_json, lambda: "\n".join(f"{name}: {value}" for name, value in report.items()))
    else:
        with ExitStack() as scratch:
            run = (
                _resumed(str(resume), more, scratch) if data is None else _new_run(data, name, notes, settings, scratch)
            )
            click.echo(f"run {run.path}")
            _train_here(run)


def _insist_on_use(way: str) -> None:
    """UsageError for an option that was given and would be passed over."""
    context = click.get_current_context()
    used = {way, *(_USED.get(way) or context.params.keys() - set().union(*_USED.values()))}
    unused = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in used
        and context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]
    if unused:
        hint = " To train longer, give --more N." if way == "resume" and "--epochs" in unused else ""
        raise click.UsageError(f"--{way} makes no use of {', '.join(sorted(unused))}. Leave it out.{hint}")


def quietly() -> None:
    """Tell the time with each epoch, and nothing that would hide it."""
    set_up_tensorflow()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S")


def _new_run(data: str, name: str | None, notes: str, settings: dict[str, Any], scratch: ExitStack) -> "Run":
    from emotion.cnn.checks import check
    from emotion.cnn.origin import with_origin
    from emotion.cnn.runs import create_run
    from emotion.dataset.folder import open_dataset

    dataset = open_dataset(data)
    root = dataset.root
    kind = settings["architecture"].partition("_")[0]
    if settings["unlabelled"]:
        settings["unlabelled"] = str(open_dataset(settings["unlabelled"]).root)
    config = with_origin(TrainConfig(str(root), name or f"{root.name}-{kind}", **settings))
    check(config, dataset)
    run = create_run(config, folder=None if _is_first(config) else _scratch_folder(scratch))
    if notes:
        run.write_notes(notes)
    return run


def _resumed(resume: str, more: int | None, scratch: ExitStack) -> "Run":
    from emotion.cnn.runs import Run, open_run
    from emotion.cnn.workers import add_epochs

    run = open_run(resume)
    if more:
        add_epochs(run, more)
    if _is_first(run.config()):
        return run
    return Run(Path(shutil.copytree(run.path, _scratch_folder(scratch) / run.name)))


def _is_first(config: TrainConfig) -> bool:
    """Whether this machine keeps the run's files: of several that share a training, the first."""
    from emotion.cnn.workers import place

    return config.distribute != "multiworker" or place()[0] == 0


def _scratch_folder(scratch: ExitStack) -> Path:
    """Where another machine keeps its copy of the run: it does the same work, and its files are dropped in the end."""
    return Path(scratch.enter_context(TemporaryDirectory()))


def _train_here(run: "Run") -> None:
    from emotion.cnn.workers import start_waiting, take_over

    status = take_over(run)  # Before Keras is imported, which takes a while: whoever watches sees a living worker.
    config = run.config()
    try:
        import_keras()
        from emotion.cnn.training import train as work

        publish = _publisher(config)
        status = work(run, status, publish)
    finally:
        start_waiting()
    if status.state == "finished" and not publish and _is_first(config):
        next_step = f"make its model with  KERAS_BACKEND=tensorflow python -m emotion train --publish {run.name}"
    else:
        next_step = f"go on with  python -m emotion train --resume {run.name}"
    click.echo(f"{status.state}: {status.bundle or next_step}")


def _publisher(config: TrainConfig) -> "Publish | None":
    """What makes the bundle in the end; nothing on a machine that keeps no run, nor where Keras can't convert it."""
    from emotion.cnn.making import can_convert
    from emotion.cnn.publish import publish_run

    return publish_run if _is_first(config) and can_convert() else None


def _publish(name: str, averaged: str, by_class: float | None) -> dict[str, Any]:
    import_keras()
    from emotion.cnn.publish import publish_best
    from emotion.cnn.runs import open_run

    return {"bundle": str(publish_best(open_run(name), averaged, by_class))}


def _probe(settings: str, classes: int) -> dict[str, Any]:
    try:
        config = TrainConfig.from_json(json.loads(settings))
    except (ValueError, TypeError, AttributeError) as error:
        raise click.UsageError(f"--probe: expected settings as in a run's config.json ({error}).") from None
    import_keras()
    from emotion.cnn.probe_process import measure

    return measure(config, classes)
