"""Every window of a pyramid at once: their integral images stacked in one row, so that one index finds any."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion.haar.integral import Rectangle, integral_image, rectangle_corners, squared_integral, tilted_integral
from emotion.haar.pyramid import Layer
from emotion.haar.stages import CascadeFeature


@dataclass(frozen=True, eq=False)
class Windows:
    """N windows that begin at ``starts``, int64 (N,), of ``integral``; one row further down lies ``line`` numbers on.

    ``integral``, ``squares`` and ``tilted`` (None where no feature is) hold the integral images of all layers.
    """

    line: int
    starts: np.ndarray
    integral: np.ndarray
    squares: np.ndarray
    tilted: np.ndarray | None

    def sums(self, integral: np.ndarray, corners: Sequence[tuple[int, int]], starts: np.ndarray) -> np.ndarray:
        """The sum of a rectangle, in every window that begins at ``starts`` (M,): (M,), whole numbers."""
        # A view from further on saves an addition each: its entry i is entry i + offset.
        first, second, third, last = (integral[row * self.line + column :].take(starts) for row, column in corners)
        return last - second - third + first

    def norms(self, inner: Rectangle) -> tuple[np.ndarray, np.ndarray]:
        """What each window's features are multiplied by, float32 (N,), and whether it has contrast enough, bool (N,).

        The factor is 1 / (area × standard deviation) of the rectangle ``inner``, so that features do not depend on the
        light; a standard deviation of 10 or less is too little, as in a clear sky.
        """
        area = inner.height * inner.width
        total = self.sums(self.integral, rectangle_corners(*inner), self.starts).astype(np.float64)
        squares = self.sums(self.squares, rectangle_corners(*inner), self.starts).astype(np.float64)
        spread = area * squares - total**2
        norm = np.ones(len(spread), np.float32)
        np.divide(1, np.sqrt(spread, where=spread > 0, out=spread), where=spread > 0, out=norm, casting="same_kind")
        return norm, (spread > 0) & (area * norm.astype(np.float64) < 0.1)

    def plain_values(self, feature: CascadeFeature, starts: np.ndarray, norms: np.ndarray) -> np.ndarray:
        """A feature's values, float32 (M,), in the windows that begin at ``starts``: rectangle by rectangle.

        In float32 and in this order, as OpenCV adds up: a value may lie one rounding away from its threshold.
        """
        total = np.zeros(len(starts), np.float32)
        for rectangle, weight in feature.rectangles:
            sums = self.sums(self._image(feature), feature.corners(rectangle), starts)
            total += sums.astype(np.float32) * np.float32(weight)
        return total * norms

    def values(self, feature: CascadeFeature, starts: np.ndarray, norms: np.ndarray) -> np.ndarray:
        """``plain_values`` in a third less time: corners that rectangles share are looked up once.

        Only whole weights allow that without another rounding, and OpenCV's cascades have no others.
        """
        if not feature.whole:
            return self.plain_values(feature, starts, norms)
        image, total = self._image(feature), np.zeros(len(starts), np.int32)
        for weight, added, taken in feature.weighted_corners:
            part = np.zeros(len(starts), np.int32)
            for row, column in added:
                part += image[row * self.line + column :].take(starts)
            for row, column in taken:
                part -= image[row * self.line + column :].take(starts)
            total += part if weight == 1 else part * weight
        return total.astype(np.float32) * norms

    def _image(self, feature: CascadeFeature) -> np.ndarray:
        if not feature.tilted:
            return self.integral
        assert self.tilted is not None, "made without tilted features"
        return self.tilted


def all_windows(layers: Sequence[Layer], tilted: bool) -> Windows:
    """The windows of all ``layers``, one after the other, each row by row."""
    line = max((layer.gray.shape[1] for layer in layers), default=0) + 1
    starts, first = [np.empty(0, np.int64)], 0
    for layer in layers:
        row, column = np.divmod(np.arange(math.prod(layer.shape)), layer.shape[1])
        starts.append(((row * line) + column) * layer.step + first)
        first += (layer.gray.shape[0] + 1) * line
    # 32 bits wrap round in large pictures, and back in the differences, of which every window's fits.
    return Windows(
        line,
        np.concatenate(starts),
        _stacked([integral_image(layer.gray) for layer in layers], line, np.int32),
        _stacked([squared_integral(layer.gray) for layer in layers], line, np.int64),
        _stacked([tilted_integral(layer.gray) for layer in layers], line, np.int32) if tilted else None,
    )


def _stacked(integrals: list[np.ndarray], line: int, dtype: type) -> np.ndarray:
    stack: np.ndarray = np.zeros((sum(len(integral) for integral in integrals), line), dtype)
    top = 0
    for integral in integrals:
        stack[top : top + len(integral), : integral.shape[1]] = integral
        top += len(integral)
    return stack.ravel()
