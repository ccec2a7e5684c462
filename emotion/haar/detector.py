"""The face detector of OpenCV: a cascade of Haar features (P. Viola and M. Jones, CVPR 2001)."""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from emotion.errors import UserError

FRONTAL = "frontalface_default"
"""The course's cascade, for faces from the front."""
_PREFIX = "haarcascade_"
OWN_CASCADES = Path(__file__).parent / "cascades"
"""Where further cascades go. They are opened as they are, like code: OpenCV crashes on some that are damaged."""
# OpenCV reads XML of this older kind from a path only, and a path may hold Hangul, which it cannot open on Windows.
_OLD_FORMAT = frozenset({"license_plate_rus_16stages"})


class DetectorSettings(NamedTuple):
    """What a person sets, in the order ``FaceDetector`` takes it: ``FaceDetector("frontalface_default", *DECK)``.

    Each scan's window is ``scale_factor`` times the last one; ``min_neighbors`` is how many overlapping windows make a
    face; ``min_size`` is the smallest face in pixels, (width, height), None for the cascade's own window.
    """

    scale_factor: float = 1.1
    min_neighbors: int = 5
    min_size: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise UserError for a setting OpenCV would refuse, or scan with for ever."""
        if not (math.isfinite(self.scale_factor) and self.scale_factor >= 1.01):
            raise UserError("The scale factor is {value}. Set 1.01 or more, for example 1.1.", value=self.scale_factor)
        if self.min_neighbors < 0:
            raise UserError("minNeighbors is {value}. Set 0 or more, for example 5.", value=self.min_neighbors)
        if self.min_size and min(self.min_size) < 0:
            raise UserError(
                "The smallest face is {width} × {height} pixels. Set 0 or more, for example 30 × 30.",
                width=self.min_size[0],
                height=self.min_size[1],
            )


DECK = DetectorSettings(scale_factor=1.5, min_neighbors=5, min_size=(30, 30))
ACCURATE = DetectorSettings()


class FaceDetector:
    """Finds faces in one still picture. Not thread-safe, as cv2.CascadeClassifier is not: make one for each thread.

    Raises UserError for a cascade that is not known (``cascade_xml``) or a setting out of range.
    """

    def __init__(
        self,
        cascade: str = FRONTAL,
        scale_factor: float = ACCURATE.scale_factor,
        min_neighbors: int = ACCURATE.min_neighbors,
        min_size: tuple[int, int] | None = ACCURATE.min_size,
    ) -> None:
        self.cascade = cascade
        self.settings = DetectorSettings(scale_factor, min_neighbors, min_size)
        self.settings.check()
        self._classifier = _load(cascade)

    @property
    def window(self) -> tuple[int, int]:
        """The smallest picture the cascade can look at, (width, height) in pixels."""
        width, height = self._classifier.getOriginalWindowSize()
        return width, height

    def detect(
        self, gray: np.ndarray, settings: DetectorSettings | None = None, largest: int | None = None
    ) -> np.ndarray:
        """Boxes of the faces in ``gray``, uint8 (H, W): float32 (N, 4), ``xyxy`` in pixels, the largest first.

        A picture smaller than the window has no faces. ``settings`` are of this scan alone, in place of the detector's
        own; ``largest`` is the widest face to look for, in pixels. Raises ValueError for another shape or dtype.
        """
        if gray.ndim != 2 or gray.dtype != np.uint8:
            raise ValueError(f"gray must be uint8 (H, W), not {gray.dtype} {gray.shape}")
        if gray.shape[1] < self.window[0] or gray.shape[0] < self.window[1]:
            return np.empty((0, 4), np.float32)
        scale_factor, min_neighbors, min_size = settings or self.settings
        least, most = min_size or (0, 0), (largest, largest) if largest else (0, 0)  # OpenCV's (0, 0) is no limit.
        found = self._classifier.detectMultiScale(gray, scale_factor, min_neighbors, minSize=least, maxSize=most)
        boxes = np.array(found, np.float32).reshape(-1, 4)  # OpenCV answers an empty tuple where it finds nothing.
        # OpenCV's own order changes from call to call, as its threads happen to finish.
        boxes = boxes[np.lexsort((boxes[:, 0], boxes[:, 1], -boxes[:, 2]))]
        boxes[:, 2:] += boxes[:, :2]
        return boxes


def check_size(gray: np.ndarray, window: tuple[int, int], name: str) -> None:
    """Raise UserError, naming ``name``, for a picture, uint8 (H, W), smaller than a ``window`` (width, height)."""
    height, width = gray.shape
    if width < window[0] or height < window[1]:
        raise UserError(
            "{name} is {width} × {height} pixels, smaller than the detector's window of {least_width} × "
            "{least_height}. Choose a larger picture.",
            name=name,
            width=width,
            height=height,
            least_width=window[0],
            least_height=window[1],
        )


def available_cascades() -> tuple[str, ...]:
    """The names of OpenCV's cascades and of those that ship with this package, in alphabetical order."""
    return tuple(sorted(_files()))


def face_cascades() -> tuple[str, ...]:
    """Those that find faces."""
    return tuple(name for name in available_cascades() if name.startswith(("frontalface", "profileface")))


def cascade_xml(name: str) -> str:
    """The XML of one of ``available_cascades()``; raises UserError for another name."""
    files = _files()
    if name not in files:
        raise UserError(
            "There is no cascade {name}. Choose one of: {names}.", name=name, names=", ".join(available_cascades())
        )
    return _read(files[name])


def _files() -> dict[str, Path]:
    brought = Path(cv2.data.haarcascades)  # type: ignore[attr-defined]
    paths = [path for folder in (brought, OWN_CASCADES) for path in folder.glob(f"{_PREFIX}*.xml")]
    names = {path.stem.removeprefix(_PREFIX): path for path in paths}
    return {name: path for name, path in names.items() if name not in _OLD_FORMAT}


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _load(cascade: str) -> cv2.CascadeClassifier:
    # From memory, because CascadeClassifier(path) fails under Windows when the path holds Hangul.
    storage = cv2.FileStorage(cascade_xml(cascade), cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    classifier = cv2.CascadeClassifier()
    classifier.read(storage.getFirstTopLevelNode())
    return classifier
