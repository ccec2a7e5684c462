"""How much a learned kernel is like a Haar feature: the deck's comparison of the CNN with Viola–Jones.

P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001, figure 1, and
the center-surround feature of R. Lienhart and J. Maydt, ICIP 2002.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from emotion.i18n import N_

KINDS = {
    "edge": N_("edge"),
    "line": N_("line"),
    "diagonal": N_("four rectangles"),
    "center": N_("center-surround"),
}


@dataclass(frozen=True, eq=False)
class Pattern:
    """A Haar feature that fills a small square: ``black`` bool (k, k); ``kind`` is one of ``KINDS``."""

    kind: str
    black: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Each cell's weight in the feature's value, mean of black − mean of white, float64 (k, k)."""
        return np.where(self.black, 1 / self.black.sum(), -1 / (~self.black).sum())


@dataclass(frozen=True, eq=False)
class Likeness:
    """The ``pattern`` that a kernel resembles most, and their ``correlation``, 0 to 1."""

    pattern: Pattern
    correlation: float


@cache
def patterns(side: int) -> tuple[Pattern, ...]:
    """All Haar features that fill a square of ``side`` cells, black and white either way; ``side`` is 3 at least.

    >>> len(patterns(3))
    22
    """
    found: list[tuple[str, np.ndarray]] = []
    cells = np.arange(side)
    splits = [cells < at for at in range(1, side)]
    stripes = [(cells >= a) & (cells < b) for a in range(1, side) for b in range(a + 1, side)]
    for kind, masks in (("edge", splits), ("line", stripes)):
        for mask in masks:
            across = np.broadcast_to(mask, (side, side))
            found += [(kind, across), (kind, across.T)]
    found += [("diagonal", rows[:, None] ^ columns) for rows in splits for columns in splits]
    found += [("center", rows[:, None] & columns) for rows in stripes for columns in stripes]
    return tuple(Pattern(kind, black) for kind, mask in found for black in (mask, ~mask))


def likeness(kernel: np.ndarray) -> Likeness:
    """The Haar feature that a kernel (k, k) resembles most by Pearson's correlation; of two alike the simpler one."""
    known = patterns(len(kernel))
    correlations = _unit(np.stack([pattern.weights for pattern in known])) @ _unit(kernel[np.newaxis])[0]
    best = int((correlations > correlations.max() - 1e-9).argmax())
    return Likeness(known[best], float(correlations[best]))


@cache
def by_chance(side: int, count: int = 1000) -> float:
    """The mean of ``likeness`` over kernels of random numbers: so much is no merit of the training."""
    noise = np.random.default_rng(0).normal(size=(count, side, side))
    known = _unit(np.stack([pattern.weights for pattern in patterns(side)]))
    return float((_unit(noise) @ known.T).max(axis=1).mean())


def _unit(weights: np.ndarray) -> np.ndarray:
    """Arrays (n, k, k) as rows (n, k·k) of mean 0 and length 1; what is the same everywhere as zeros."""
    rows = weights.reshape(len(weights), -1).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-12)
