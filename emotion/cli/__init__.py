"""The command line: the same engine as the pages."""

from pathlib import Path

import click

from emotion.cli.bench import bench
from emotion.cli.common import Group, as_json, path_argument, say
from emotion.cli.dataset import dataset
from emotion.cli.evaluate import evaluate
from emotion.cli.models import calibrate, export, import_model, models, report, reproduce
from emotion.cli.predict import predict
from emotion.cli.train import train
from emotion.cli.video import video

images_argument = click.argument("images", nargs=-1, required=True, type=path_argument)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Facial-emotion recognition: data, training, models, detection."""


@main.command()
@click.argument("destination", type=path_argument)
@click.option("--images", type=int, default=2100, show_default=True, help="How many faces to draw.")
@click.option("--seed", type=int, default=0, show_default=True)
def sample(destination: Path, images: int, seed: int) -> None:
    """Draw the built-in practice set: synthetic faces with seven emotions."""
    from emotion.dataset.sample import write_sample

    click.echo(f"{write_sample(destination, images, seed)}: {images} drawn faces")


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


main.add_command(dataset)
main.add_command(bench)
main.add_command(evaluate)
main.add_command(predict)
main.add_command(train)
main.add_command(video)
for command in (models, export, import_model, calibrate, reproduce, report):
    main.add_command(command)
