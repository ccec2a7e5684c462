"""From many windows about a face to one box, as OpenCV's ``groupRectangles`` makes it."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

_CLOSE = 0.2  # detectMultiScale's own (GROUP_EPS): sides may lie this part of the smaller box's side apart.
_ROWS = 512


class Groups(NamedTuple):
    """Which group each of N boxes belongs to, int (N,), each group's mean box, int64 (G, 4) ``xyxy``, and its size.

    ``kept`` bool (G,) marks the groups that become a result.
    """

    members: np.ndarray
    boxes: np.ndarray
    sizes: np.ndarray
    kept: np.ndarray


def group_boxes(boxes: np.ndarray, min_neighbors: int) -> np.ndarray:
    """One box for each group of more than ``min_neighbors`` similar ``boxes``, whole numbers (N, 4) ``xyxy``: (M, 4).

    With ``min_neighbors`` 0 the boxes stay as they are. Equals ``cv2.groupRectangles(…, min_neighbors, 0.2)``.
    """
    if min_neighbors <= 0 or not len(boxes):
        return boxes
    groups = find_groups(boxes, min_neighbors)
    return groups.boxes[groups.kept]


def find_groups(boxes: np.ndarray, min_neighbors: int) -> Groups:
    """The groups of ``boxes``, whole numbers (N, 4) ``xyxy``: chains of similar ones belong together.

    A group is dropped when it has ``min_neighbors`` boxes or fewer, or lies inside a group of more than 3 boxes and
    more than its own; one of fewer than 3 boxes also where it lies inside any other. So does OpenCV.
    """
    if not len(boxes):
        return Groups(np.empty(0, int), np.empty((0, 4), np.int64), np.empty(0, int), np.empty(0, bool))
    _count, members = connected_components(_similar(boxes), directed=False)
    sizes = np.bincount(members)
    # Corner and size, not two corners: OpenCV rounds these, and in float32.
    xywh = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    totals = np.stack([np.bincount(members, column) for column in xywh.T], axis=1)
    share = np.float32(1) / sizes.astype(np.float32)
    means = np.rint(totals.astype(np.float32) * share[:, None]).astype(np.int64)
    means[:, 2:] += means[:, :2]
    enough = sizes > min_neighbors
    return Groups(members, means, sizes, enough & ~_swallowed(means, sizes, enough))


def _similar(boxes: np.ndarray) -> csr_array:
    """Whether each side of two boxes lies close to the other's: bool (N, N), sparse, a few rows at a time."""
    size = boxes[:, 2:] - boxes[:, :2]
    rows = []
    for first in range(0, len(boxes), _ROWS):
        some = slice(first, first + _ROWS)
        smaller = np.minimum(size[some, None], size).sum(axis=2)
        apart = np.abs(boxes[some, None] - boxes).max(axis=2)
        rows.append(csr_array(apart <= _CLOSE * smaller * 0.5))
    return vstack(rows)


def _swallowed(boxes: np.ndarray, sizes: np.ndarray, enough: np.ndarray) -> np.ndarray:
    """Which groups' boxes lie within that of a larger group, give or take a fifth of it: bool (G,)."""
    margin = np.rint((boxes[:, 2:] - boxes[:, :2]) * _CLOSE).astype(np.int64)
    outer = np.hstack([boxes[:, :2] - margin, boxes[:, 2:] + margin])
    inside = (boxes[:, None, :2] >= outer[:, :2]).all(axis=2) & (boxes[:, None, 2:] <= outer[:, 2:]).all(axis=2)
    stronger = (sizes > np.maximum(3, sizes[:, None])) | (sizes[:, None] < 3)
    return (inside & stronger & enough & ~np.eye(len(boxes), dtype=bool)).any(axis=1)
