"""Copies of an image: exact ones by their digest, near ones by the bits their perceptual hashes differ in."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emotion.jobs import Progress

PAIRS_AT_MOST = 200_000
"""Near pairs listed at most; where there are more, the threshold is too wide to tell anything."""


@dataclass(frozen=True)
class NearPairs:
    """``pairs`` int64 (P, 2), rows in ascending order, and the bits each pair differs in, ``distances`` uint8 (P,).

    ``complete`` is false where the search ended early, at ``PAIRS_AT_MOST``.
    """

    pairs: np.ndarray
    distances: np.ndarray
    complete: bool = True


def exact_groups(digest: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Those of ``rows`` int64 that share a digest, uint64 (N, C), with another one: int64 rows of each group.

    Groups stand in the order of their first row, rows in ascending order.

    >>> [group.tolist() for group in exact_groups(np.array([[7, 1], [8, 1], [7, 1], [9, 9]], np.uint64), np.arange(4))]
    [[0, 2]]
    """
    return split_groups(rows, np.unique(digest[rows], axis=0, return_inverse=True)[1])


def split_groups(rows: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, ...]:
    """``rows`` in groups of two and more that have the same integer in ``keys``, in the order of their first row."""
    order = np.argsort(keys, kind="stable")
    groups = np.split(rows[order], np.flatnonzero(np.diff(keys[order])) + 1)
    return tuple(sorted((group for group in groups if len(group) > 1), key=lambda group: group[0]))


def near_pairs(
    hashes: np.ndarray, threshold: int, rows: np.ndarray, progress: Progress | None = None, limit: int = PAIRS_AT_MOST
) -> NearPairs:
    """All pairs among ``rows`` whose ``hashes`` uint64 (N,) differ in at most ``threshold`` bits; none is missed.

    Hashes that differ in t bits agree in one of t + 1 bands at least (the pigeonhole principle), so only hashes with
    an equal band are compared. ``progress`` is told (bands done, bands in all), and often. Memory grows with the
    rows and the pairs found, never with all pairs.
    """
    bands, found, count = _bands(threshold + 1), [np.zeros((0, 3), np.int64)], 0
    for number, band in enumerate(bands):
        for first, second in _equal_in(hashes[rows] & band):
            if progress:
                progress(number, len(bands))
            near = _within(hashes, rows[first], rows[second], threshold, bands[:number])
            found.append(near)
            count += len(near)
            if count > limit:
                break
    near = np.concatenate(found)[:limit]
    near = near[np.lexsort(near.T[::-1])]
    return NearPairs(near[:, :2], near[:, 2].astype(np.uint8), count <= limit)


def groups_of_pairs(pairs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows that hang together by ``pairs`` int64 (P, 2), directly or through others, as ``exact_groups`` gives them.

    >>> [group.tolist() for group in groups_of_pairs(np.array([[3, 9], [1, 3], [4, 5]]))]
    [[1, 3, 9], [4, 5]]
    """
    # Imported where they are used, here and in suspects.py: a page must not wait for SciPy to open.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, ends = np.unique(pairs, return_inverse=True)
    first, second = ends.reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs), np.int8), (first, second)), (len(rows), len(rows)))
    return split_groups(rows, connected_components(graph, directed=False)[1])


def _bands(count: int) -> list[np.uint64]:
    """64 bits dealt into ``count`` masks in turn."""
    return [np.uint64(sum(1 << bit for bit in range(start, 64, count))) for start in range(count)]


def _equal_in(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places of all pairs of equal ``keys``: neighbours in sorted order first, then the ones two apart, and so on."""
    order = np.argsort(keys, kind="stable")
    keys, start = keys[order], np.arange(len(order))
    for apart in range(1, len(order)):
        start = start[start + apart < len(order)]
        start = start[keys[start] == keys[start + apart]]
        if not len(start):
            return
        yield order[start], order[start + apart]


def _within(
    hashes: np.ndarray, first: np.ndarray, second: np.ndarray, threshold: int, earlier: list[np.uint64]
) -> np.ndarray:
    """The near ones among pairs of rows that no earlier band has brought up, int64 (P, 3) with their distance."""
    differing = hashes[first] ^ hashes[second]
    near = np.flatnonzero(np.bitwise_count(differing) <= threshold)
    near = near[[not any((bits & band) == 0 for band in earlier) for bits in differing[near]]]
    pairs = np.sort(np.stack([first[near], second[near]], axis=1), axis=1)
    return np.column_stack([pairs, np.bitwise_count(differing[near])])
