"""``emotion predict``: what one or several models read in the faces of photos."""

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from emotion.cli.common import as_json, classifiers_of, models_option, path_argument, say
from emotion.errors import UserError


@click.command()
@models_option
@click.option("--csv", "table", type=path_argument, help="A row for each face, with every probability.")
@click.argument("images", nargs=-1, required=True, type=path_argument)
@as_json
def predict(models: tuple[str, ...], table: Path | None, images: tuple[Path, ...], as_json: bool) -> None:
    """Find the faces of pictures and say what each model reads in them.

    As on the pages, a photo's longer side is reduced to 1280 pixels. A picture that can't be read is named, the others
    are answered, and the exit code is 2.
    """
    from emotion.haar.photos import LONGEST, read_scaled
    from emotion.live.log import SessionLog
    from emotion.live.still import read_faces

    classifiers, rows, log, unreadable = classifiers_of(models), [], SessionLog("image"), 0
    for path in images:
        try:
            photo = read_scaled(path, LONGEST)
            faces, whole = read_faces(photo.bgr, classifiers)
        except UserError as error:
            click.echo(f"emotion: {error}", err=True)
            unreadable += 1
            continue
        faces = tuple(replace(face, xyxy=face.xyxy * photo.scale) for face in faces)
        rows += [_row(path, face, whole) for face in faces]
        log.add_picture(str(path), faces)
    if rows:
        say(rows, as_json, lambda: "\n".join(_lines(rows)))
    if table and rows:
        log.write_csv(table)
        if log.left_out:
            click.echo(f"emotion: {log.left_out:,} more rows found no room in the table", err=True)
    if unreadable or (table and log.left_out):
        raise SystemExit(2)


def _row(path: Path, face: Any, whole: bool) -> dict[str, Any]:
    """A face for programs: the first model's answer, and every model's by its name."""
    answers = {name: _answer(prediction) for name, prediction in face.predictions.items()}
    box = None if whole else face.xyxy.tolist()
    return {"image": str(path), "box": box, **next(iter(answers.values())), "models": answers}


def _answer(prediction: Any) -> dict[str, Any]:
    years = {} if prediction.age is None else {"years": prediction.age}
    shares = dict(zip(prediction.classes, map(float, prediction.probabilities), strict=True))
    return {"label": prediction.label, "probabilities": shares, **years}


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    """One line for one answer, else a table: a line a face, a column a model."""
    models = list(rows[0]["models"])
    if len(rows) == len(models) == 1:
        return [f"{rows[0]['image']}: {_short(rows[0])}"]
    cells = [["image", *models]] + [[row["image"], *(_short(row["models"][name]) for name in models)] for row in rows]
    widths = [max(_width(line[column]) for line in cells) for column in range(len(cells[0]))]
    return ["  ".join(map(_filled, line, widths)).rstrip() for line in cells]


def _short(answer: dict[str, Any]) -> str:
    share = f"{answer['label']} {answer['probabilities'][answer['label']]:.1%}"
    return f"{share}, {answer['years']:.0f} years" if "years" in answer else share


def _filled(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns of a terminal: Hangul takes two each."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
