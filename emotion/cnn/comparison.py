"""Two models on the same images: is one really better, and where do they differ?"""

from dataclasses import dataclass, replace

import numpy as np

from emotion.cnn.evaluation import Evaluation
from emotion.errors import UserError
from emotion.labels import listed


@dataclass(frozen=True)
class Comparison:
    """The answers of two models to the same images, the classes in the order of the first."""

    first: Evaluation
    second: Evaluation

    @property
    def only_first(self) -> np.ndarray:
        """Positions, int64, of the images that only the first model answers right."""
        return np.flatnonzero(self._first_right & ~self._second_right)

    @property
    def only_second(self) -> np.ndarray:
        """Positions, int64, of the images that only the second model answers right."""
        return np.flatnonzero(self._second_right & ~self._first_right)

    @property
    def differing(self) -> np.ndarray:
        """Positions, int64, of the images with two answers, where the models are surest of them first."""
        found = np.flatnonzero(self.first.answers != self.second.answers)
        return found[np.argsort(-(self.first.confidence + self.second.confidence)[found], kind="stable")]

    @property
    def both_wrong(self) -> np.ndarray:
        """Positions, int64, of the images that the models answer wrong, each in its own way."""
        differ = self.first.answers != self.second.answers
        return np.flatnonzero(differ & ~self._first_right & ~self._second_right)

    @property
    def difference(self) -> float:
        """The second model's accuracy less the first's, −1 to 1."""
        return (len(self.only_second) - len(self.only_first)) / self.first.n

    @property
    def p_value(self) -> float:
        """McNemar's exact test: see ``mcnemar``."""
        return mcnemar(len(self.only_first), len(self.only_second))[0]

    @property
    def mid_p(self) -> float:
        """McNemar's mid-p test: see ``mcnemar``."""
        return mcnemar(len(self.only_first), len(self.only_second))[1]

    @property
    def _first_right(self) -> np.ndarray:
        return self.first.answers == self.first.labels

    @property
    def _second_right(self) -> np.ndarray:
        return self.second.answers == self.second.labels


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Put two evaluations of the same images side by side.

    Raises UserError where the models know other classes than each other, and ValueError for other images.
    """
    if set(first.classes) != set(second.classes):
        raise UserError(
            "The models know different classes: {first} and {second}. Choose two models of one task.",
            first=listed(first.classes),
            second=listed(second.classes),
        )
    if not np.array_equal(first.rows, second.rows):
        raise ValueError("first and second: expected evaluations of the same images, found others")
    return Comparison(first, _in_order(second, first.classes))


def mcnemar(only_first: int, only_second: int) -> tuple[float, float]:
    """How likely two equally good models differ at least so much, two-sided: exact p and mid-p.

    The arguments count the images that one model alone answers right. McNemar's test is the one that T. Dietterich
    recommends for models trained once ("Approximate Statistical Tests for Comparing Supervised Classification
    Learning Algorithms", Neural Computation 10, 1998). Its exact form is cautious; mid-p counts the very outcome by
    half (M. Fagerland et al., BMC Medical Research Methodology 13:91, 2013).

    >>> [round(p, 6) for p in mcnemar(1, 5)]  # 2 · (1 + 6) / 64, and 6 / 64 less.
    [0.21875, 0.125]
    """
    from scipy.special import bdtr

    n, fewer = only_first + only_second, min(only_first, only_second)
    up_to = float(bdtr(fewer, n, 0.5))
    outcome = up_to - (float(bdtr(fewer - 1, n, 0.5)) if fewer else 0.0)
    return min(2 * up_to, 1.0), min(2 * up_to - outcome, 1.0)


def _in_order(found: Evaluation, classes: tuple[str, ...]) -> Evaluation:
    """The same answers with the classes in another order."""
    columns = [found.classes.index(key) for key in classes]
    labels = np.argsort(columns)[found.labels]
    return replace(found, classes=classes, labels=labels, probabilities=found.probabilities[:, columns])
