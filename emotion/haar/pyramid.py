"""The shrunk copies of a picture that a cascade is slid over, and which windows of them OpenCV looks at.

The window keeps its size and the picture shrinks (P. Viola and M. Jones enlarge the window instead, IJCV 2004, section
5). Every rounding here is that of OpenCV's cascadedetect.cpp: one pixel more or less is another set of windows.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """One shrunk copy: ``gray`` uint8 (h, w) is the picture divided by ``scale``, which is float32, as in OpenCV.

    A window of ``window`` (width, height) stands at every ``step``-th pixel; from ``last_row`` on OpenCV tries none.
    """

    gray: np.ndarray
    scale: np.float32
    window: Size
    step: int
    last_row: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many windows stand below and beside each other, (rows, columns)."""
        rows, columns = _positions(self.gray.shape[1::-1], self.window)[::-1]
        return math.ceil(rows / self.step), math.ceil(columns / self.step)

    def boxes(self, numbers: np.ndarray) -> np.ndarray:
        """The windows ``numbers`` (N,), counted row by row, in the whole picture: int64 (N, 4), ``xyxy``.

        The last ones may reach a pixel out of the picture.
        """
        row, column = np.divmod(numbers, self.shape[1])
        corner = np.stack([column, row], axis=1) * self.step
        corner = np.rint(corner.astype(np.float32) * self.scale).astype(np.int64)
        return np.hstack([corner, corner + _rounded(self.window, self.scale)])


def layers(gray: np.ndarray, window: Size, scale_factor: float, min_size: Size, max_size: Size) -> tuple[Layer, ...]:
    """The layers that OpenCV scans ``gray``, uint8 (H, W), in; sizes are (width, height), (0, 0) for no limit."""
    size = gray.shape[1], gray.shape[0]
    scales = _scales(size, window, scale_factor, min_size, max_size)
    if not scales:
        return ()
    stripes = math.ceil(_positions(_shrunk(size, scales[0]), window)[0] / 32)
    made = []
    for scale in scales:
        shrunk, step = _shrunk(size, scale), 1 if scale >= 2 else 2
        picture = cv2.resize(gray, shrunk, interpolation=cv2.INTER_LINEAR_EXACT)
        rows = _positions(shrunk, window)[1]
        # Each of OpenCV's stripes, of which the first layer sets the number, has as many rows; what is left is left.
        last_row = stripes * max((rows // step + stripes - 1) // stripes, 1) * step
        made.append(Layer(picture, scale, window, step, last_row))
    return tuple(made)


def _scales(size: Size, window: Size, scale_factor: float, min_size: Size, max_size: Size) -> list[np.float32]:
    every: list[np.float32] = []
    factor = 1.0
    while _fits(_rounded(window, factor), size):
        every.append(np.float32(factor))
        factor *= scale_factor
    if 0 in max_size:
        max_size = size
    allowed = [
        scale
        for scale in every
        if _fits(_rounded(window, scale), max_size) and _fits(min_size, _rounded(window, scale))
    ]
    if allowed or not every:
        return allowed
    # Where no scale lies within the limits, OpenCV takes the one that is nearest to the smallest size.
    return [min(every, key=lambda scale: math.dist(min_size, _rounded(window, scale)))]


def _fits(inner: Size, outer: Size) -> bool:
    return inner[0] <= outer[0] and inner[1] <= outer[1]


def _rounded(size: Size, factor: float | np.float32) -> Size:
    # Halves to the even number, as cvRound does; a float32 factor multiplies in float32.
    return int(np.rint(size[0] * factor)), int(np.rint(size[1] * factor))


def _shrunk(size: Size, scale: np.float32) -> Size:
    return int(np.rint(np.float32(size[0]) / scale)), int(np.rint(np.float32(size[1]) / scale))


def _positions(size: Size, window: Size) -> Size:
    """How many places a window has in a picture of ``size`` across and down."""
    return max(size[0] + 1 - window[0], 0), max(size[1] + 1 - window[1], 0)
