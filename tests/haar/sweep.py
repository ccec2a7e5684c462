"""Our scan against OpenCV's, over every cascade, many pictures and settings: ``python -m tests.haar.sweep [ZIP]``.

Takes a quarter of an hour; ``test_cascade.py`` takes a sample of it. ZIP is a file of photos, such as
faces_with_boxes.zip.
"""

import argparse
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import skimage.data

from emotion.haar.cascade import Cascade, load_cascade, open_cascade
from emotion.haar.detector import available_cascades
from emotion.haar.photos import astronaut, shrink

# All 17 of cv2.data. The last one's format is old: OpenCV still reads it, and writes it anew for us to read.
OLD = "license_plate_rus_16stages"
CASCADES = (*available_cascades(), OLD)
# Of scikit-image.
PHOTOS = """
astronaut brick camera cell chelsea coffee coins grass gravel hubble_deep_field ihc microaneurysms moon
motorcycle_left motorcycle_right page retina rocket text color chessboard_GRAY logo phantom horse
"""
SCALE_FACTORS = (1.05, 1.1, 1.2, 1.3, 1.5)
# Smallest and largest face; with both the same, too large or too small a size OpenCV chooses a scale of its own.
LIMITS = (
    ((0, 0), (0, 0)),
    ((0, 0), (0, 0)),
    ((30, 30), (0, 0)),
    ((0, 0), (60, 60)),
    ((40, 40), (90, 80)),
    ((50, 50), (50, 50)),
    ((35, 60), (200, 70)),
    ((900, 900), (0, 0)),
    ((0, 0), (5, 5)),
)


class Comparison(NamedTuple):
    """The boxes of one scan, as sets: ours and OpenCV's."""

    ours: set[tuple[int, ...]]
    theirs: set[tuple[int, ...]]


@cache
def opencv(cascade: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(_path(cascade))


@cache
def ours(cascade: str) -> Cascade:
    if cascade != OLD:
        return open_cascade(cascade)
    with tempfile.TemporaryDirectory() as folder:
        assert cv2.CascadeClassifier.convert(_path(cascade), f"{folder}/new.xml")
        return load_cascade(f"{folder}/new.xml")


def _path(cascade: str) -> str:
    return f"{cv2.data.haarcascades}haarcascade_{cascade}.xml"


def compare(cascade: str, gray: np.ndarray, scale_factor: float, smallest=(0, 0), largest=(0, 0)) -> Comparison:
    found = opencv(cascade).detectMultiScale(gray, scale_factor, 0, minSize=smallest, maxSize=largest)
    theirs = {(int(x), int(y), int(x + w), int(y + h)) for x, y, w, h in found}
    scan = ours(cascade).scan(gray, scale_factor, smallest, largest)
    return Comparison({tuple(map(int, box)) for box in scan.accepted}, theirs)


def photos(longest: int) -> dict[str, np.ndarray]:
    """The photos in scikit-image's wheel, gray, none longer than ``longest`` pixels."""
    folder = Path(skimage.data.__file__).parent
    paths = (next(folder.glob(f"{name}.*")) for name in PHOTOS.split())
    return {path.stem: shrink(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), longest) for path in paths}


def drawn() -> dict[str, np.ndarray]:
    """Noise of several kinds and sizes, flat pictures, sizes about a window's, and a face in odd sizes."""
    random = np.random.default_rng(5)
    sizes = ((97, 131), (24, 24), (61, 200), (16, 64), (25, 24), (28, 14), (150, 33), (1, 300), (77, 77), (45, 101))
    found = {f"noise {h}×{w}": random.integers(0, 256, (h, w), np.uint8) for h, w in sizes}
    for gray in (0, 1, 128, 255):
        found[f"flat {gray}"] = np.full((80, 90), gray, np.uint8)
    for side in (1, 13, 19, 20, 21, 23, 24, 25, 30, 37, 46):
        found[f"soft {side}"] = cv2.GaussianBlur(random.integers(0, 256, (side, 3 * side), np.uint8), (5, 5), 0)
    found["faint"] = random.integers(110, 140, (100, 100), np.uint8)  # About the least contrast that is looked at.
    found["ramp"] = np.tile(np.arange(200, dtype=np.uint8), (70, 1))
    face = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[20:240, 130:330]
    for width, height in ((20, 20), (24, 25), (25, 24), (31, 37), (40, 90), (57, 61), (81, 64), (99, 103), (131, 140)):
        found[f"face {height}×{width}"] = cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA)
    return found


def zipped(path: str, count: int, longest: int) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".jpg", ".png"))][:count]
        read = (np.frombuffer(archive.read(name), np.uint8) for name in names)
        images = [cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) for data in read]
    return {name: shrink(image, longest) for name, image in zip(names, images, strict=True)}


def cases(pictures: dict[str, np.ndarray], each: int) -> Iterator[tuple[str, str, np.ndarray, float, tuple, tuple]]:
    """``each`` settings for every picture and cascade, from a fixed seed; every other time it is cut to an odd size."""
    random = np.random.default_rng(2)
    for name, gray in pictures.items():
        for cascade in CASCADES:
            for number in range(each):
                height, width = (max(1, side - int(random.integers(0, side // 3 + 1))) for side in gray.shape)
                cut = gray[:height, :width].copy() if number % 2 else gray
                yield name, cascade, cut, float(random.choice(SCALE_FACTORS)), *LIMITS[random.integers(len(LIMITS))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", nargs="?")
    parser.add_argument("--each", type=int, default=4)
    arguments = parser.parse_args()
    pictures = photos(400) | drawn() | (zipped(arguments.zip, 30, 400) if arguments.zip else {})
    scans, boxes, different = Counter[str](), Counter[str](), 0
    start = time.monotonic()
    for name, cascade, gray, *settings in cases(pictures, arguments.each):
        found = compare(cascade, gray, *settings)
        scans[cascade] += 1
        boxes[cascade] += len(found.theirs)
        if found.ours != found.theirs:
            different += 1
            print("DIFFERENT", name, gray.shape, cascade, settings, found.ours ^ found.theirs, flush=True)  # noqa: T201
    for cascade in CASCADES:
        print(f"{scans[cascade]:6} scans {boxes[cascade]:8} boxes  {cascade}")  # noqa: T201
    minutes = (time.monotonic() - start) / 60
    what = f"{scans.total()} scans of {len(pictures)} pictures with {len(scans)} cascades, {boxes.total()} boxes"
    print(f"{what}, {different} scans different, {minutes:.0f} minutes")  # noqa: T201
    return different > 0


if __name__ == "__main__":
    sys.exit(main())
