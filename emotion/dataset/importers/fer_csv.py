"""FER2013 as Kaggle's competition gives it: one row of numbers a face (I. Goodfellow et al., ICONIP 2013)."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.making import Source, finished, new_dataset_folder, opened, paced, size_of, source_name
from emotion.dataset.splits import ALIASES
from emotion.errors import UserError
from emotion.files import write_image
from emotion.i18n import N_
from emotion.jobs import Progress

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The csv's own order, which is not the alphabetical one of folders."""
TITLE = "FER2013"
TERMS = N_("FER2013: for research and education.")

_LONGEST_LINE = 2**17
"""Characters; a face of 48×48 has 9,000 at most, and a file without line ends would be one line of gigabytes."""
_PIXELS = {str(value): value for value in range(256)}
"""A look-up is twice as fast as int(), and as strict as can be."""


class _Columns(NamedTuple):
    """Positions in a row and its width; ``usage`` is None in a file of training images alone."""

    emotion: int
    pixels: int
    usage: int | None
    width: int


class _Line(NamedTuple):
    """Where a row stands, for sentences: the file's name and the number of the line."""

    file: str
    line: int


class _Face(NamedTuple):
    """A row: the folder of its split and class, and ``gray`` uint8 (H, H)."""

    folder: str
    gray: np.ndarray


def import_fer_csv(source: Source, destination: Path, progress: Progress | None = None) -> Dataset:
    """Write the faces of ``fer2013.csv``, ``icml_face_data.csv`` or ``train.csv`` to ``destination`` as PNG files.

    They are named ``fer0000000.png`` by the number of their row, as in FER+, so that its votes find them. Training,
    PublicTest and PrivateTest become train, validation and test; without the column ``Usage`` there are class folders
    alone. ``progress`` is told (bytes, bytes in all). Raises UserError, with the number of the line, for anything that
    is not as it should be, and for a ``destination`` that exists or can't be written.
    """
    name, tell = source_name(source), paced(progress)
    with opened(source) as file, _text(file) as text, new_dataset_folder(destination) as folder:
        size = size_of(file)
        made: set[str] = set()
        for row, face in enumerate(_faces(text, name)):
            if face.folder not in made:
                (folder / face.folder).mkdir(parents=True)
                made.add(face.folder)
            write_image(folder / face.folder / f"fer{row:07d}.png", face.gray)
            tell(file.tell(), size)
        return finished(folder, destination, name, {"title": TITLE, "terms": TERMS})


@contextmanager
def _text(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        yield text
    finally:
        text.detach()  # Else the source would be closed with it.


def _faces(text: io.TextIOWrapper, name: str) -> Iterator[_Face]:
    rows = _rows(text, name)
    header, _ = next(rows, ([], None))
    columns, side = _columns(header, name), 0
    for row, at in rows:
        if len(row) != columns.width:
            raise UserError(
                "{file}, line {line}: expected {expected} columns, found {found}. Download the file again.",
                **at._asdict(),
                expected=columns.width,
                found=len(row),
            )
        gray = _gray(row[columns.pixels], side, at)
        side = len(gray)
        usage = "" if columns.usage is None else _split(row[columns.usage], at)
        yield _Face(usage + _label(row[columns.emotion], at), gray)
    if not side:
        raise UserError("{file} holds no faces. Choose fer2013.csv, icml_face_data.csv or train.csv.", file=name)


def _rows(text: io.TextIOWrapper, name: str) -> Iterator[tuple[list[str], _Line]]:
    """The rows that are not blank, as they are read: the whole file would take gigabytes."""
    reader = csv.reader(_lines(text))
    try:
        for row in reader:
            if row:
                yield row, _Line(name, reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            "{file} is no csv in UTF-8: reading stopped after line {line} ({reason}). Choose a csv from Kaggle.",
            file=name,
            line=reader.line_num,
            reason=error,
        ) from None


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    for line in iter(partial(text.readline, _LONGEST_LINE), ""):
        if len(line) == _LONGEST_LINE:
            raise csv.Error("the line is too long")
        yield line


def _columns(header: Sequence[str], name: str) -> _Columns:
    names = [cell.strip().lower() for cell in header]  # icml_face_data.csv has blanks in its header.
    if "emotion" not in names or "pixels" not in names:
        raise UserError(
            "{file} has no columns “emotion” and “pixels” in its first line. Choose fer2013.csv, icml_face_data.csv or "
            "train.csv.",
            file=name,
        )
    usage = names.index("usage") if "usage" in names else None
    return _Columns(names.index("emotion"), names.index("pixels"), usage, len(names))


def _gray(pixels: str, side: int, at: _Line) -> np.ndarray:
    """The picture of a row; ``side`` is that of the rows before, 0 in the first."""
    words = pixels.split()
    expected = side or math.isqrt(len(words))
    if not words or len(words) != expected**2:
        raise UserError(
            "{file}, line {line}: {found} pixels are no square of {side} × {side}. Download the file again.",
            **at._asdict(),
            found=len(words),
            side=side or 48,
        )
    try:
        values = bytes(map(_PIXELS.__getitem__, words))
    except KeyError as error:
        raise UserError(
            "{file}, line {line}: “{found}” is no pixel. Expected whole numbers from 0 to 255.",
            **at._asdict(),
            found=error.args[0][:20],
        ) from None
    return np.frombuffer(values, np.uint8).reshape(expected, expected)


def _label(text: str, at: _Line) -> str:
    numbers = {str(number): label for number, label in enumerate(LABELS)}
    if text.strip() not in numbers:
        raise UserError(
            "{file}, line {line}: “{found}” is no emotion. Expected a number from 0 (angry) to 6 (neutral).",
            **at._asdict(),
            found=text[:20],
        )
    return numbers[text.strip()]


def _split(text: str, at: _Line) -> str:
    split = ALIASES.get(text.strip().lower())
    if split is None:
        raise UserError(
            "{file}, line {line}: “{found}” is no usage. Expected Training, PublicTest or PrivateTest.",
            **at._asdict(),
            found=text[:20],
        )
    return f"{split}/"
