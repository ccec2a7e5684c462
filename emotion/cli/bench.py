"""``emotion bench``: measured comparisons, each with a peer in the same run."""

from importlib import import_module
from types import ModuleType

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
    benchmark = _benchmark("dataset")
    report = benchmark.compare(data)
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


@bench.command("train")
@click.option("--data", required=True, help="Dataset folder with a train and a validation split.")
@click.option("--images", type=click.IntRange(64), default=960, show_default=True, help="Training images of an epoch.")
@as_json
def bench_train(data: str, images: int, as_json: bool) -> None:
    """Train the deck's network by a worker; beside a plain script with model.fit on arrays. Takes some minutes.

    Also measured: an evaluation, and how fast the app's server answers while a training is on.
    """
    benchmark = _benchmark("train")
    report = benchmark.compare(data, images)
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


@bench.command("haar")
@as_json
def bench_haar(as_json: bool) -> None:
    """Scan, compute features and boost in the glass box; beside a plain loop, scikit-image and OpenCV."""
    benchmark = _benchmark("haar")
    report = benchmark.compare()
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


@bench.command("live")
@click.option("--clip", "clips", multiple=True, help="A video file to measure on beside the built-in clips.")
@click.option("--photos", help="A zip or folder of photos with boxes.json, to measure recall on.")
@click.option("--model", help="Name or folder of a bundle  [default: the best that ships]")
@click.option("--frames", type=click.IntRange(10), default=300, show_default=True, help="Of each clip.")
@as_json
def bench_live(clips: tuple[str, ...], photos: str | None, model: str | None, frames: int, as_json: bool) -> None:
    """Time a frame from the camera to its drawing; beside the course's own loop on the same clips."""
    benchmark = _benchmark("live")
    report = benchmark.compare(clips, photos, model, frames)
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


@bench.command("browser")
@click.option("--seconds", type=click.FloatRange(1), default=30.0, show_default=True, help="Of each measurement.")
@as_json
def bench_browser(seconds: float, as_json: bool) -> None:
    """Frame rates, answers and memory of the Live page in Chromium; beside a bare video stream. About three minutes."""
    benchmark = _benchmark("browser")
    report = benchmark.compare(seconds)
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


@bench.command("soak")
@click.option("--minutes", type=click.FloatRange(0.1), default=20.0, show_default=True, help="Of the long session.")
@click.option("--cycles", type=click.IntRange(1), default=50, show_default=True, help="Of START and STOP, before it.")
@as_json
def bench_soak(minutes: float, cycles: int, as_json: bool) -> None:
    """Memory, threads and open files that long and many live sessions leave behind; beside a bare video stream."""
    benchmark = _benchmark("soak")
    report = benchmark.compare(minutes, cycles)
    say(report, as_json, lambda: "\n".join(benchmark.lines(report)))


def _benchmark(name: str) -> ModuleType:
    try:
        return import_module(f"benchmarks.{name}")
    except ModuleNotFoundError as error:
        if error.name != "benchmarks":
            raise
        raise UserError("The benchmarks are not installed with the package. Run this in the project folder.") from None
