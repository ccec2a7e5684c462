"""Whether a model is right as often as it is sure to be.

C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
"""

from dataclasses import dataclass

import numpy as np

BINS = 15
"""As many as in the paper."""
_TEMPERATURES = (0.05, 20.0)
# What float32 rounds to zero would be infinitely unlikely.
_LEAST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Reliability:
    """Answers sorted into B equal bins of confidence, of which ``edges`` float64 (B + 1,) belong to the lower one.

    ``counts`` int64 (B,); ``confidence`` and ``accuracy`` float64 (B,) are means, NaN in an empty bin.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def expected_error(self) -> float:
        """The expected calibration error, 0 to 1: the mean gap of accuracy and confidence (section 2, equation 3)."""
        return float(np.nansum(self.counts * np.abs(self.accuracy - self.confidence)) / self.counts.sum())


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> Reliability:
    """The reliability diagram of probabilities (N, K) for images of the classes ``labels`` int64 (N,), N > 0."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    # A softmax of float32 may exceed 1 by a rounding error.
    bin_of = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts, confident, correct = (np.bincount(bin_of, weights, bins) for weights in (None, confidence, right))
    filled = np.where(counts, counts, np.nan)
    return Reliability(edges, counts, confident / filled, correct / filled)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature, 0.05 to 20, by which ``with_temperature`` makes answers on average as sure as they are right.

    Over 1 the model was too sure, under 1 too timid; 1 where every answer is right. Fit it on images that the model was
    not trained on: ``labels`` int64 (N,) and ``probabilities`` (N, K) of validation. L. Clarté, B. Loureiro, F.
    Krzakala and L. Zdeborová, "Expectation consistency for calibration of neural networks", UAI 2023: of labels that
    are often wrong it asks less than their likelihood does.
    """
    from scipy.optimize import brentq

    accuracy = (probabilities.argmax(axis=1) == labels).mean()

    def too_sure(logarithm: float) -> float:
        spread = with_temperature(probabilities, float(np.exp(logarithm)))
        return float(spread.max(axis=1).mean() - accuracy)

    least, most = np.log(_TEMPERATURES)
    if accuracy == 1:  # Nothing tells how sure is too sure.
        return 1.0
    if too_sure(least) <= 0:
        return _TEMPERATURES[0]
    if too_sure(most) >= 0:
        return _TEMPERATURES[1]
    return float(np.exp(brentq(too_sure, least, most)))


def fit_class_scaling(targets: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each class the factor, over 0, and the shift of its sum that make ``targets`` likeliest, both float64 (K,).

    Vector scaling (section 4.2): unlike a temperature it also moves answers from one class to another. ``targets``
    float (N, K), each row of sum 1 and each class with a part somewhere, and ``probabilities`` (N, K) are of images
    that the model was not trained on; the factors are for sums whose mean over the classes is 0.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    sums = _sums(probabilities)
    sums -= sums.mean(axis=1, keepdims=True)
    images, classes = sums.shape

    def unlikeliness(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        factors, shifts = np.exp(parameters[:classes]), parameters[classes:]
        spread = log_softmax(sums * factors + shifts, axis=1)
        wrong = (np.exp(spread) - targets) / images
        slope = np.concatenate([(wrong * sums).sum(axis=0) * factors, wrong.sum(axis=0)])
        return float(-(targets * spread).sum() / images), slope

    found = minimize(unlikeliness, np.zeros(2 * classes), jac=True, method="L-BFGS-B").x
    return np.exp(found[:classes]), found[classes:]


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (N, K) as they were with the network's last sums divided by ``temperature``, float64 (N, K).

    >>> with_temperature(np.array([[0.9, 0.1]]), 2.0).round(3).tolist()  # The root of 9 : 1 is 3 : 1.
    [[0.75, 0.25]]
    """
    from scipy.special import softmax

    return softmax(_sums(probabilities) / temperature, axis=1)


def _sums(probabilities: np.ndarray) -> np.ndarray:
    """The sums before the softmax but for what all classes of an image share, which the softmax does not see."""
    return np.log(np.maximum(probabilities.astype(np.float64), _LEAST))
