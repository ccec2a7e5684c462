"""How many faces the detector finds and how often it is wrong, over its two most important settings."""

import errno
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from emotion.errors import UserError
from emotion.files import decode_image, reading
from emotion.haar.boxes import match
from emotion.haar.detector import FRONTAL, FaceDetector
from emotion.haar.grouping import find_groups, group_boxes
from emotion.jobs import Progress
from emotion.zips import DAMAGES, open_zip, read_at_most

SCALE_FACTORS = (1.05, 1.1, 1.2, 1.3, 1.5)
MIN_NEIGHBORS = (1, 2, 3, 4, 5, 6, 8)
_SURE = 12  # So many windows at the finest scale factor mostly mean a face.
_CANDIDATES = 16
_LIST_AT_MOST, _PHOTO_AT_MOST = 2**24, 2**27
"""Bytes of boxes.json and of a photo's file."""
_PIXELS_AT_MOST = 10**9


@dataclass(frozen=True, eq=False)
class LabelledPhoto:
    """A photo, ``gray`` uint8 (H, W), and its faces: ``boxes`` float (N, 4) ``xyxy``.

    ``counted`` bool (N,) marks the faces that ought to be found. Whether any other (small, turned, blurred) is found
    counts neither for nor against the detector; a second box on it is a false alarm, as on any.
    """

    gray: np.ndarray
    boxes: np.ndarray
    counted: np.ndarray


@dataclass(frozen=True, eq=False)
class Accuracy:
    """A table over S scale factors (rows) and M least numbers of neighbours (columns), of ``photos`` with ``faces``.

    ``found`` and ``false`` int (S, M) are faces found and boxes that are none; ``milliseconds`` float (S,) is the
    median time for a photo.
    """

    scale_factors: tuple[float, ...]
    min_neighbors: tuple[int, ...]
    photos: int
    faces: int
    found: np.ndarray
    false: np.ndarray
    milliseconds: np.ndarray

    @property
    def recall(self) -> np.ndarray:
        """The share of the faces that is found: float (S, M), NaN where there are no faces."""
        return self.found / self.faces if self.faces else np.full(self.found.shape, np.nan)

    @property
    def false_per_photo(self) -> np.ndarray:
        """Wrong boxes in a photo: float (S, M)."""
        return self.false / max(self.photos, 1)

    @property
    def worth(self) -> np.ndarray:
        """The faces found less the wrong boxes of each setting, int64, in the shape of ``found``."""
        return self.found - self.false

    @property
    def best(self) -> tuple[int, int]:
        """Row and column with the most ``worth``; of equals the quickest."""
        worth = self.worth - self.milliseconds[:, None] / 1e6
        row, column = np.unravel_index(np.argmax(worth), worth.shape)
        return int(row), int(column)


def accuracy(
    photos: Sequence[LabelledPhoto],
    cascade: str = FRONTAL,
    scale_factors: Sequence[float] = SCALE_FACTORS,
    min_neighbors: Sequence[int] = MIN_NEIGHBORS,
    min_size: tuple[int, int] | None = None,
    least_iou: float = 0.5,
    progress: Progress | None = None,
) -> Accuracy:
    """Detect the faces of ``photos`` with every pair of settings and count; ``progress`` is told (scans done, in all).

    A box is a face's when they overlap by an IoU of ``least_iou``. One scan serves all numbers of neighbours, since
    they only group its windows. (Windows that reach a pixel out of the photo are cut before grouping here, and after
    it in OpenCV, which can move a box at the border by a pixel.)
    """
    table = np.zeros((2, len(scale_factors), len(min_neighbors)), np.int64)
    seconds = np.zeros((len(scale_factors), len(photos)))
    for row, scale_factor in enumerate(scale_factors):
        detector = FaceDetector(cascade, scale_factor, 0, min_size)
        for number, photo in enumerate(photos):
            start = time.perf_counter()
            windows = detector.detect(photo.gray).astype(np.int64)
            seconds[row, number] = time.perf_counter() - start
            counts = [_count(group_boxes(windows, neighbors), photo, least_iou) for neighbors in min_neighbors]
            table[:, row] += np.transpose(counts)
            if progress:
                progress(row * len(photos) + number + 1, len(scale_factors) * len(photos))
    milliseconds = np.median(seconds, axis=1) * 1000 if len(photos) else np.zeros(len(scale_factors))
    faces = sum(int(photo.counted.sum()) for photo in photos)
    return Accuracy(tuple(scale_factors), tuple(min_neighbors), len(photos), faces, table[0], table[1], milliseconds)


def _count(found: np.ndarray, photo: LabelledPhoto, least_iou: float) -> tuple[int, int]:
    """Faces found, and boxes that are none."""
    partner = match(found, photo.boxes, least_iou)
    return int(photo.counted[partner[partner >= 0]].sum()), int((partner < 0).sum())


def candidates(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What may be a face in ``gray`` uint8 (H, W), the likeliest first: boxes int64 (N, 4) ``xyxy``, for a person to
    check, and whether so many windows agree on a box that it most likely is one, bool (N,).

    Found by the least strict settings; a face that they miss is not among them.
    """
    groups = find_groups(FaceDetector(FRONTAL, SCALE_FACTORS[0], 0).detect(gray).astype(np.int64), 1)
    best = np.argsort(-groups.sizes * groups.kept, kind="stable")[: min(int(groups.kept.sum()), _CANDIDATES)]
    return groups.boxes[best], groups.sizes[best] > _SURE


def read_labelled_photos(source: str | Path | bytes, limit: int | None = None) -> list[LabelledPhoto]:
    """The photos in a ZIP (a path or its bytes) with their faces from its ``boxes.json``, the first ``limit`` ones.

    The file holds ``{name: [{"xywh": [x, y, width, height], "easy": true}, …]}``, the photos lie in ``images/``; a face
    without ``easy`` counts. Raises UserError for another file.
    """
    with _opened(source) as stream, _archive(stream) as archive:
        if "boxes.json" not in archive.namelist():
            raise UserError(
                "The ZIP holds no boxes.json. It needs one with every face's xywh, and the photos in images/."
            )
        try:
            listed = json.loads(read_at_most(archive, "boxes.json", _LIST_AT_MOST))
            return _photos(archive, {name: listed[name] for name in list(listed)[:limit]})
        except (*DAMAGES, LookupError, TypeError, AttributeError):
            raise UserError(
                "The boxes.json in the ZIP doesn't fit: every face needs its xywh, and every photo that it names has "
                "to lie in images/, whole."
            ) from None


def _archive(stream: IO[bytes]) -> zipfile.ZipFile:
    try:
        return open_zip(stream)
    except DAMAGES:
        raise UserError(
            "That is no ZIP, or a damaged one. Choose a ZIP with a boxes.json and the photos in images/."
        ) from None


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with reading(source):
        if Path(source).exists() and not Path(source).is_file():  # A device may have no end.
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        stream = Path(source).open("rb")  # noqa: SIM115
    with stream:
        yield stream


def _photos(archive: zipfile.ZipFile, listed: dict[str, list[dict]]) -> list[LabelledPhoto]:
    """The photos of the faces ``listed``; UserError where all of them would not fit into memory."""
    photos, pixels = [], 0
    for name, faces in listed.items():
        photos.append(_photo(read_at_most(archive, f"images/{name}", _PHOTO_AT_MOST), name, faces))
        pixels += photos[-1].gray.size
        if pixels > _PIXELS_AT_MOST:
            raise UserError(
                "The photos in the ZIP have more than {limit} megapixels together. Make them smaller, or take fewer.",
                limit=_PIXELS_AT_MOST // 10**6,
            )
    return photos


def _photo(data: bytes, name: str, faces: list[dict]) -> LabelledPhoto:
    gray = cv2.cvtColor(decode_image(data, name), cv2.COLOR_BGR2GRAY)
    boxes, easy = [face["xywh"] for face in faces], [face.get("easy", True) for face in faces]
    xywh = np.array(boxes, np.float64) if boxes else np.empty((0, 4))
    if xywh.shape != (len(faces), 4) or not np.isfinite(xywh).all() or (xywh[:, 2:] <= 0).any():
        raise ValueError("xywh")
    if not all(isinstance(value, bool) for value in easy):
        raise TypeError("easy")
    return LabelledPhoto(gray, np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]), np.array(easy, bool))
