"""Files that are never half-written, and images whose path may hold any character."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np

from emotion.errors import UserError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write ``data`` (text as UTF-8) so that a reader sees the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as file:
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def folder_in_the_making(final: Path) -> Iterator[Path]:
    """Give a hidden folder to fill; on success it becomes ``final`` in one rename, on failure nothing is left.

    A folder that already stands at ``final`` is replaced.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}.{uuid4().hex[:8]}")
    temporary.mkdir()
    try:
        yield temporary
        replace_folder(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(new: Path, final: Path) -> None:
    """Rename ``new`` to ``final``; a folder that stood there is put aside first and deleted afterwards."""
    old = final.with_name(f".{final.name}.{uuid4().hex[:8]}.old")
    if final.exists():
        os.replace(final, old)
    os.replace(new, final)
    shutil.rmtree(old, ignore_errors=True)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode_image(data: bytes, name: str, gray: bool = False) -> np.ndarray:
    """Decode an image file's bytes to uint8: ``bgr`` (H, W, 3), or (H, W) if ``gray``.

    Raises UserError, naming ``name``, for bytes that are no readable image.
    """
    flags = cv2.IMREAD_GRAYSCALE if gray else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:  # A picture over OpenCV's size limit raises; every other fault gives None.
        image = None
    if image is None:
        raise UserError(
            "{name} is no readable image. Use a PNG, JPEG, BMP or WebP file that opens elsewhere.", name=name
        )
    return image


def read_image(path: Path, gray: bool = False) -> np.ndarray:
    """Read an image file; the bytes go through NumPy because ``cv2.imread`` fails on Hangul paths under Windows."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            "{name} could not be read ({reason}). Check the path.", name=path, reason=error.strerror
        ) from None
    return decode_image(data, str(path), gray)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a uint8 image in the format of the suffix, at any path."""
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
