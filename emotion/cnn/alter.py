"""One face brighter, flatter, blurred, shifted or turned: to see when a network's answer flips."""

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier

_MIDDLE_GRAY = 128


@dataclass(frozen=True)
class Range:
    """The values of a setting, ``low`` to ``high`` by ``step``; at ``neutral`` it changes nothing."""

    low: float
    high: float
    step: float
    neutral: float = 0

    @property
    def values(self) -> np.ndarray:
        """All values in order, float64 (n,)."""
        return self.low + self.step * np.arange(round((self.high - self.low) / self.step) + 1)


RANGES = {
    "brightness": Range(-120, 120, 5),
    "contrast": Range(0, 200, 5, neutral=100),
    "blur": Range(0, 4, 0.1),
    "shift_x": Range(-12, 12, 1),
    "shift_y": Range(-12, 12, 1),
    "rotation": Range(-45, 45, 1),
}


@dataclass(frozen=True)
class Alteration:
    """What is done to a face.

    ``brightness``: gray values added. ``contrast``: distance from middle gray, in percent of what it was. ``blur``:
    standard deviation of a Gaussian, in pixels. ``shift_x`` and ``shift_y``: pixels to the right and down.
    ``rotation``: degrees clockwise about the middle.
    """

    brightness: float = 0
    contrast: float = 100
    blur: float = 0
    shift_x: float = 0
    shift_y: float = 0
    rotation: float = 0

    @property
    def changed(self) -> dict[str, float]:
        """The settings that are not neutral."""
        return {name: value for name, value in vars(self).items() if value != RANGES[name].neutral}


@dataclass(frozen=True)
class Flip:
    """Where, on the way from a setting's neutral ``value`` outwards, the answer goes over to another class.

    ``value`` is the first with the new answer; ``before`` and ``after`` are positions of classes.
    """

    value: float
    before: int
    after: int


def alter(face: np.ndarray, how: Alteration) -> np.ndarray:
    """A face uint8 (H, W) turned and shifted, then blurred, then with another contrast and brightness, in that order.

    What comes in from outside repeats the face's edge. Gray values are rounded once, at the end, and clipped.
    """
    moved = _move(face.astype(np.float32), how)
    if how.blur:
        moved = cv2.GaussianBlur(moved, (0, 0), how.blur, borderType=cv2.BORDER_REPLICATE)
    lit = (moved - _MIDDLE_GRAY) * (how.contrast / 100) + _MIDDLE_GRAY + how.brightness
    return np.clip(np.rint(lit), 0, 255).astype(np.uint8)


def sweep(classifier: Classifier, face: np.ndarray, how: Alteration, name: str) -> np.ndarray:
    """The probabilities float32 (n, K) over all values of the setting ``name``, the others as in ``how``.

    The faces are answered in one batch. ``face`` is uint8 (H, W) in the network's size.
    """
    faces = [alter(face, replace(how, **{name: float(value)})) for value in RANGES[name].values]
    return classifier.predict(np.stack(faces))


def flips(name: str, probabilities: np.ndarray) -> list[Flip]:
    """Where the most probable class changes in a ``sweep`` (n, K) of the setting ``name``; by value."""
    values, top = RANGES[name].values, probabilities.argmax(axis=1)
    start = int(np.abs(values - RANGES[name].neutral).argmin())
    outwards = [*pairwise(range(start, len(values))), *pairwise(range(start, -1, -1))]
    found = [Flip(float(values[to]), int(top[at]), int(top[to])) for at, to in outwards if top[at] != top[to]]
    return sorted(found, key=lambda flip: flip.value)


def _move(face: np.ndarray, how: Alteration) -> np.ndarray:
    height, width = face.shape
    # OpenCV turns anticlockwise, and the middle lies between pixels where their number is even.
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -how.rotation, 1)
    matrix[:, 2] += np.array([how.shift_x, how.shift_y])
    return cv2.warpAffine(face, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
