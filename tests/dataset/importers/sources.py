"""What people bring to be imported, made small."""

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import skimage.data

CSV_HEADER = "emotion,pixels,Usage\n"


def png(seed: int = 0, size: int = 8) -> bytes:
    """A noise image of its own for each seed."""
    image = np.random.default_rng(seed).integers(0, 256, (size, size), np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


def zip_bytes(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of ``files``, name → bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tree_files(count: int = 12) -> dict[str, bytes]:
    """``train/<class>`` and ``validation/<class>`` of two classes."""
    return {
        f"{split}/{key}/{number}.png": png(number)
        for split in ("train", "validation")
        for key in ("happy", "sad")
        for number in range(count)
    }


def csv_row(label: int = 3, usage: str = "Training", seed: int = 0, side: int = 4) -> str:
    """A row as Kaggle writes it."""
    pixels = np.random.default_rng(seed).integers(0, 256, side * side)
    return f"{label},{' '.join(map(str, pixels))},{usage}\n"


def csv_bytes(rows: int = 21) -> bytes:
    """A small ``fer2013.csv`` with all labels and usages."""
    usages = ("Training", "PublicTest", "PrivateTest")
    return (CSV_HEADER + "".join(csv_row(n % 7, usages[n // 7 % 3], n) for n in range(rows))).encode()


def face_jpeg(size: int = 112) -> bytes:
    """A face that is in the public domain, cut as closely as UTKFace does it."""
    gray = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)[65:185, 165:285]
    return cv2.imencode(".jpg", cv2.resize(gray, (size, size)))[1].tobytes()


def utkface_files(each: int = 1) -> dict[str, bytes]:
    """UTKFace names for men and women of nine ages, ``each`` times."""
    face = face_jpeg()
    return {
        f"UTKFace/{age}_{gender}_0_2017{n:04d}.jpg.chip.jpg": face
        for age in (1, 5, 12, 25, 33, 41, 58, 66, 90)
        for gender in (0, 1)
        for n in range(each)
    }


def write(path: Path, data: bytes) -> Path:
    """Write a source where its folder may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
