"""What a cascade is made of: features, weak classifiers and stages, as OpenCV's files store them.

P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, sections 3 and 4; R. Lienhart and J. Maydt,
"An extended set of Haar-like features for rapid object detection", ICIP 2002.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emotion.haar.integral import Rectangle, rectangle_corners, tilted_corners

Places = tuple[tuple[int, int], ...]


class WeightedRectangle(NamedTuple):
    """A rectangle of the window and what its sum is multiplied by; of a tilted feature, as in ``tilted_corners``."""

    rectangle: Rectangle
    weight: float


@dataclass(frozen=True)
class CascadeFeature:
    """Two or three weighted rectangles; the feature's value is the sum of weight × rectangle's sum.

    OpenCV's first rectangle is the whole feature with weight −1 (white), the next lie on it with 2 or 3 (black), so
    that the value is black − white with both colours counted as the same area.
    """

    rectangles: tuple[WeightedRectangle, ...]
    tilted: bool = False

    def corners(self, rectangle: Rectangle) -> tuple[tuple[int, int], ...]:
        """Where the integral image is looked up for one of the rectangles: (row, column), taken as 1, −1, −1, 1."""
        return tilted_corners(*rectangle) if self.tilted else rectangle_corners(*rectangle)

    def outline(self, rectangle: Rectangle) -> np.ndarray:
        """The corners of one of the rectangles in the order of a pen that goes round: int (4, 2), (row, column)."""
        first, second, third, last = self.corners(rectangle)
        return np.array([first, second, last, third])

    @property
    def whole(self) -> bool:
        """Whether every weighted sum of gray values is a whole number that float32 holds."""
        largest = sum(abs(weight) * 255 * 2 * box.height * box.width for box, weight in self.rectangles)
        return all(float(weight).is_integer() for _box, weight in self.rectangles) and largest < 2**24

    @cached_property
    def weighted_corners(self) -> tuple[tuple[int, Places, Places], ...]:
        """Each corner once: for every weight the corners that are added with it, and those taken away."""
        weights: Counter[tuple[int, int]] = Counter()
        for rectangle, weight in self.rectangles:
            for corner, sign in zip(self.corners(rectangle), (1, -1, -1, 1), strict=True):
                weights[corner] += sign * int(weight)
        sizes = sorted({abs(weight) for weight in weights.values()} - {0})
        return tuple((size, _having(weights, size), _having(weights, -size)) for size in sizes)


def _having(weights: Counter[tuple[int, int]], weight: int) -> Places:
    return tuple(corner for corner, found in weights.items() if found == weight)


class Node(NamedTuple):
    """A question: is the ``feature``'s value less than ``threshold``? ``left`` if so, else ``right``.

    A child above 0 is the next node; one of 0 or less is minus the number of a leaf.
    """

    feature: int
    threshold: float
    left: int
    right: int


@dataclass(frozen=True)
class WeakClassifier:
    """A stump (one node, two leaves) or a small tree; the leaf a window ends in is its vote."""

    nodes: tuple[Node, ...]
    leaves: tuple[float, ...]

    def votes(self, values: Callable[[int], np.ndarray], node: int = 0) -> np.ndarray:
        """The votes, float64 (N,), of N windows; ``values`` gives a feature's value in each, float32 (N,)."""
        feature, threshold, left, right = self.nodes[node]
        return np.where(values(feature) < threshold, self._branch(values, left), self._branch(values, right))

    def _branch(self, values: Callable[[int], np.ndarray], child: int) -> np.ndarray | float:
        return self.votes(values, child) if child > 0 else self.leaves[-child]


@dataclass(frozen=True)
class Stage:
    """A boosted classifier: a window whose votes sum up to less than ``threshold`` is rejected."""

    threshold: float
    weak: tuple[WeakClassifier, ...]

    def sums(self, values: Callable[[int], np.ndarray], count: int) -> np.ndarray:
        """The sum of the votes in each of ``count`` windows, float64 (N,)."""
        total = np.zeros(count)
        for weak in self.weak:
            total += weak.votes(values)
        return total

    def strongest(self, count: int) -> list[WeakClassifier]:
        """The ``count`` weak classifiers with the most to say: those whose votes lie farthest apart, first."""
        return sorted(self.weak, key=lambda weak: min(weak.leaves) - max(weak.leaves))[:count]
