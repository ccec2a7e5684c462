"""The command line: the same engine as the pages."""

from pathlib import Path
from typing import Any

import click

from emotion.cli.bench import bench
from emotion.cli.common import Group, as_json, say
from emotion.cli.dataset import dataset
from emotion.cli.evaluate import evaluate
from emotion.cli.models import calibrate, export, import_model, models, report, reproduce
from emotion.cli.train import train
from emotion.cli.video import video

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
    from emotion.cli.detect import find_faces
    from emotion.haar.detector import FaceDetector

    detector = FaceDetector(cascade, scale_factor, min_neighbors)
    report = {str(path): find_faces(detector, path).tolist() for path in images}
    say(report, as_json, lambda: "\n".join(f"{path}: {len(boxes)} {boxes}" for path, boxes in report.items()))


def _answer_line(row: dict[str, Any]) -> str:
    return f"{row['image']}: {row['label']} {row['probabilities'][row['label']]:.1%}"


main.add_command(dataset)
main.add_command(bench)
main.add_command(evaluate)
main.add_command(train)
main.add_command(video)
for command in (models, export, import_model, calibrate, reproduce, report):
    main.add_command(command)
