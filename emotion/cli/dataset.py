"""``emotion dataset``: look at dataset folders, bring some in, let the doctor see them."""

from pathlib import Path
from typing import Any

import click

from emotion.cli.common import as_json, counter, say


@click.group()
def dataset() -> None:
    """Look at dataset folders, import and download them, examine them."""


folder_argument = click.argument("folder")


@dataset.command()
@folder_argument
@as_json
def info(folder: str, as_json: bool) -> None:
    """Classes, splits and counts of a dataset folder."""
    from emotion.dataset.folder import open_dataset

    opened = open_dataset(folder)
    counts = {split: dict(zip(opened.classes, n.tolist(), strict=True)) for split, n in opened.counts().items()}
    report = {"root": str(opened.root), "title": opened.title, "synthetic": opened.synthetic, "counts": counts}
    say(report, as_json, lambda: "\n".join(f"{split}: {n}" for split, n in counts.items()))


@dataset.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--name", help="Name of the new dataset (UTKFace makes two, age and gender)  [default: the source's]")
@as_json
def import_(source: Path, name: str | None, as_json: bool) -> None:
    """Take in a zip of image folders, FER2013 as a csv, or UTKFace files, into the app's data folder."""
    from emotion.dataset.importers import free_name, import_any
    from emotion.homes import datasets_folder

    folder = datasets_folder()
    taken = import_any(source, free_name(folder, name or source.stem), folder, counter("imported"))
    _say_imported(taken, as_json)


@dataset.command()
@click.argument("handle")
@click.option("--name", help="Name of the new dataset  [default: the handle's]")
@as_json
def fetch(handle: str, name: str | None, as_json: bool) -> None:
    """Download a dataset from Kaggle by its handle, owner/name."""
    from emotion.dataset.importers import free_name
    from emotion.dataset.importers.kaggle import fetch_kaggle
    from emotion.homes import datasets_folder

    folder = datasets_folder()
    destination = folder / free_name(folder, name or handle.rstrip("/").split("/")[-1])
    _say_imported((fetch_kaggle(handle, destination, counter("downloaded")),), as_json)


@dataset.command()
@folder_argument
@click.argument("csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def votes(folder: str, csv: Path) -> None:
    """Attach FER+ votes (fer2013new.csv, or a csv with the column "file") to a dataset folder."""
    from emotion.dataset.folder import open_dataset
    from emotion.dataset.importers.votes import attach_votes

    attached = attach_votes(open_dataset(folder), csv)
    click.echo(f"votes attached to {attached.found.sum()} of {len(attached.found)} images")


@dataset.command()
@folder_argument
@click.option("--near", type=click.IntRange(0, 8), help="Bits that near duplicates may differ in.")
@click.option("--labels", is_flag=True, help="Also look for wrong labels, which takes a while.")
@click.option("--model", help="Bundle that judges the labels  [default: a quick classifier on gradients]")
@click.option("--clean", metavar="NAME", help="Also write a clean copy of that name into the app's data folder.")
@click.option(
    "--rule",
    "rules",
    multiple=True,
    help="A finding that the clean copy leaves out; repeat for more  [default: unreadable, blank and exact copies]",
)
@as_json
def doctor(
    folder: str,
    near: int | None,
    labels: bool,
    model: str | None,
    clean: str | None,
    rules: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look for unreadable, odd, blank, dark, bright and blurred images, duplicates, leaks and conflicting labels.

    The report of the Dataset page. FER+ votes count where they are attached.
    """
    from emotion.dataset.doctor import FINDINGS, Thresholds, examine
    from emotion.dataset.folder import open_dataset

    if rules and not clean:
        raise click.UsageError("--rule goes with --clean NAME.")
    opened = open_dataset(folder)
    thresholds = Thresholds() if near is None else Thresholds(near=near)
    report = examine(opened, thresholds, progress=counter("examined"))
    if labels or model:
        from emotion.cnn.bundle import find_bundle
        from emotion.cnn.judge import doubtful_labels

        bundle = find_bundle(model) if model else None
        report = report.adding(doubtful_labels(opened, report, bundle, counter("asked about")))
    found = {key: len(finding.rows) for key, finding in report.findings.items()}
    say(
        report.to_json(opened),
        as_json,
        lambda: "\n".join(f"{found[key]:>8,}  {FINDINGS[key].title} ({key})" for key in found),
    )
    if clean:
        _clean(opened, report, clean, rules)


def _clean(opened: Any, report: Any, name: str, rules: tuple[str, ...]) -> None:
    from emotion.dataset.clean import DEFAULT_RULES, write_clean
    from emotion.dataset.importers import free_name
    from emotion.homes import datasets_folder

    destination = datasets_folder() / free_name(datasets_folder(), name)
    written = write_clean(opened, report, rules or DEFAULT_RULES, destination, counter("copied"))
    click.echo(f"{written.root}: {len(written.everything.paths)} images", err=True)


def _say_imported(taken: tuple[Any, ...], as_json: bool) -> None:
    report = [
        {
            "root": str(one.root),
            "images": {split: len(part.paths) for split, part in one.splits.items()},
            "left_out": [list(pair) for pair in one.left_out],
        }
        for one in taken
    ]
    say(report, as_json, lambda: "\n".join(map(_import_line, report)))


def _import_line(row: dict[str, Any]) -> str:
    return f"{row['root']}: {sum(row['images'].values())} images, {len(row['left_out'])} files left out"
