"""The images of a split as one array: decoded on all cores, and kept so that the next time takes no decoding."""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import cv2
import numpy as np

from emotion.dataset.splits import Split
from emotion.errors import UserError
from emotion.files import read_image, rename, write_json
from emotion.homes import cache_folder
from emotion.jobs import Progress, in_chunks

log = logging.getLogger(__name__)
# Files that OpenCV cannot read are listed with their reason; its warnings would say it twice.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
_ROOM = 4 * 2**30
"""Bytes of pixels kept at most; the longest unused go first."""


@dataclass(frozen=True)
class Images:
    """Decoded images: ``pixels`` uint8 (N, H, W), ``labels`` int64 (N,), ``paths``; ``unreadable`` (path, reason).

    ``pixels`` may be read-only, and lie on the disk rather than in memory.
    """

    pixels: np.ndarray
    labels: np.ndarray
    paths: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...] = ()


def load_images(root: Path, part: Split, size: tuple[int, int] = (48, 48), progress: Progress | None = None) -> Images:
    """Decode the files of ``part`` under ``root`` to gray images of ``size`` (height, width), on all cores.

    A file that can't be decoded is left out and listed in ``Images.unreadable``. Raises UserError if no image can be
    read.
    """
    pixels, unreadable = _decode(root, part.paths, size, progress)
    listed = tuple((part.paths[row], reason) for row, reason in sorted(unreadable.items()))
    if listed or not len(pixels):
        pixels = np.delete(pixels, list(unreadable), axis=0)
    if not len(pixels):
        raise UserError("None of the {count} files under {root} is a readable image.", count=len(part.paths), root=root)
    return _images(part, pixels, listed)


def load_kept(root: Path, part: Split, size: tuple[int, int] = (48, 48), progress: Progress | None = None) -> Images:
    """``load_images``, kept under ``EMOTION_HOME/cache``: until a file changes, the pixels are mapped from there."""
    file = kept_file(root, part, size)
    images = read_kept(file, part)
    if images is None:
        images = load_images(root, part, size, progress)
        _keep(file, images)
    return images


def kept_file(root: Path, part: Split, size: tuple[int, int]) -> Path:
    """Where ``load_kept`` keeps its copy, named by the state of every file."""
    return cache_folder() / "pixels" / f"{files_key(root, part.paths)}-{size[0]}x{size[1]}.npy"


def read_kept(file: Path, part: Split) -> Images | None:
    """The images of ``part`` from the copy in ``file``; None where there is none or it is damaged."""
    try:
        listed = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        pixels = np.load(file, mmap_mode="r")
        os.utime(file)  # The last use, for _make_room.
    except (OSError, ValueError, EOFError):
        return None
    return _images(part, pixels, tuple((path, reason) for path, reason in listed))


def _images(part: Split, pixels: np.ndarray, unreadable: tuple[tuple[str, str], ...]) -> Images:
    """The images of ``part`` but for the unreadable ones, which ``pixels`` (N, H, W) lacks."""
    if unreadable:
        lost = {path for path, _reason in unreadable}
        part = part.take(np.array([row for row, path in enumerate(part.paths) if path not in lost], np.int64))
    return Images(pixels, part.labels, part.paths, unreadable)


def files_key(root: Path, paths: Sequence[str]) -> str:
    """What tells two states of files apart without reading them: a hash of their names, sizes and times of change.

    It begins with ``root_key``.
    """
    digest = hashlib.blake2b(digest_size=16)
    start = f"{root}{os.sep}"
    for path in paths:
        try:
            found = os.stat(start + path)
            line = f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n"
        except OSError:  # Reading it will say so.
            line = f"{path}\0\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return f"{root_key(root)}-{digest.hexdigest()}"


def root_key(root: Path) -> str:
    """What the name of every kept copy of a dataset's images begins with, so that they can be found and deleted."""
    return hashlib.blake2b(os.fsencode(root), digest_size=8).hexdigest()


def forget_kept(root: Path) -> None:
    """Delete everything that was kept of a dataset's images."""
    for file in cache_folder().glob(f"*/{root_key(root)}-*"):
        with suppress(OSError):  # Windows keeps a file that somebody has open.
            file.unlink()


def fit(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """``image`` scaled to ``size`` (height, width), averaging where it shrinks; as it is where it has that size."""
    if image.shape[:2] == size:
        return image
    shrinks = image.shape[0] > size[0] or image.shape[1] > size[1]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _decode(
    root: Path, paths: Sequence[str], size: tuple[int, int], progress: Progress | None
) -> tuple[np.ndarray, dict[int, str]]:
    """Pixels uint8 (N, H, W), black where a file is unreadable, and row → reason for those."""
    pixels = np.zeros((len(paths), *size), np.uint8)
    unreadable: dict[int, str] = {}

    def decode(rows: range) -> None:
        for row in rows:
            try:
                pixels[row] = fit(_read_gray(f"{root}{os.sep}{paths[row]}"), size)
            except UserError as error:
                unreadable[row] = str(error)

    for _ in in_chunks(decode, len(paths), progress):
        pass
    return pixels, unreadable


def _read_gray(path: str) -> np.ndarray:
    # OpenCV opens and decodes with Python's lock released, twice as fast on two cores. But Hangul it can't open on
    # Windows, and of a JPEG that is cut off it would give what there is.
    if path.isascii() and path.lower().endswith(".png"):
        with suppress(cv2.error):  # Over its size limit, which read_image says in a sentence.
            image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
            if image is not None:
                return image
    return read_image(Path(path), gray=True)


def _keep(file: Path, images: Images) -> None:
    """Write the pixels beside their list of unreadable files; a disk without room costs the copy, not the work."""
    temporary = file.with_name(f".{file.name}.{uuid4().hex[:8]}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _make_room(file.parent, images.pixels.nbytes)
        write_json(file.with_suffix(".json"), images.unreadable)
        with temporary.open("wb") as stream:  # Not a memory map: that would crash, not fail, on a full disk.
            np.save(stream, images.pixels)
        rename(temporary, file)
    except OSError as error:
        log.warning("the pixels are not kept for the next time: %s", error)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _make_room(folder: Path, wanted: int) -> None:
    files = sorted(((path.stat(), path) for path in folder.glob("*.npy")), key=lambda found: -found[0].st_mtime)
    total = wanted
    for found, path in files:
        total += found.st_size
        if total > _ROOM:
            with suppress(OSError):  # Windows keeps a file that somebody has open.
                path.unlink()
                path.with_suffix(".json").unlink(missing_ok=True)
