"""Small pictures of dataset images for a screen full of them."""

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from emotion.errors import UserError
from emotion.files import read_image
from emotion.haar.photos import shrink
from emotion.jobs import in_chunks

_LARGE_FILE = 300_000  # Bytes: more than that is a photo, of which a quarter of the size is enough.


def thumbnails(root: Path, paths: Sequence[str], side: int = 96) -> list[bytes]:
    """A PNG or JPEG of each image, ``side`` pixels at most and otherwise as it is; b"" where it is unreadable."""

    def part_of(rows: range) -> list[bytes]:
        return [_thumbnail(root / paths[row], side) for row in rows]

    return [picture for part in in_chunks(part_of, len(paths), chunk=8) for picture in part]


def _thumbnail(path: Path, side: int) -> bytes:
    try:
        image = _read(path)
    except UserError:
        return b""
    return encode(shrink(image, side))


def encode(image: np.ndarray) -> bytes:
    """A picture for the browser: PNG, pixel by pixel, of a small one, JPEG of a larger one."""
    suffix = ".png" if max(image.shape[:2]) <= 64 else ".jpg"
    return cv2.imencode(suffix, image)[1].tobytes()


def _read(path: Path) -> np.ndarray:
    large = os.path.isfile(path) and os.path.getsize(path) > _LARGE_FILE
    return read_image(path, quarter=large)
