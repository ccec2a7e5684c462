"""The session log: a row for each face of each frame, with its box and every probability, for a spreadsheet."""

import csv
import io
import tempfile
import weakref
from pathlib import Path
from typing import IO

from emotion.files import file_in_the_making
from emotion.live.faces import Face, FrameResult
from emotion.names import cell

_FIRST = ("seconds", "face", "left", "top", "right", "bottom")
ROWS_AT_MOST = 500_000
"""What a spreadsheet still opens; more rows are counted, not kept."""


class SessionLog:
    """Collects rows in a temporary file that nobody else can open; it goes with the log, or by ``close()``.

    One thread at a time. Which models are asked may change on the way: a model's columns stand in the order in which
    it first answered.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.left_out = 0
        self._columns: dict[tuple[str, str], int] = {}
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115  # It lives as long as we.
        self.close = weakref.finalize(self, self._file.close)
        self._writer = csv.writer(self._file)

    def add(self, result: FrameResult, seconds: float) -> None:
        """Note the faces of a frame at its time."""
        for face in result.faces:
            if self.rows >= ROWS_AT_MOST:
                self.left_out += 1
                continue
            self._writer.writerow([f"{seconds:.3f}", face.track_id, *(f"{v:.1f}" for v in face.xyxy), *self._row(face)])
            self.rows += 1

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
        writer.writerow([*_FIRST, *(cell(f"{name}: {key}") for name, key in self._columns)])
        self._file.seek(0)
        width = len(_FIRST) + len(self._columns)
        for row in csv.reader(self._file):
            writer.writerow(row + [""] * (width - len(row)))
        self._file.seek(0, io.SEEK_END)

    def data(self) -> bytes:
        """The table as a CSV file: UTF-8 with the mark by which spreadsheets know it."""
        text = io.StringIO(newline="")
        self.write(text)
        return text.getvalue().encode("utf-8-sig")

    def write_csv(self, path: Path) -> None:
        """Write the table as such a file, whole or not at all."""
        with file_in_the_making(path) as hidden, hidden.open("w", encoding="utf-8-sig", newline="") as file:
            self.write(file)
