"""What the integral image is good for, measured: the sums of many rectangles, with it and without."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from emotion.haar.integral import integral_image
from emotion.jobs import Progress

COUNTS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
_ATTEMPTS = 3  # The fastest counts: whatever else the machine does only slows it down.


@dataclass(frozen=True, eq=False)
class SumTimes:
    """Milliseconds, float (N,), for the sums of so many rectangles each: ``pixels`` adds up every pixel, ``integral``
    makes the integral image and looks up four entries a rectangle."""

    counts: tuple[int, ...]
    pixels: np.ndarray
    integral: np.ndarray

    @property
    def pays_from(self) -> int | None:
        """The fewest rectangles from which on the integral image is always faster; None where it never is."""
        slower = np.flatnonzero(self.integral >= self.pixels)
        first = slower[-1] + 1 if len(slower) else 0
        return self.counts[first] if first < len(self.counts) else None


def random_rectangles(shape: tuple[int, int], count: int, seed: int = 0) -> np.ndarray:
    """``count`` rectangles of any size and place in a picture of (H, W): int64 (N, 4), row, column, height, width."""
    random = np.random.default_rng(seed)
    heights, widths = (random.integers(1, length + 1, count) for length in shape)
    rows, columns = random.integers(0, shape[0] - heights + 1), random.integers(0, shape[1] - widths + 1)
    return np.stack([rows, columns, heights, widths], axis=1)


def sums_by_pixels(gray: np.ndarray, rectangles: np.ndarray) -> np.ndarray:
    """The sum of each rectangle (N, 4) of ``gray`` uint8 (H, W), pixel by pixel: int64 (N,)."""
    return np.array(
        [
            gray[row : row + height, column : column + width].sum(dtype=np.int64)
            for row, column, height, width in rectangles.tolist()
        ],
        np.int64,
    )


def sums_by_integral(gray: np.ndarray, rectangles: np.ndarray) -> np.ndarray:
    """The same from four entries of the integral image each, D − B − C + A: int64 (N,).

    One rectangle after the other, as ``sums_by_pixels`` goes: all at once NumPy would be faster for another reason.
    """
    at = integral_image(gray)
    return np.array(
        [
            at[row + height, column + width] - at[row + height, column] - at[row, column + width] + at[row, column]
            for row, column, height, width in rectangles.tolist()
        ],
        np.int64,
    )


def time_sums(gray: np.ndarray, counts: Sequence[int] = COUNTS, progress: Progress | None = None) -> SumTimes:
    """Measure both ways on random rectangles of ``gray`` uint8 (H, W); ``progress`` is told (done, in all)."""
    found = np.zeros((2, len(counts)))
    for place, count in enumerate(counts):
        rectangles = random_rectangles((gray.shape[0], gray.shape[1]), count)
        for way, sums in enumerate((sums_by_pixels, sums_by_integral)):
            found[way, place] = min(_milliseconds(sums, gray, rectangles) for _attempt in range(_ATTEMPTS))
        if progress:
            progress(place + 1, len(counts))
    return SumTimes(tuple(counts), found[0], found[1])


def _milliseconds(sums: Callable[[np.ndarray, np.ndarray], np.ndarray], gray: np.ndarray, boxes: np.ndarray) -> float:
    start = time.perf_counter()
    sums(gray, boxes)
    return (time.perf_counter() - start) * 1000
