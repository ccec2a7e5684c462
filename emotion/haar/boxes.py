"""What boxes have to do with each other: how far two overlap, and which of two sets belong together."""

import numpy as np


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of ``first`` (N, 4) with each of ``second`` (M, 4): float (N, M), 0…1.

    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2], [4, 4, 5, 5]])).round(2).tolist()
    [[0.33, 0.0]]
    """
    shared = _shared(first, second)
    return shared / np.maximum(_areas(first)[:, None] + _areas(second) - shared, 1e-9)


def covered(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How much of the smaller box of each pair lies in the other one; shapes as ``iou``.

    >>> covered(np.array([[0, 0, 4, 4]]), np.array([[1, 1, 3, 3], [3, 0, 5, 4]])).tolist()
    [[1.0, 0.5]]
    """
    return _shared(first, second) / np.maximum(np.minimum(_areas(first)[:, None], _areas(second)), 1e-9)


def match(found: np.ndarray, truth: np.ndarray, least: float) -> np.ndarray:
    """For each box of ``found`` (N, 4) the number of its box of ``truth`` (M, 4), or −1: int (N,).

    The pair that overlaps most is matched first, each box once, down to an IoU of ``least``.

    >>> match(np.array([[0, 0, 2, 2], [0, 0, 2, 3], [9, 9, 10, 10]]), np.array([[0, 0, 2, 2]]), least=0.5)
    array([ 0, -1, -1])
    """
    overlap, partner = iou(found, truth), np.full(len(found), -1)
    for place in np.argsort(-overlap, axis=None, kind="stable"):
        one, other = np.unravel_index(place, overlap.shape)
        if overlap[one, other] < least:
            break
        if partner[one] < 0 and other not in partner:
            partner[one] = other
    return partner


def same(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two sets of boxes (N, 4) and (M, 4) are the same ones, in whatever order.

    >>> same(np.array([[0, 0, 2, 2], [1, 1, 3, 3]]), np.array([[1, 1, 3, 3], [0, 0, 2, 2]]))
    True
    """
    return sorted(first.tolist()) == sorted(second.tolist())


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.clip(opposite - corner, 0, None).prod(axis=2)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
