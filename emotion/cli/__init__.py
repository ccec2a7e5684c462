"""The command line: the same engine as the pages."""

import logging
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from emotion.cli.bench import bench
from emotion.cli.common import Group, as_json, say
from emotion.cli.dataset import dataset
from emotion.cnn.config import PRECISIONS, SCHEDULES, TrainConfig

model_option = click.option("--model", help="Name or folder of a bundle  [default: the best that ships]")
images_argument = click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Facial-emotion recognition: data, training, models, detection."""


@main.command()
@click.argument("destination", type=click.Path(path_type=Path))
@click.option("--images", type=int, default=2100, show_default=True, help="How many faces to draw.")
@click.option("--seed", type=int, default=0, show_default=True)
def sample(destination: Path, images: int, seed: int) -> None:
    """Draw the built-in practice set: synthetic faces with seven emotions."""
    from emotion.dataset.sample import write_sample

    click.echo(f"{write_sample(destination, images, seed)}: {images} drawn faces")


@main.command()
@click.option("--data", help="Dataset folder to train on.")
@click.option("--resume", metavar="RUN", help="Go on with a run, given by folder or name.")
@click.option("--name", help="Name of the bundle  [default: the dataset's name with the network's]")
@click.option("--epochs", type=int, default=TrainConfig.epochs, show_default=True)
@click.option("--batch-size", type=int, default=TrainConfig.batch_size, show_default=True)
@click.option("--learning-rate", type=float, default=TrainConfig.learning_rate, show_default=True)
@click.option("--schedule", type=click.Choice(SCHEDULES), default=TrainConfig.schedule, show_default=True)
@click.option("--precision", type=click.Choice(PRECISIONS), default=TrainConfig.precision, show_default=True)
@click.option("--task", default=TrainConfig.task, show_default=True, help="What is told apart: emotion, age, …")
@click.option("--seed", type=int, default=TrainConfig.seed, show_default=True)
def train(data: str | None, resume: str | None, name: str | None, **settings: Any) -> None:
    """Train the deck's CNN and make a model bundle of its best epoch. Ctrl-C stops it; --resume goes on."""
    from emotion.cnn.runs import create_run, open_run

    if (data is None) == (resume is None):
        raise click.UsageError("Expected either --data FOLDER or --resume RUN.")
    if resume:
        run = open_run(resume)
    else:
        from emotion.dataset.folder import open_dataset

        root = open_dataset(str(data)).root
        run = create_run(TrainConfig(str(root), name or f"{root.name}-deck", **settings))
    click.echo(f"run {run.path}")
    _train_here(run)


def _train_here(run: Any) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes about GPUs would hide the epochs.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S")
    from emotion.cnn.workers import take_over

    status = take_over(run)  # Before Keras is imported, which takes a while: whoever watches sees a living worker.
    from emotion.cnn.publish import publish_run
    from emotion.cnn.training import train as work

    status = work(run, status, publish_run)
    click.echo(f"{status.state}: {status.bundle or f'go on with  python -m emotion train --resume {run.name}'}")


@main.command()
@model_option
@click.option("--data", required=True, help="Dataset folder.")
@click.option("--split", default="validation", show_default=True)
@as_json
def evaluate(model: str | None, data: str, split: str, as_json: bool) -> None:
    """Accuracy with its 95 % interval, recall per class and confusion matrix of a model on a dataset."""
    from emotion.cnn.bundle import find_bundle
    from emotion.cnn.classifier import Classifier
    from emotion.cnn.evaluation import evaluate as measure
    from emotion.dataset.folder import open_dataset

    classifier = Classifier(find_bundle(model), threads=os.cpu_count() or 1)
    found = measure(classifier, open_dataset(data), split)
    metric = found.accuracy
    recall = {key: None if math.isnan(share) else share for key, share in found.recall.items()}  # JSON has no NaN.
    report = {**asdict(metric), "recall": recall, "confusion": found.confusion.tolist()}
    line = f"accuracy {metric.value:.2%} (95 % interval {metric.low:.2%} to {metric.high:.2%}) on {metric.n} images"
    shares = [f"{key:>10} {'no images' if share is None else f'{share:.2%}'}" for key, share in recall.items()]
    say(report, as_json, lambda: "\n".join([line, *shares]))


@main.command()
@model_option
@images_argument
@as_json
def predict(model: str | None, images: tuple[Path, ...], as_json: bool) -> None:
    """Find the faces of pictures and say what a model reads in them."""
    from emotion.cnn.bundle import find_bundle
    from emotion.cnn.classifier import Classifier
    from emotion.files import read_image
    from emotion.live.still import read_picture

    classifier = Classifier(find_bundle(model))
    report: list[dict[str, Any]] = [
        {
            "image": str(path),
            "box": None if face.xyxy is None else face.xyxy.tolist(),
            "label": face.prediction.label,
            "probabilities": dict(zip(face.prediction.classes, map(float, face.prediction.probabilities), strict=True)),
        }
        for path in images
        for face in read_picture(read_image(path), classifier)
    ]
    say(report, as_json, lambda: "\n".join(map(_answer_line, report)))


@main.command()
@click.option("--cascade", default="frontalface_default", show_default=True)
@click.option("--scale-factor", type=float, default=1.1, show_default=True)
@click.option("--min-neighbors", type=int, default=5, show_default=True)
@images_argument
@as_json
def detect(cascade: str, scale_factor: float, min_neighbors: int, images: tuple[Path, ...], as_json: bool) -> None:
    """Find faces by Haar cascade; a line a picture, boxes as x0 y0 x1 y1 in pixels."""
    from emotion.files import read_image
    from emotion.haar.detector import FaceDetector

    detector = FaceDetector(cascade, scale_factor, min_neighbors)
    report = {str(path): detector.detect(read_image(path, gray=True)).tolist() for path in images}
    say(report, as_json, lambda: "\n".join(f"{path}: {len(boxes)} {boxes}" for path, boxes in report.items()))


@main.command()
@as_json
def models(as_json: bool) -> None:
    """The model bundles that can be used, the user's and the shipped ones."""
    from emotion.cnn.bundle import scan_bundles

    bundles, problems = scan_bundles()
    for problem in problems:
        click.echo(f"emotion: left out: {problem}", err=True)
    report = [{"path": str(bundle.path), **bundle.card.to_json()} for bundle in bundles]
    say(report, as_json, lambda: "\n".join(_model_line(row) for row in report))


def _answer_line(row: dict[str, Any]) -> str:
    return f"{row['image']}: {row['label']} {row['probabilities'][row['label']]:.1%}"


def _model_line(row: dict[str, Any]) -> str:
    metrics = ", ".join(f"{m['name']} {m['value']:.1%} on {m['split']} (n = {m['n']})" for m in row["metrics"])
    drawn = " [trained on drawn faces]" if row["synthetic"] else ""
    return f"{row['name']}: {row['task']}, {row['architecture']}, {row['parameters']:,} parameters; {metrics}{drawn}"


main.add_command(dataset)
main.add_command(bench)
