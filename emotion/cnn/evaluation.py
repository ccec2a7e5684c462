"""How good a classifier is on labelled images."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from emotion.cnn.bundle import Card
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import Votes
from emotion.dataset.scan import scan
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.jobs import Progress, in_chunks
from emotion.labels import listed

_CHUNK = 64
"""Images a thread takes at a time: one batch of the Classifier."""


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to N images with known classes.

    ``rows`` int64 (N,) in ``Dataset.everything``, ``labels`` int64 (N,) true classes and ``probabilities`` float32
    (N, K), both in the order of ``classes``, which is that of the bundle.
    """

    classes: tuple[str, ...]
    split: str
    rows: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def n(self) -> int:
        """Images in all."""
        return len(self.labels)

    @cached_property
    def answers(self) -> np.ndarray:
        """The most probable class of each image, int64 (N,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of each answer, float32 (N,)."""
        return self.probabilities.max(axis=1)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Counts int64 (K, K) of images by (true class, answered class)."""
        return confusion_matrix(self.labels, self.answers, len(self.classes))

    @property
    def row_shares(self) -> np.ndarray:
        """The confusion matrix as shares of each true class, float64 (K, K); NaN for a class without images."""
        return _shares(self.confusion, self.confusion.sum(axis=1, keepdims=True))

    @property
    def accuracy(self) -> Metric:
        """The share answered right, with its Wilson interval."""
        return self._metric("accuracy", int(np.trace(self.confusion)))

    @property
    def top_2(self) -> Metric:
        """The share whose true class is one of the two most probable, with its Wilson interval."""
        best = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :2]
        return self._metric("top-2", int((best == self.labels[:, np.newaxis]).any(axis=1).sum()))

    @property
    def precision(self) -> dict[str, float]:
        """For each class the share of right ones among the images answered so; NaN where there are none."""
        return self._by_class(self._right, self.confusion.sum(axis=0))

    @property
    def recall(self) -> dict[str, float]:
        """For each class the share of its images answered right; NaN for a class without images."""
        return self._by_class(self._right, self.confusion.sum(axis=1))

    @property
    def f1(self) -> dict[str, float]:
        """For each class the harmonic mean of precision and recall; NaN for one neither there nor answered."""
        return self._by_class(2 * self._right, self.confusion.sum(axis=0) + self.confusion.sum(axis=1))

    @property
    def macro_f1(self) -> float:
        """The mean of the F1 scores, in which a rare class counts as much as a frequent one."""
        return float(np.nanmean(list(self.f1.values())))

    @property
    def worst_confusion(self) -> tuple[int, int]:
        """The (true class, answered class) of the most frequent mistake; (0, 0) where nothing is wrong."""
        wrong = self.confusion - np.diag(self._right)
        true, answered = np.unravel_index(int(wrong.argmax()), wrong.shape)
        return int(true), int(answered)

    def cell(self, true: int, answered: int) -> np.ndarray:
        """Positions, int64, of the images in one cell of the confusion matrix, the most confident answer first."""
        found = np.flatnonzero((self.labels == true) & (self.answers == answered))
        return found[np.argsort(-self.confidence[found], kind="stable")]

    def take(self, positions: np.ndarray) -> "Evaluation":
        """The evaluation of the images at ``positions``, int64 or bool (N,); UserError where none is left."""
        part = replace(self, rows=self.rows[positions])
        if not part.rows.size:
            raise UserError("No image of {split} is left to measure on. Choose another split.", split=self.split)
        return replace(part, labels=self.labels[positions], probabilities=self.probabilities[positions])

    @property
    def _right(self) -> np.ndarray:
        return np.diag(self.confusion)

    def _metric(self, name: str, right: int) -> Metric:
        return Metric(name, right / self.n, *wilson_interval(right, self.n), self.split, self.n)

    def _by_class(self, part: np.ndarray, whole: np.ndarray) -> dict[str, float]:
        return dict(zip(self.classes, _shares(part, whole).tolist(), strict=True))


@dataclass(frozen=True)
class Roc:
    """A class against all others: shares of false and of true positives, float64 (T,), from (0, 0) to (1, 1).

    Both are empty, and ``area`` NaN, where every image is of the class or none is.
    """

    key: str
    false_positive: np.ndarray
    true_positive: np.ndarray
    area: float


def evaluate(classifier: Classifier, dataset: Dataset, split: str, progress: Progress | None = None) -> Evaluation:
    """Ask the classifier for every readable image of a split, on all cores.

    The dataset may lack classes that the bundle knows, and have them in another order; UserError where it has others.
    ``progress`` is told (images done, images in all).
    """
    card = classifier.bundle.card
    position = outputs_of(dataset, card)
    images = dataset.load(split, (card.input.height, card.input.width))
    row_of = dict(zip(dataset.everything.paths, range(len(dataset.everything.paths)), strict=True))
    rows = np.array([row_of[path] for path in images.paths], np.int64)
    probabilities = on_all_cores(classifier.predict, images.pixels, progress)
    return Evaluation(card.classes, split, rows, position[images.labels], probabilities)


def on_all_cores(
    ask: Callable[[np.ndarray], np.ndarray], faces: np.ndarray, progress: Progress | None = None
) -> np.ndarray:
    """``ask``, a Classifier's ``predict`` or ``embed``, for faces uint8 (N, H, W), N > 0: an interpreter a thread."""
    parts = in_chunks(lambda rows: ask(faces[rows.start : rows.stop]), len(faces), progress, _CHUNK)
    return np.concatenate(list(parts))


def faces_of(found: Evaluation, dataset: Dataset, height: int, width: int) -> np.ndarray:
    """The pictures that were asked about, uint8 (N, height, width), in the order of ``found``."""
    images = dataset.load(found.split, (height, width))
    place = {path: row for row, path in enumerate(images.paths)}
    faces: np.ndarray = images.pixels[[place[dataset.everything.paths[row]] for row in found.rows]]
    return faces


def without_training_copies(found: Evaluation, dataset: Dataset, progress: Progress | None = None) -> Evaluation:
    """The evaluation without images whose pixels are those of a training image of ``dataset``.

    ``progress`` is told (files looked at, files in all). UserError where nothing is left, as in the training split.
    """
    facts = scan(dataset, progress)
    seen = np.unique(facts.digest[facts.readable & (dataset.split_of == SPLITS.index("train"))], axis=0)
    # Rows of two integers as one value each, which can be looked up.
    pair = np.dtype([("first", np.uint64), ("second", np.uint64)])
    own = np.ascontiguousarray(facts.digest[found.rows]).view(pair).ravel()
    return found.take(~np.isin(own, np.ascontiguousarray(seen).view(pair).ravel()))


def by_votes(found: Evaluation, votes: Votes, clear: bool = False) -> Evaluation:
    """The evaluation with the class that most FER+ taggers chose as the true one, of the images where there is one.

    ``votes`` are those of the dataset that was evaluated; ``clear`` keeps the images on which more than half
    of the taggers agree. UserError where no image is left.
    """
    majority = votes.majority(found.classes, clear)[found.rows]
    return replace(found, labels=majority).take(majority >= 0)


def roc(found: Evaluation) -> tuple[Roc, ...]:
    """The receiver operating characteristic of each class against the rest, with the area under it.

    T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006.
    """
    return tuple(_roc(key, found.labels == k, found.probabilities[:, k]) for k, key in enumerate(found.classes))


def confusion_matrix(labels: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Counts int64 (K, K): row = true class, column = answer.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)


def share(name: str, right: np.ndarray, split: str) -> Metric:
    """The share of True in ``right``, bool (N,), N > 0, with its Wilson interval."""
    count, n = int(right.sum()), len(right)
    return Metric(name, count / n, *wilson_interval(count, n), split, n)


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share ``right / n`` (Wilson 1927, J. Am. Stat. Assoc. 22).

    >>> [round(end, 4) for end in wilson_interval(8, 10)]
    [0.4902, 0.9433]
    """
    z = 1.959964
    centre = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(right * (n - right) / n + z * z / 4)
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def outputs_of(dataset: Dataset, card: Card) -> np.ndarray:
    """The output of the network for each class of the dataset, int64; UserError where it lacks one."""
    if not set(dataset.classes) <= set(card.classes):
        raise UserError(
            "“{title}” has the classes {found}, but “{model}” knows {expected}. Choose another dataset or model.",
            title=dataset.title,
            found=listed(dataset.classes),
            model=card.name,
            expected=listed(card.classes),
        )
    return np.array([card.classes.index(key) for key in dataset.classes], np.int64)


def _roc(key: str, positive: np.ndarray, scores: np.ndarray) -> Roc:
    # Imported where it is used: scikit-learn takes a second that no page should wait for.
    from sklearn.metrics import auc, roc_curve

    if positive.all() or not positive.any():
        return Roc(key, np.zeros(0), np.zeros(0), float("nan"))
    false_positive, true_positive, _ = roc_curve(positive, scores)
    return Roc(key, false_positive, true_positive, float(auc(false_positive, true_positive)))


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, NaN where there is nothing to divide by."""
    return np.where(whole, part / np.maximum(whole, 1), np.nan)
