"""The log of a session, or of photos: a row for each face, with its box and every probability, for a spreadsheet."""

import csv
import io
import os
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from emotion.files import file_in_the_making
from emotion.live.faces import Face, FrameResult
from emotion.names import cell

_BOX = ("face", "left", "top", "right", "bottom")
ROWS_AT_MOST = 500_000
"""What a spreadsheet still opens; more rows are counted, not kept."""


class SessionLog:
    """Collects rows in a temporary file that nobody else can open; it goes with the log, or by ``close()``.

    One thread at a time. Which models are asked may change on the way: a model's columns stand in the order in which
    it first answered. ``first`` is the head of the first column, which says where the faces were seen. Rows for which
    there is no room, on the disk or in a spreadsheet, are counted in ``left_out``. OSError where there can be no file.
    """

    def __init__(self, first: str = "seconds") -> None:
        self._head = (first, *_BOX)
        self.rows = 0
        self.left_out = 0
        self._columns: dict[tuple[str, str], int] = {}
        # Unbuffered: what has found no room on the disk must not wait to be written again.
        self._file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115  # It lives as long as we.
        self._size = 0
        self.close = weakref.finalize(self, self._file.close)

    def add(self, result: FrameResult, seconds: float) -> None:
        """Note the faces of a frame at its time."""
        for face in result.faces:
            self._keep([f"{seconds:.3f}", face.track_id, *_box(face), *self._row(face)])

    def add_picture(self, name: str, faces: Sequence[Face]) -> None:
        """Note the faces of a picture, counted from 0; one without a face has a row that says no more than its name."""
        for number, face in enumerate(faces):
            self._keep([cell(name), number, *_box(face), *self._row(face)])
        if not faces:
            self._keep([cell(name)])

    def _keep(self, row: list[object]) -> None:
        if self.rows >= ROWS_AT_MOST or not self._written(row):
            self.left_out += 1
        else:
            self.rows += 1

    def _written(self, row: list[object]) -> bool:
        """Write a row; False, and nothing of it is left, where the disk is full."""
        line = io.StringIO(newline="")
        csv.writer(line).writerow(row)
        data = line.getvalue().encode()
        with suppress(OSError):
            if self._file.write(data) == len(data):
                self._size += len(data)
                return True
        self._file.seek(self._size)
        self._file.truncate()
        return False

    def _row(self, face: Face) -> list[str]:
        values: dict[int, str] = {}
        for name, prediction in face.predictions.items():
            for key, probability in zip(prediction.classes, prediction.probabilities, strict=True):
                values[self._columns.setdefault((name, key), len(self._columns))] = f"{probability:.4f}"
            if prediction.age is not None:
                values[self._columns.setdefault((name, "years"), len(self._columns))] = f"{prediction.age:.1f}"
        return [values.get(place, "") for place in range(len(self._columns))]

    def write(self, file: IO[str]) -> None:
        """Write the table into a text file, its head first; every row as long as the head."""
        writer = csv.writer(file)
        writer.writerow([*self._head, *(cell(f"{name}: {key}") for name, key in self._columns)])
        self._file.seek(0)
        width = len(self._head) + len(self._columns)
        with open(os.dup(self._file.fileno()), encoding="utf-8", newline="") as kept:
            for row in csv.reader(kept):
                writer.writerow(row + [""] * (width - len(row)))
        self._file.seek(self._size)

    def data(self) -> bytes:
        """The table as a CSV file: UTF-8 with the mark by which spreadsheets know it."""
        text = io.StringIO(newline="")
        self.write(text)
        return text.getvalue().encode("utf-8-sig")

    def write_csv(self, path: Path) -> None:
        """Write the table as such a file, whole or not at all."""
        with file_in_the_making(path) as hidden, hidden.open("w", encoding="utf-8-sig", newline="") as file:
            self.write(file)


def _box(face: Face) -> list[str]:
    return [f"{value:.1f}" for value in face.xyxy]
