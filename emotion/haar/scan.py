"""Everything that happened while a cascade was slid over a picture: what each window met with, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emotion.haar.pyramid import Layer


@dataclass(frozen=True, eq=False)
class Scan:
    """All N windows of a scan of ``gray``, uint8 (H, W), layer by layer and there row by row.

    ``reached`` int16 (N,) counts the stages a window passed, which is the number of the one that rejected it, from 0;
    −1 stands for a window with too little contrast to be looked at, ``len(thresholds)`` for one that was accepted.
    ``skipped`` bool (N,) marks windows that OpenCV does not try, evaluated here all the same: the right neighbour of
    one that the first stage rejected, and some last rows. Of each stage, ``entered`` holds the windows that came to it,
    in rising order, and ``sums`` their votes added up, float64; less than the stage's threshold rejects.
    """

    gray: np.ndarray
    layers: tuple[Layer, ...]
    thresholds: tuple[float, ...]
    reached: np.ndarray
    skipped: np.ndarray
    entered: tuple[np.ndarray, ...]
    sums: tuple[np.ndarray, ...]

    @cached_property
    def firsts(self) -> np.ndarray:
        """The number of each layer's first window, and N: int64 (layers + 1,)."""
        return np.cumsum([0, *(layer.shape[0] * layer.shape[1] for layer in self.layers)])

    def layer_of(self, window: int) -> int:
        """The layer that a window belongs to."""
        return int(np.searchsorted(self.firsts, window, side="right")) - 1

    def boxes(self, windows: np.ndarray) -> np.ndarray:
        """Where ``windows`` (M,), in rising order, stand in the picture: int64 (M, 4), ``xyxy``, as ``Layer.boxes``."""
        cuts = np.searchsorted(windows, self.firsts)
        parts = [
            layer.boxes(windows[start:end] - first)
            for layer, first, start, end in zip(self.layers, self.firsts, cuts, cuts[1:], strict=False)
        ]
        return np.concatenate([np.empty((0, 4), np.int64), *parts])

    @property
    def raw(self) -> np.ndarray:
        """The boxes of the accepted windows as OpenCV groups them: int64 (M, 4), ``xyxy``, some a pixel outside."""
        return self.boxes(np.flatnonzero((self.reached == len(self.thresholds)) & ~self.skipped))

    @property
    def accepted(self) -> np.ndarray:
        """The boxes that OpenCV's ``detectMultiScale(…, minNeighbors=0)`` returns: float32 (M, 4), ``xyxy``."""
        return clipped(self.raw, self.gray.shape).astype(np.float32)

    @property
    def funnel(self) -> np.ndarray:
        """How many windows OpenCV tries, how many of these have contrast enough, and how many pass each stage:
        int64 (stages + 2,)."""
        passed = np.bincount(self.reached[~self.skipped] + 1, minlength=len(self.thresholds) + 2)
        return passed[::-1].cumsum()[::-1]

    def stage_sums(self, window: int) -> np.ndarray:
        """The sums of the stages that a window came to, float64 (stages,)."""
        found = []
        for entered, sums in zip(self.entered, self.sums, strict=True):
            place = int(np.searchsorted(entered, window))
            if place == len(entered) or entered[place] != window:
                break
            found.append(sums[place])
        return np.array(found)

    @property
    def grids(self) -> list[np.ndarray]:
        """``reached`` of each layer, as its windows stand beside and below each other: int16 (rows, columns)."""
        parts = np.split(self.reached, self.firsts[1:-1])
        return [part.reshape(layer.shape) for part, layer in zip(parts, self.layers, strict=False)]

    def pixels(self, window: int) -> np.ndarray:
        """What the cascade sees of a window, cut out of its layer: uint8 (height, width)."""
        number = self.layer_of(window)
        layer = self.layers[number]
        row, column = (place * layer.step for place in divmod(window - int(self.firsts[number]), layer.shape[1]))
        width, height = layer.window
        return layer.gray[row : row + height, column : column + width]

    @cached_property
    def heat(self) -> np.ndarray:
        """The most stages any window about a pixel passed: float32 (H, W), −1 too little contrast, NaN no window."""
        heat = np.full(self.gray.shape, np.nan, np.float32)
        height, width = self.gray.shape
        for layer, reached in zip(self.layers, self.grids, strict=True):
            rows, columns = _nearest(layer, np.arange(height), 1), _nearest(layer, np.arange(width), 0)
            inside = _span(rows), _span(columns)
            enlarged = reached[rows[inside[0]]][:, columns[inside[1]]]
            np.fmax(heat[inside], enlarged, out=heat[inside])
        return heat

    def windows_at(self, x: float, y: float) -> np.ndarray:
        """The window about a place of the picture, in each layer that has one: int64, those that got furthest first."""
        found = []
        for layer, first in zip(self.layers, self.firsts, strict=False):
            row, column = int(_nearest(layer, np.array([y]), 1)[0]), int(_nearest(layer, np.array([x]), 0)[0])
            if row >= 0 and column >= 0:
                found.append(first + row * layer.shape[1] + column)
        windows = np.array(found, np.int64)
        return windows[np.argsort(-self.reached[windows], kind="stable")]


def _nearest(layer: Layer, pixels: np.ndarray, axis: int) -> np.ndarray:
    """The row (``axis`` 1) or column (0) of the window whose middle is nearest to each pixel; −1 where none is near."""
    number = np.rint(((pixels + 0.5) / float(layer.scale) - layer.window[axis] / 2) / layer.step).astype(np.int64)
    return np.where((number >= 0) & (number < layer.shape[1 - axis]), number, -1)


def _span(numbers: np.ndarray) -> slice:
    """Where ``numbers``, of which those that are not −1 stand together, are not −1."""
    inside = np.flatnonzero(numbers >= 0)
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0)


def clipped(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The part of each box (N, 4), ``xyxy``, that lies in a picture of (H, W); boxes wholly outside go."""
    height, width = shape[:2]
    boxes = np.clip(boxes, 0, [width, height, width, height])
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


def skipped(rejected: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """Which windows OpenCV never tries, bool (N,); ``rejected`` (N,) marks those that the first stage rejects."""
    sizes = [layer.shape[0] * layer.shape[1] for layer in layers]
    parts = np.split(rejected, np.cumsum(sizes)[:-1])
    found = [_skipped(part.reshape(layer.shape), layer) for part, layer in zip(parts, layers, strict=False)]
    return np.concatenate([np.empty(0, bool), *(part.ravel() for part in found)])


def _skipped(rejected: np.ndarray, layer: Layer) -> np.ndarray:
    """The same within a layer, (rows, columns).

    After a rejection the next window is skipped, whatever it holds, and the one after is tried again. So in a row of
    rejections, counted from 1, every window that follows an odd one is skipped.
    """
    columns = np.arange(rejected.shape[1])
    last_passed = np.maximum.accumulate(np.where(rejected, -1, columns), axis=1)
    skipped = np.zeros(rejected.shape, bool)
    skipped[:, 1:] = (columns - last_passed)[:, :-1] % 2 == 1
    skipped[np.arange(rejected.shape[0]) * layer.step >= layer.last_row] = True
    return skipped
