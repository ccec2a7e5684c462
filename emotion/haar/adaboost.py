"""AdaBoost, round by round: from thousands of weak classifiers to a strong one.

Y. Freund and R. Schapire, "A decision-theoretic generalization of on-line learning and an application to boosting",
Journal of Computer and System Sciences 55(1), 1997; in the form of P. Viola and M. Jones, "Robust real-time face
detection", IJCV 57(2), 2004, table 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emotion.errors import UserError
from emotion.jobs import in_chunks

_FEATURES = 1024  # At a time, so that they stay in a core's cache.
# A weak classifier without an error would have an infinite say.
_LEAST_ERROR = 1e-10

Values = Callable[[int], np.ndarray]
"""Gives a feature's value in each sample, float (N,)."""


class Stump(NamedTuple):
    """A weak classifier: a face where ``polarity`` × value < ``polarity`` × ``threshold``.

    With polarity 1 that is where the feature's value is below the threshold, with −1 above.
    """

    threshold: float
    polarity: int

    def faces(self, values: np.ndarray) -> np.ndarray:
        """Which samples it calls faces: bool (N,)."""
        # In float64: the threshold lies between two values that may be neighbours in float32.
        return self.polarity * values.astype(np.float64) < self.polarity * self.threshold


@dataclass(frozen=True, eq=False)
class Round:
    """What a round chose and what came of it.

    ``feature`` is its number, ``error`` its weighted error ε, ``alpha`` its say α = ln((1 − ε) / ε). ``weights`` float
    (N,) are the samples' weights it was chosen by, ``weights_after`` those of the next round (each sums up to 1), and
    ``wrong`` bool (N,) the samples that it gets wrong, whose weights grow.
    """

    feature: int
    stump: Stump
    error: float
    alpha: float
    weights: np.ndarray
    weights_after: np.ndarray
    wrong: np.ndarray


@dataclass(frozen=True, eq=False)
class Ranking:
    """Each feature's samples in the order of its values: found once, used in every round.

    ``order`` uint8 or uint16 (F, N) holds samples; ``cuts`` bool (F, N) marks where a threshold may stand after one,
    since the next one's value is larger.
    """

    order: np.ndarray
    cuts: np.ndarray


def rank(values: np.ndarray) -> Ranking:
    """Sort the ``values`` (F, N) of F features on N samples, fewer than 65,536."""
    order = values.argsort(axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    cuts = np.zeros(values.shape, bool)
    cuts[:, :-1] = ordered[:, 1:] > ordered[:, :-1]
    return Ranking(order.astype(np.uint8 if values.shape[1] <= 256 else np.uint16), cuts)


def first_weights(faces: np.ndarray) -> np.ndarray:
    """The weights to begin with, float (N,): the faces, where ``faces`` bool (N,) is True, have one half together."""
    return np.where(faces, 0.5 / max(faces.sum(), 1), 0.5 / max((~faces).sum(), 1))


def next_round(ranking: Ranking, values: Values, faces: np.ndarray, weights: np.ndarray) -> Round:
    """Choose the weak classifier of the least weighted error; ``faces`` bool (N,), ``weights`` float (N,) sum up to 1.

    Raises UserError where no feature tells faces from the others better than a coin.
    """
    feature, least = _best_feature(ranking, faces, weights)
    if least > 0.5 - 1e-9:
        raise UserError("No feature tells the faces from the other patches any more. Take other patches.")
    found = values(feature)
    stump = _best_stump(found, faces, weights)
    wrong = stump.faces(found) != faces
    error = max(float(weights[wrong].sum()), _LEAST_ERROR)
    # What is right weighs β = ε / (1 − ε) of what it did, so that wrong and right then weigh the same.
    after = weights * np.where(wrong, 1, error / (1 - error))
    return Round(feature, stump, error, float(np.log((1 - error) / error)), weights, after / after.sum(), wrong)


def _best_feature(ranking: Ranking, faces: np.ndarray, weights: np.ndarray) -> tuple[int, float]:
    """The feature whose best threshold has the least error, and that error."""
    signed = np.where(faces, weights, -weights)
    of_faces, of_others = weights[faces].sum(), weights[~faces].sum()

    def errors(rows: range) -> np.ndarray:
        some = slice(rows.start, rows.stop)
        # Below the threshold: the faces' weight − the others'. Where it can't stand 0, as if it stood below all.
        below = signed[ranking.order[some]].cumsum(axis=1)
        below *= ranking.cuts[some]
        return np.minimum(of_faces - below.max(axis=1), of_others + below.min(axis=1))

    found = np.concatenate(list(in_chunks(errors, len(ranking.order), chunk=_FEATURES)))
    feature = int(found.argmin())
    return feature, float(found[feature])


def _best_stump(values: np.ndarray, faces: np.ndarray, weights: np.ndarray) -> Stump:
    """The threshold, midway between two values or below all of them, and the polarity with the least error."""
    order = values.argsort()
    ordered = values[order].astype(np.float64)
    below = np.where(faces, weights, -weights)[order].cumsum()[:-1]
    # Where it can't stand 0, as below all values: that comes first, so argmax and argmin take it of these.
    below = np.append(0, np.where(ordered[1:] > ordered[:-1], below, 0))
    places = np.append(ordered[0] - 1, (ordered[1:] + ordered[:-1]) / 2)
    most, least = int(below.argmax()), int(below.argmin())
    if weights[faces].sum() - below[most] <= weights[~faces].sum() + below[least]:
        return Stump(float(places[most]), 1)
    return Stump(float(places[least]), -1)


def scores(rounds: Sequence[Round], values: Values) -> np.ndarray:
    """The strong classifier's score of each sample, float (N,), 0…1: the share of the says that call it a face.

    One half or more is a face.
    """
    says = sum(found.alpha * found.stump.faces(values(found.feature)) for found in rounds)
    return np.asarray(says / sum(found.alpha for found in rounds))


def error_rates(rounds: Sequence[Round], values: Values, faces: np.ndarray) -> np.ndarray:
    """The share of the samples that the strong classifier gets wrong after each of ``rounds``, one at least: (R,)."""
    alphas = np.array([found.alpha for found in rounds])
    says = np.array([found.alpha * found.stump.faces(values(found.feature)) for found in rounds]).cumsum(axis=0)
    return np.asarray(((says / alphas.cumsum()[:, None] >= 0.5 - 1e-12) != faces).mean(axis=1))


class Roc(NamedTuple):
    """False and true positive rates, float (K,), rising from 0 to 1, as the score that makes a face is lowered."""

    false_positives: np.ndarray
    true_positives: np.ndarray

    @property
    def area(self) -> float:
        """The area below: how often a face scores higher than another patch."""
        return float(np.trapezoid(self.true_positives, self.false_positives))


def roc(scores: np.ndarray, faces: np.ndarray) -> Roc:
    """The receiver operating characteristic of ``scores`` (N,) for ``faces`` bool (N,), of which some are and some not.

    >>> roc(np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, True, False, False])).true_positives.tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    true, false = faces[order].cumsum()[last], (~faces[order]).cumsum()[last]
    return Roc(np.append(0, false) / max((~faces).sum(), 1), np.append(0, true) / max(faces.sum(), 1))
