"""``emotion models``, ``export``, ``import-model``, ``reproduce``, ``report``: bundles and runs, in and out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from emotion.cli.common import as_json, by_class, counter, for_programs, path_argument, say
from emotion.cnn.formats import FORMATS, SCALINGS
from emotion.cnn.whole_model import SUFFIXES
from emotion.errors import UserError
from emotion.i18n import LANGUAGES


@click.command()
@as_json
def models(as_json: bool) -> None:
    """The model bundles that can be used, the user's and the shipped ones."""
    from emotion.cnn.bundle import scan_bundles

    bundles, problems = scan_bundles()
    for problem in problems:
        click.echo(f"emotion: left out: {problem}", err=True)
    report = [{"path": str(bundle.path), **bundle.card.to_json()} for bundle in bundles]
    say(report, as_json, lambda: "\n".join(_model_line(row) for row in report))


@click.command()
@click.argument("model")
@click.option("--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, help="Repeat for more in a zip.")
@click.option("--out", required=True, type=path_argument, help="The file; one that ends in .zip holds the bundle too.")
@as_json
def export(model: str, formats: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Write a model in other programs' formats, each loaded again and compared on 256 images.

    To a .zip go all formats unless some are named, with the whole bundle, which import-model takes in elsewhere.
    """
    zipped = out.suffix.lower() == ".zip"
    if not zipped and len(formats) != 1:
        raise click.UsageError("Expected one --format for a file, or an --out that ends in .zip.")
    with for_programs(as_json):
        from emotion.cnn.bundle import find_bundle
        from emotion.cnn.export import export_bundle, export_zip

        bundle = find_bundle(model)
        if zipped:
            proofs = export_zip(bundle, out, formats or tuple(FORMATS), counter("formats", as_json))
        else:
            proofs = (export_bundle(bundle, formats[0], out),)
    report = [proof.to_json() for proof in proofs]
    say(report, as_json, lambda: "\n".join(map(_proof_line, report)))


@click.command("import-model")
@click.argument("files", nargs=-1, required=True, type=path_argument)
@click.option("--classes", help="Names in the order of the network's outputs, with commas.")
@click.option("--scaling", type=click.Choice(SCALINGS), default=SCALINGS[0], show_default=True, help="Of its input.")
@click.option("--name", default="", help="Name of the bundle  [default: the file's]")
@click.option("--task", default="", help="What is told apart: emotion, age, …  [default: by the classes]")
@click.option("--data", help="Dataset folder whose validation split the bundle is measured on.")
@as_json
def import_model(
    files: tuple[Path, ...], classes: str | None, scaling: str, name: str, task: str, data: str | None, as_json: bool
) -> None:
    """Take in a bundle's zip from another computer, or a network of Keras'.

    That is a model.json and its .h5 weights, or one .keras or .h5 file as model.save writes it.
    """
    with for_programs(as_json):
        if len(files) == 1 and files[0].suffix.lower() not in SUFFIXES:
            from emotion.cnn.importing import import_bundle_zip

            bundle = import_bundle_zip(files[0], name)
        else:
            network, weights = (files[0], None) if len(files) == 1 else _pair(files)
            from emotion.cnn.model_files import import_model_files
            from emotion.dataset.folder import open_dataset

            named = tuple(key.strip() for key in (classes or "").split(",") if key.strip())
            dataset = open_dataset(data) if data else None
            bundle = import_model_files(network, weights, named, scaling, name, task, dataset)
    report = {"path": str(bundle.path), **bundle.card.to_json()}
    say(report, as_json, lambda: _model_line(report))


@click.command()
@click.argument("bundle")
@click.option("--data", required=True, help="A dataset folder whose validation split it was not trained on.")
@by_class
@as_json
def calibrate(bundle: str, data: str, by_class: float | None, as_json: bool) -> None:
    """Make a model as sure as it is right, by a temperature that is folded into it, and measure it anew.

    Of a model that is not among your own, as those that ship, a copy is made.
    """
    with for_programs(as_json):
        from emotion.cnn.bundle import find_bundle
        from emotion.cnn.recalibrate import calibrate_bundle
        from emotion.dataset.folder import open_dataset

        made = calibrate_bundle(find_bundle(bundle), open_dataset(data), by_class)
    report = {"path": str(made.path), **made.card.to_json()}
    measured = made.card.measured
    say(
        report,
        as_json,
        lambda: (
            f"{made.path}: temperature {measured['temperature']:.3f}, calibration error "
            f"{measured['calibration_error']:.2%}"
        ),
    )


@click.command()
@click.argument("bundle")
@click.option("--data", required=True, help="The dataset folder that it was trained on.")
@as_json
def reproduce(bundle: str, data: str, as_json: bool) -> None:
    """Train a model again as its card says, and say how far the result differs."""
    with for_programs(as_json):
        from emotion.cnn.bundle import find_bundle
        from emotion.cnn.reproduce import differences
        from emotion.cnn.reproduce import reproduce as repeat
        from emotion.cnn.workers import starts_at_once
        from emotion.dataset.folder import open_dataset

        original, dataset = find_bundle(bundle), open_dataset(data)
        for found in differences(original.card, dataset):
            click.echo(f"differs: {found.what}: {found.then} then, {found.now} now", err=True)
        if not starts_at_once():
            click.echo("waits its turn: something else is being trained", err=True)
        result = repeat(original, dataset, counter("epochs"))
    report = result.to_json()
    say(report, as_json, lambda: "\n".join(_reproduction_lines(report)))


@click.command()
@click.argument("run")
@click.option("--out", type=path_argument, default=Path("report.html"), show_default=True)
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
def report(run: str, out: Path, language: str) -> None:
    """Write a run as one printable page: settings, data, curves, confusion matrix, mistakes, the command, notes."""
    from emotion.cnn.report import write_report
    from emotion.cnn.runs import open_run

    click.echo(write_report(open_run(run), out, language, counter("images")))


def _pair(files: tuple[Path, ...]) -> tuple[Path, Path]:
    networks = [path for path in files if path.suffix.lower() == ".json"]
    if len(files) != 2 or len(networks) != 1:
        raise UserError(
            "Expected one zip of a bundle, one .keras, or a network's .json and its .h5 weights; found {found}.",
            found=", ".join(path.name for path in files),
        )
    return networks[0], next(path for path in files if path != networks[0])


def _proof_line(row: dict[str, Any]) -> str:
    difference = f"largest difference {row['largest_difference']:.2g} on {row['n']} images"
    return f"{row['format']:15} {row['file']:22} {row['bytes'] / 1e6:6.1f} MB  {difference}"


def _reproduction_lines(report: dict[str, Any]) -> Iterator[str]:
    if stated := report["stated"]:
        yield f"stated   {stated['value']:.2%} ({stated['low']:.2%} to {stated['high']:.2%}) on {stated['n']} images"
    for name in ("original", "repeated"):
        metric = report[f"{name}_accuracy"]
        yield f"{name} {metric['value']:.2%} ({metric['low']:.2%} to {metric['high']:.2%}) on {metric['n']} images"
    yield f"same answer to {report['agreement']:.2%} of the images; McNemar's p = {report['mcnemar_p']:.3f}"
    yield f"the repeated model: {report['repeated']}"


def _model_line(row: dict[str, Any]) -> str:
    metrics = ", ".join(f"{m['name']} {m['value']:.1%} on {m['split']} (n = {m['n']})" for m in row["metrics"])
    drawn = " [trained on drawn faces]" if row["synthetic"] else ""
    line = f"{row['name']}: {row['task']}, {row['architecture']}, {row['parameters']:,} parameters"
    return f"{line}; {metrics or 'not measured'}{drawn}"
