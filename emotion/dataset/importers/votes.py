"""FER+: ten taggers voted on every FER2013 image (E. Barsoum et al., ICMI 2016). Votes go with an open dataset."""

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.making import Source, opened, source_name
from emotion.errors import UserError
from emotion.files import write_atomic, writing
from emotion.homes import home

COLUMNS = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF",
)  # fmt: skip
"""What a tagger could say; NF is “no face”."""
_FILE_COLUMNS = ("file", "image name")
CLASS_OF = {"happiness": "happy", "sadness": "sad", "anger": "angry"}
"""FER+ name → class key, where they differ."""
_MOST = 999
_NUMBERS = {str(number): number for number in range(_MOST + 1)}
"""A look-up is twice as fast as int(), and as strict as can be."""


@dataclass(frozen=True)
class Votes:
    """Votes for each file of ``Dataset.everything``: ``counts`` int16 (N, 10) in the order of ``COLUMNS``."""

    counts: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Which files have votes at all, bool (N,)."""
        return np.asarray(self.counts.any(axis=1))

    def emotions(self, classes: Sequence[str]) -> np.ndarray:
        """The counts in the order of a dataset's ``classes``, float32 (N, K); none for a class FER+ does not know."""
        columns = _positions(classes)
        known = self.counts[:, [max(column, 0) for column in columns]]
        return np.where(np.array(columns) >= 0, known, 0).astype(np.float32)

    def majority(self, classes: Sequence[str], clear: bool = False) -> np.ndarray:
        """The class with more votes than any of the other nine columns, int64 (N,); if ``clear``, with more than half.

        −1 where there is no such column (no votes, or a tie), and where it is none of ``classes``.
        """
        most = self.counts.max(axis=1, initial=0)
        single = (self.counts == most[:, None]).sum(axis=1) == 1
        if clear:
            single &= 2 * most > self.counts.sum(axis=1)
        class_of = np.full(len(COLUMNS), -1, np.int64)
        for position, column in enumerate(_positions(classes)):
            if column >= 0:
                class_of[column] = position
        return np.where(single, class_of[self.counts.argmax(axis=1)], -1)

    def disagreeing(self, labels: np.ndarray, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Rows where something else has more votes than the label, int64 (M,), and the label's share, float32 (M,).

        The smallest share first. ``labels`` int64 (N,) are positions in ``classes``; a class that FER+ does not know is
        never disagreed with.
        """
        known = np.array(_positions(classes))[labels] >= 0
        own = self.emotions(classes)[np.arange(len(labels)), labels]
        rows = np.flatnonzero(known & (own < self.counts.max(axis=1, initial=0)))
        shares = (own[rows] / self.counts[rows].sum(axis=1)).astype(np.float32)
        order = np.argsort(shares, kind="stable")
        return rows[order], shares[order]


def attach_votes(dataset: Dataset, source: Source) -> Votes:
    """Read FER+ votes for a dataset, and keep a copy under ``EMOTION_HOME``: the dataset's own folder stays as it is.

    ``source`` is ``fer2013new.csv``, or a csv with the columns ``file``, ``neutral`` … ``NF``. A row belongs to the
    file with its path below the dataset's root, else to the only one with its file name. Raises UserError for a csv
    that is not so, and where no row belongs to any file.
    """
    name = source_name(source)
    if dataset.synthetic:
        raise UserError("{title} holds drawn faces, on which nobody voted. Open FER2013 first.", title=dataset.title)
    with opened(source) as file:
        data = file.read()
    votes = Votes(_counts(dataset, _parse(data, name)))
    if not votes.found.any():
        raise UserError(
            "{file} has no votes for any image of {title}. Attach them to FER2013 with its files named as in the csv.",
            file=name,
            title=dataset.title,
        )
    path = _path(dataset.root)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    return votes


def votes_of(dataset: Dataset) -> Votes | None:
    """The votes attached to a dataset; None where there are none, or none any more for the files it has now.

    Raises UserError where the copy is damaged.
    """
    path = _path(dataset.root)
    if not path.exists():
        return None
    with opened(path) as file:
        votes = Votes(_counts(dataset, _parse(file.read(), str(path))))
    return votes if votes.found.any() else None


def votes_stamp(dataset: Dataset) -> int:
    """When votes were attached last, in ns; 0 where there are none: another stamp, other votes."""
    path = _path(dataset.root)
    return path.stat().st_mtime_ns if path.exists() else 0


def detach_votes(root: Path) -> None:
    """Forget the votes of the dataset in ``root``, if it has any."""
    with writing(_path(root)):
        _path(root).unlink(missing_ok=True)


def carry_votes(dataset: Dataset, copy: Dataset, rows: Mapping[str, int]) -> None:
    """Attach the votes of a dataset, if it has any, to a copy of it.

    ``rows`` has for each path in the copy the file's row in ``dataset.everything``.
    """
    votes = votes_of(dataset)
    if votes is None:
        return
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(["file", *COLUMNS])
    table.writerows([path, *votes.counts[row].tolist()] for path, row in rows.items() if votes.found[row])
    with writing(_path(copy.root)):
        write_atomic(_path(copy.root), text.getvalue())


def _path(root: Path) -> Path:
    return home() / "votes" / f"{hashlib.blake2b(os.fsencode(root), digest_size=16).hexdigest()}.csv"


def _positions(classes: Sequence[str]) -> list[int]:
    """The column of each class, −1 where FER+ has none."""
    names = [CLASS_OF.get(column, column) for column in COLUMNS]
    return [names.index(key.lower()) if key.lower() in names else -1 for key in classes]


@dataclass(frozen=True)
class _Rows:
    """The rows of a csv that name a file: the ``names``, "/" in them, and ``counts`` int16 (R, 10)."""

    names: list[str]
    counts: np.ndarray


def _parse(data: bytes, name: str) -> _Rows:
    names: list[str] = []
    counts: list[list[int]] = []
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header: list[str] = next(reader, [])
        file_column, pick = _header(header, name)
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise UserError(
                    "{file}, line {line}: expected {expected} columns, found {found}. Download the file again.",
                    file=name,
                    line=reader.line_num,
                    expected=len(header),
                    found=len(row),
                )
            if row[file_column]:  # fer2013new.csv has no name where the image was taken out.
                names.append(row[file_column].strip().replace("\\", "/"))
                counts.append([_NUMBERS[cell] for cell in pick(row)])
    except KeyError as error:
        raise UserError(
            "{file}, line {line}: “{found}” is no number of votes. Expected whole numbers from 0 to {most}.",
            file=name,
            line=reader.line_num,
            found=error.args[0][:20],
            most=_MOST,
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            "{file} is no csv in UTF-8 ({reason}). Choose fer2013new.csv.", file=name, reason=error
        ) from None
    return _Rows(names, np.array(counts, np.int16).reshape(-1, len(COLUMNS)))


def _header(header: Sequence[str], name: str) -> tuple[int, Callable[[list[str]], tuple[str, ...]]]:
    """Where a row has its file, and what picks its ten counts."""
    names = [cell.strip().lower() for cell in header]
    files = [names.index(column) for column in _FILE_COLUMNS if column in names]
    missing = [column for column in COLUMNS if column.lower() not in names]
    if missing or not files:
        raise UserError(
            "{file} is no list of FER+ votes: its first line lacks {missing}. Choose fer2013new.csv, or a csv with the "
            "columns file, {columns}.",
            file=name,
            missing=", ".join([*missing, *([] if files else ["Image name"])]),
            columns=", ".join(COLUMNS),
        )
    return files[0], itemgetter(*(names.index(column.lower()) for column in COLUMNS))


def _counts(dataset: Dataset, rows: _Rows) -> np.ndarray:
    """The counts for each file of ``dataset.everything``, int16 (N, 10), zeros where no row belongs to it."""
    paths = dataset.everything.paths
    row_of = dict(zip(rows.names, range(len(rows.names)), strict=True))
    matched = {number: row_of[path] for number, path in enumerate(paths) if path in row_of}
    if len(matched) < len(row_of):
        matched |= _by_name(paths, rows.names, matched)
    counts = np.zeros((len(paths), len(COLUMNS)), np.int16)
    counts[list(matched)] = rows.counts[list(matched.values())]
    return counts


def _by_name(paths: Sequence[str], names: Sequence[str], matched: dict[int, int]) -> dict[int, int]:
    """File → row, for what the paths have not brought together, by file names that are there only once on each side."""
    used = set(matched.values())
    files = _single((number, path) for number, path in enumerate(paths))
    found = _single((row, name) for row, name in enumerate(names) if row not in used)
    return {files[name]: row for name, row in found.items() if name in files and files[name] not in matched}


def _single(numbered: Iterable[tuple[int, str]]) -> dict[str, int]:
    """File name → number, of the paths whose file name no other has."""
    pairs = [(path.rpartition("/")[2], number) for number, path in numbered]
    times = Counter(name for name, _ in pairs)
    return {name: number for name, number in pairs if times[name] == 1}
