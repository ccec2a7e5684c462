"""UTKFace, whose file names tell age and gender (Z. Zhang, Y. Song and H. Qi, CVPR 2017), as two datasets."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.archive import open_archive
from emotion.dataset.importers.making import (
    Source,
    files_below,
    finished,
    is_image,
    new_dataset_folder,
    paced,
    source_name,
)
from emotion.dataset.splits import SHARES, stratified_parts
from emotion.errors import UserError
from emotion.files import decode_image, write_image
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.i18n import N_
from emotion.jobs import Progress, in_chunks

TERMS = N_("UTKFace: for non-commercial research.")
GENDERS = ("male", "female")
"""By their number in a file name."""
AGES = ("00-02", "03-09", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
_FIRST_AGES = (3, 10, 20, 30, 40, 50, 60, 70)
_OLDEST = 120
_NAME = re.compile(r"([0-9]{1,4})_([01])_[0-4]_[0-9]+\.(jpe?g(\.chip\.jpe?g)?|png)", re.IGNORECASE)

_NO_NAME = N_("the name is not [age]_[gender]_[race]_[date].jpg")
_NO_AGE = N_("the age is over 120")
_NO_IMAGE = N_("no readable image")
_NO_FACE = N_("no face found")
# Measured on 1,500 of them: the pictures are cut so close that boxes reach out of them. With a rim of a quarter 95 %
# of the faces are found; without one 53 %, and of those only the small ones.
_RIM = 4
_SMALLEST = 3
"""A face under a third of the picture is not the one that the name is about, and small ones take most of the time."""
_CHUNK = 4


class Named(NamedTuple):
    """What a file name tells: ``age`` in years, ``gender`` a position in ``GENDERS``."""

    age: int
    gender: int

    @property
    def group(self) -> int:
        """The position of the age in ``AGES``."""
        return int(np.searchsorted(_FIRST_AGES, self.age, side="right"))


class _Files(NamedTuple):
    """Image files anywhere: their ``names``, and ``read`` for the bytes of one by its position."""

    names: Sequence[str]
    read: Callable[[int], bytes]


def read_name(name: str) -> Named | None:
    """Age and gender of a UTKFace file name; None for any other name.

    >>> read_name("26_1_2_20170116180658254.jpg.chip.jpg")
    Named(age=26, gender=1)
    """
    found = _NAME.fullmatch(name)
    return Named(int(found[1]), int(found[2])) if found else None


def import_utkface(source: Source, folder: Path, progress: Progress | None = None) -> tuple[Dataset, Dataset]:
    """Cut the faces out of UTKFace images, and write them to ``folder``/age and ``folder``/gender.

    ``source`` is a folder, looked through with all its subfolders, or a zip. The classes are ``AGES`` and ``GENDERS``.
    Each image's largest face is found as the Live page does it and cut by ``crop_face`` in its own size, so that it is
    scaled only once, later. 80/10/10, drawn with a seed from each age group and gender, and the same in both datasets:
    two tasks may share a network. An image without a face, an unreadable one, and one whose name tells no age are
    listed in ``Dataset.left_out``. ``progress`` is told (images done, images in all), each image counting twice.
    Raises UserError for a ``source`` without UTKFace names or without a face, and where one of the two datasets exists
    already or can't be written; then neither is there.
    """
    name = source_name(source)
    with _files(source) as files, _both(folder) as (ages, genders):
        rows, left_out = _named(files.names, name)
        tell = paced(progress)
        boxes, missed = _find_faces(files, list(rows), lambda done, total: tell(done, 2 * total))
        if not boxes:
            raise UserError(
                "No face was found in any of the {count} images of {source}. Choose a set of upright faces.",
                count=len(rows),
                source=name,
            )
        places = _places(files.names, {row: rows[row] for row in boxes})
        _cut_faces(files, boxes, places, (ages, genders), lambda done, total: tell(total + done, 2 * total))
        left_out += missed
        return (
            finished(ages, folder / "age", name, {"title": N_("UTKFace: age"), "terms": TERMS}, left_out),
            finished(genders, folder / "gender", name, {"title": N_("UTKFace: gender"), "terms": TERMS}, left_out),
        )


def _named(names: Sequence[str], source: str) -> tuple[dict[int, Named], list[tuple[str, str]]]:
    """What the names tell, by position, and the (name, reason) of those that tell nothing."""
    rows: dict[int, Named] = {}
    left_out: list[tuple[str, str]] = []
    for row, path in enumerate(names):
        found = read_name(os.path.basename(path))
        if found and found.age <= _OLDEST:
            rows[row] = found
        else:
            left_out.append((path, _NO_AGE if found else _NO_NAME))
    if not rows:
        raise UserError(
            "{source} holds no UTKFace images. Expected names like 26_1_2_20170116180658254.jpg: age, gender, race, "
            "date.",
            source=source,
        )
    return rows, left_out


@contextmanager
def _files(source: Source) -> Iterator[_Files]:
    if isinstance(source, Path) and source.is_dir():
        names = [name for name in files_below(source) if is_image(name)]
        yield _Files(names, lambda row: _bytes(source / names[row]))
        return
    with open_archive(source) as archive:
        entries = [entry for entry in archive.entries if is_image(entry.name)]
        yield _Files([entry.name for entry in entries], lambda row: archive.read(entries[row]))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # Listed as unreadable, like every file that is no image.
        return b""


@contextmanager
def _both(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two folders in the making that become ``folder``/age and ``folder``/gender, or neither."""
    stands = False
    try:
        with new_dataset_folder(folder / "age") as ages:
            with new_dataset_folder(folder / "gender") as genders:
                yield ages, genders
            stands = True
    except BaseException:
        if stands:
            shutil.rmtree(folder / "gender", ignore_errors=True)
        raise


class _Finder(threading.local):
    """A detector with the Live page's settings for each thread, as a detector serves one only."""

    def __init__(self) -> None:
        self.detector = FaceDetector()

    def box(self, gray: np.ndarray) -> np.ndarray | None:
        """The largest face of a picture, ``xyxy`` whole pixels, which may reach out of it."""
        rim, smallest = max(gray.shape) // _RIM, min(gray.shape) // _SMALLEST
        self.detector.settings = self.detector.settings._replace(min_size=(smallest, smallest))
        boxes = self.detector.detect(cv2.copyMakeBorder(gray, rim, rim, rim, rim, cv2.BORDER_REPLICATE))
        return boxes[0].astype(int) - rim if len(boxes) else None


def _find_faces(
    files: _Files, rows: Sequence[int], tell: Progress
) -> tuple[dict[int, np.ndarray], list[tuple[str, str]]]:
    """The box of each face by the position of its file, and the (name, reason) where there is none."""
    finder = _Finder()

    def find(part: range) -> list[np.ndarray | str]:
        return [_box(finder, files, rows[number]) for number in part]

    found = [one for part in in_chunks(find, len(rows), tell, _CHUNK) for one in part]
    pairs = list(zip(rows, found, strict=True))
    boxes = {row: one for row, one in pairs if not isinstance(one, str)}
    return boxes, [(files.names[row], one) for row, one in pairs if isinstance(one, str)]


def _box(finder: _Finder, files: _Files, row: int) -> np.ndarray | str:
    data = files.read(row)
    try:
        box = finder.box(decode_image(data, files.names[row], gray=True))
    except UserError:
        return _NO_IMAGE
    return _NO_FACE if box is None else box


class _Place(NamedTuple):
    """Where a face goes below the age folder and below the gender folder."""

    age: str
    gender: str


def _places(names: Sequence[str], rows: dict[int, Named]) -> dict[int, _Place]:
    """The places of the files at ``rows``, whose split is drawn for both datasets at once."""
    order = list(rows)
    strata = np.array([2 * one.group + one.gender for one in rows.values()], np.int64)
    splits = dict(zip([*SHARES, "train"], stratified_parts(strata, list(SHARES.values())), strict=True))
    split_of = {order[number]: split for split, numbers in splits.items() for number in numbers}
    used: set[str] = set()
    places = {}
    for row, one in rows.items():
        stem = os.path.basename(names[row]).split(".")[0]
        name = f"{stem}-{row}" if stem in used else stem  # The same name may stand in two folders.
        used.add(stem)
        split = split_of[row]
        places[row] = _Place(f"{split}/{AGES[one.group]}/{name}.png", f"{split}/{GENDERS[one.gender]}/{name}.png")
    return places


def _cut_faces(
    files: _Files,
    boxes: dict[int, np.ndarray],
    places: dict[int, _Place],
    folders: tuple[Path, Path],
    tell: Progress,
) -> None:
    rows = list(boxes)
    for folder, paths in zip(folders, zip(*places.values(), strict=True), strict=True):
        for sub in {os.path.dirname(path) for path in paths}:
            (folder / sub).mkdir(parents=True)

    def cut(part: range) -> None:
        for row in (rows[number] for number in part):
            gray = decode_image(files.read(row), files.names[row], gray=True)
            side = int(boxes[row][2] - boxes[row][0])
            face = crop_face(gray, boxes[row], side)
            for folder, path in zip(folders, places[row], strict=True):
                write_image(folder / path, face)

    for _ in in_chunks(cut, len(rows), tell, _CHUNK):
        pass
