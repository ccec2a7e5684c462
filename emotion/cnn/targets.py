"""What the network is to answer: labels, votes and smoothing as one array, and how much each image counts."""

import numpy as np

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import votes_of
from emotion.dataset.pixels import Images
from emotion.errors import UserError

_HAIR = 5e-7
"""By so much less count the votes, so that the label decides where both would have the same part."""


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """``labels`` int (N,) as float32 (N, classes)."""
    return np.eye(classes, dtype=np.float32)[labels]


def soft_targets(
    labels: np.ndarray,
    classes: int,
    smoothing: float = 0.0,
    counts: np.ndarray | None = None,
    share: float = 0.0,
    neighbours: float = 0.0,
) -> np.ndarray:
    """The distribution that each image's answer is compared with, float32 (N, classes).

    The label alone; where ``counts`` float (N, classes) has votes, a ``share`` of their distribution in its place; of
    each class a share of ``neighbours`` to the ones beside it, as for age groups; then ``smoothing`` of all that spread
    evenly over all classes (C. Szegedy et al., CVPR 2016, section 7).
    """
    targets = one_hot(labels, classes)
    if counts is not None and share:
        sums = counts.sum(axis=1, keepdims=True)
        voted = sums[:, 0] > 0
        share *= 1 - _HAIR
        targets[voted] = (1 - share) * targets[voted] + share * counts[voted] / sums[voted]
    if neighbours:
        targets = targets @ _spread(classes, neighbours)
    return ((1 - smoothing) * targets + smoothing / classes).astype(np.float32)


def _spread(classes: int, share: float) -> np.ndarray:
    """What each class gives to each, float64 (K, K): a ``share`` to those beside it, the rest to itself.

    >>> _spread(3, 0.2).tolist()
    [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]]
    """
    beside = np.eye(classes, k=1) + np.eye(classes, k=-1)
    return (1 - share) * np.eye(classes) + share * beside / beside.sum(axis=1, keepdims=True)


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """A weight for each image, float32 (N,): every class counts the same in all, and the mean weight is 1.

    Every class of ``classes`` must have images.
    """
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * counts))[labels].astype(np.float32)


def usable_votes(dataset: Dataset, images: Images) -> np.ndarray:
    """The FER+ votes for ``images``, float32 (N, K) in the order of the dataset's classes.

    None for a file where half of the taggers or more saw something else than these classes, so that it keeps its label.
    Raises UserError where the dataset has no votes.
    """
    votes = votes_of(dataset)
    if votes is None:
        raise no_votes(dataset)
    row_of = {path: row for row, path in enumerate(dataset.everything.paths)}
    rows = np.array([row_of[path] for path in images.paths], np.int64)
    counts = votes.emotions(dataset.classes)[rows]
    agreed = 2 * counts.sum(axis=1) > votes.counts[rows].sum(axis=1)
    return np.where(agreed[:, np.newaxis], counts, 0).astype(np.float32)


def no_votes(dataset: Dataset) -> UserError:
    """What to say where votes are asked for and the dataset has none."""
    return UserError(
        "{title} has no FER+ votes. Attach them (python -m emotion dataset votes FOLDER CSV), or go by the labels "
        "alone.",
        title=dataset.title,
    )


def stratified_rows(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """About ``count`` rows of ``labels`` (N,), int64, sorted: from every class its share, and of each at least one."""
    random = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chosen.append(random.permutation(rows)[: max(1, round(len(rows) * count / len(labels)))])
    return np.sort(np.concatenate(chosen))
