"""Files that are never half-written, and images whose path may hold any character."""

import hashlib
import json
import os
import platform
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import cv2
import numpy as np
import psutil

from emotion import MEGAPIXELS_AT_MOST
from emotion.errors import UserError

T = TypeVar("T")
NAME_BYTES = 100  # Leaves room for a time stamp where names end at 255; Hangul takes three bytes a syllable.
# The first word of a HEIC file (ISO/IEC 23008-12, annex B; "mif1" and "msf1" are of the format it belongs to).
_HEIC_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())
_DAY = 24 * 3600
_HOST = hashlib.blake2b(platform.node().encode(), digest_size=3).hexdigest()
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


@contextmanager
def reading(root: str | Path) -> Iterator[None]:
    """Turn what the system says against reading ``root`` into a UserError."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # ValueError: a null byte in the path.
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            "{root} can't be read ({reason}). Check the path and the folder's permissions.", root=root, reason=reason
        ) from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against writing ``path`` into a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            "{path} can't be written ({reason}). Check that there is room and that you may write there.",
            path=path,
            reason=error.strerror or error,
        ) from None


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write ``data`` (text as UTF-8) so that a reader sees the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as file:
            # What is no text, as a file name may be under Linux, becomes an escape, which JSON reads back.
            file.write(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def rename(old: Path, new: Path) -> None:
    """``os.replace``, tried again for a second: Windows refuses while somebody else has the file open."""
    _patiently(lambda: os.replace(old, new))


def read_text(path: Path, errors: str = "strict") -> str:
    """The text of a UTF-8 file that another process may be replacing at this moment; ``errors`` as in ``open``."""
    return _patiently(lambda: path.read_text(encoding="utf-8", errors=errors))


def _patiently(act: Callable[[], T], patience: float = 1.0) -> T:
    deadline = time.monotonic() + patience
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def file_in_the_making(final: Path) -> Iterator[Path]:
    """Give a hidden path beside ``final`` to write to; on success it takes that name, on failure it is removed."""
    hidden = final.with_name(f".{final.stem}.{uuid4().hex[:8]}{final.suffix}")
    try:
        with writing(final):
            yield hidden
            rename(hidden, final)
    finally:
        hidden.unlink(missing_ok=True)


@contextmanager
def folder_in_the_making(final: Path) -> Iterator[Path]:
    """Give a hidden folder to fill; on success it becomes ``final`` in one rename, on failure nothing is left.

    A folder that already stands at ``final`` is replaced. What a process that was killed has left beside it is swept
    away.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    _sweep(final.parent)
    temporary = hidden_name(final)
    temporary.mkdir()
    try:
        yield temporary
        _to_disk(temporary)
        replace_folder(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Delete a folder: out of sight at once, however long its files take; what can't go now goes with the next."""
    _sweep(folder.parent)
    gone = hidden_name(folder)
    rename(folder, gone)
    threading.Thread(target=shutil.rmtree, args=(gone,), kwargs={"ignore_errors": True}).start()


def hidden_name(final: Path) -> Path:
    """A name beside ``final`` that nobody sees, and that tells whose it is."""
    return final.with_name(f".{final.name}.{_HOST}-{os.getpid()}-{uuid4().hex[:8]}")


def _sweep(parent: Path) -> None:
    """Remove the folders in the making whose process is gone; put back what it had put aside and not replaced."""
    for path in parent.glob(".*"):
        maker = re.fullmatch(r"\.(.+)\.(?:([0-9a-f]{6})-)?(\d{1,9})-[0-9a-f]{8}(\.old)?", path.name)
        if maker is None or _may_be_at_work(path, maker[2] or _HOST, int(maker[3])):
            continue
        if maker[4] and not (parent / maker[1]).exists():  # Killed between the two renames of ``replace_folder``.
            rename(path, parent / maker[1])
        else:
            shutil.rmtree(path, ignore_errors=True)


def _may_be_at_work(path: Path, host: str, process: int) -> bool:
    """Whether a folder's maker may still be filling it; of another computer, which may share the disk, for a day."""
    if host == _HOST:
        return psutil.pid_exists(process)
    with suppress(OSError):
        return time.time() - path.stat().st_mtime < _DAY
    return True


def _to_disk(folder: Path) -> None:
    """Wait until the files are on the disk: a power cut must not leave a whole folder of hollow files."""
    if hasattr(os, "sync"):  # One call for all of them: 32,000 files take a second so, and ten one by one.
        os.sync()
        return
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())


def replace_folder(new: Path, final: Path) -> None:
    """Rename ``new`` to ``final``; a folder that stood there is put aside first, and back again if that fails."""
    old = hidden_name(final)
    old = old.with_name(f"{old.name}.old")
    if final.exists():
        rename(final, old)
    try:
        rename(new, final)
    except OSError:
        if old.exists():
            rename(old, final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def file_stamp(path: Path) -> tuple[int, int]:
    """Time of change (ns) and size of a file: another stamp, another content. Zeros for one that can't be read."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode_image(data: bytes, name: str, gray: bool = False, quarter: bool = False) -> np.ndarray:
    """Decode an image file's bytes to uint8: ``bgr`` (H, W, 3), (H, W) if ``gray``; at a quarter of its size if asked.

    Raises UserError, naming ``name``, for bytes that are no readable image.
    """
    if quarter:  # A photo so comes four times as fast.
        flags = cv2.IMREAD_REDUCED_GRAYSCALE_4 if gray else cv2.IMREAD_REDUCED_COLOR_4
    else:
        flags = cv2.IMREAD_GRAYSCALE if gray else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:  # A picture over OpenCV's size limit raises; every other fault gives None.
        raise too_large(name, MEGAPIXELS_AT_MOST) from None
    if image is None:
        raise unreadable(data, name)
    return image


def too_large(name: str, limit: int) -> UserError:
    """What is said of a picture of more than ``limit`` megapixels."""
    return UserError("{name} has more than {limit} megapixels. Choose a smaller picture.", name=name, limit=limit)


def unreadable(data: bytes, name: str) -> UserError:
    """What is said of bytes that are no readable image; a HEIC photo, which opens on phones, is called one."""
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return UserError(
            "{name} is a HEIC photo, which this app does not read. Save it as JPEG or PNG first.", name=name
        )
    return UserError("{name} is no readable image. Use a PNG, JPEG, BMP or WebP file that opens elsewhere.", name=name)


def read_image(path: Path, gray: bool = False, quarter: bool = False) -> np.ndarray:
    """Read an image file: uint8 (H, W, 3) BGR, or (H, W) if ``gray``; UserError where that can't be done.

    The bytes go through NumPy because ``cv2.imread`` fails on Hangul paths under Windows.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            "{name} could not be read ({reason}). Check the path.", name=path, reason=error.strerror
        ) from None
    return decode_image(data, str(path), gray, quarter)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a uint8 image in the format of the suffix, at any path."""
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())


def is_plain_name(name: str) -> bool:
    """Whether ``name`` can be the name of one folder on every system.

    >>> is_plain_name("감정 1"), is_plain_name("../up"), is_plain_name("")
    (True, False, False)
    """
    return bool(name) and name == plain_name(name)


def plain_name(text: str) -> str:
    """``text`` made fit to be a folder's name on every system; empty where nothing is left of it.

    >>> plain_name('my "set": x'), plain_name("con.txt"), plain_name("..")
    ('my set x', '_con.txt', '')
    """
    kept = "".join(sign for sign in text if sign not in '/\\:*?"<>|' and sign.isprintable()).lstrip(". ")
    kept = kept.encode("utf-8")[:NAME_BYTES].decode("utf-8", errors="ignore").rstrip(". ")
    return f"_{kept}" if re.fullmatch(r"(?i)(con|prn|aux|nul|con(in|out)\$|(com|lpt)[\d¹²³]) *(\..*)?", kept) else kept


def is_text(name: str) -> bool:
    """Whether a file name is text: under Linux it may hold any bytes, as one in cp949 does."""
    return name.isascii() or not any("\udc80" <= sign <= "\udcff" for sign in name)


def printable(path: str) -> str:
    """``path`` fit for UTF-8: a file name under Linux may hold bytes that are no text."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
