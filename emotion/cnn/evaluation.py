"""How good a classifier is on labelled images."""

from dataclasses import dataclass

import numpy as np

from emotion.cnn.bundle import Metric
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import Dataset
from emotion.errors import UserError


@dataclass(frozen=True)
class Evaluation:
    """Counts int64 (K, K) of images by (true class, answered class), in the order of ``classes``."""

    classes: tuple[str, ...]
    split: str
    confusion: np.ndarray

    @property
    def n(self) -> int:
        """Images in all."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> Metric:
        """The share answered right, with its Wilson interval."""
        right = int(np.trace(self.confusion))
        return Metric("accuracy", right / self.n, *wilson_interval(right, self.n), self.split, self.n)

    @property
    def recall(self) -> dict[str, float]:
        """For each class the share of its images answered right; NaN for a class without images."""
        totals = self.confusion.sum(axis=1)
        shares = np.where(totals, np.diag(self.confusion) / np.maximum(totals, 1), np.nan)
        return {key: float(share) for key, share in zip(self.classes, shares, strict=True)}


def evaluate(classifier: Classifier, dataset: Dataset, split: str) -> Evaluation:
    """Ask the classifier for every image of a split; UserError if the dataset's classes are not the bundle's."""
    card = classifier.bundle.card
    if dataset.classes != card.classes:
        raise UserError(
            "{root} has the classes {found}, but “{model}” knows {expected}. Choose another dataset or model.",
            root=dataset.root,
            found=", ".join(dataset.classes),
            model=card.name,
            expected=", ".join(card.classes),
        )
    images = dataset.load(split, (card.input.height, card.input.width))
    answers = classifier.predict(images.pixels).argmax(axis=1)
    return Evaluation(card.classes, split, confusion_matrix(images.labels, answers, len(card.classes)))


def confusion_matrix(labels: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Counts int64 (K, K): row = true class, column = answer.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share ``right / n`` (Wilson 1927, J. Am. Stat. Assoc. 22).

    >>> [round(end, 4) for end in wilson_interval(8, 10)]
    [0.4902, 0.9433]
    """
    z = 1.959964
    centre = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(right * (n - right) / n + z * z / 4)
    return float(centre - half), float(centre + half)
