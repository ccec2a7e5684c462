"""Groups of copies, against a comparison of everything with everything."""

import numpy as np
import pytest

from emotion.dataset.duplicates import exact_groups, groups_of_pairs, near_pairs
from emotion.jobs import Cancelled


def some_hashes(count: int, seed: int) -> np.ndarray:
    """Random hashes, two thirds of them a few flipped bits away from one of the others."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 2**64, count, np.uint64)
    for row in range(count // 3, count):
        flipped = random.choice(64, random.integers(0, 12), replace=False)
        hashes[row] = hashes[random.integers(row)] ^ np.uint64(sum(1 << int(bit) for bit in flipped))
    return hashes


def brute_force(hashes: np.ndarray, threshold: int, rows: np.ndarray) -> dict[tuple[int, int], int]:
    distances = {
        (int(one), int(other)): int(hashes[one] ^ hashes[other]).bit_count()
        for place, one in enumerate(rows)
        for other in rows[place + 1 :]
    }
    return {pair: distance for pair, distance in distances.items() if distance <= threshold}


@pytest.mark.parametrize("threshold", range(9))
def test_near_pairs_are_those_of_brute_force(threshold: int) -> None:
    hashes = some_hashes(300, seed=threshold)
    rows = np.flatnonzero(np.random.default_rng(9).random(300) < 0.9)
    found = near_pairs(hashes, threshold, rows)
    expected = brute_force(hashes, threshold, rows)
    assert found.complete and len(expected) > 5
    assert dict(zip(map(tuple, found.pairs.tolist()), found.distances.tolist(), strict=True)) == expected
    assert len(found.pairs) == len(expected)


@pytest.mark.parametrize("count", [0, 1])
def test_no_pairs_without_two(count: int) -> None:
    found = near_pairs(np.zeros(count, np.uint64), 8, np.arange(count))
    assert found.pairs.shape == (0, 2) and found.complete and groups_of_pairs(found.pairs) == ()


def test_a_cap_is_told() -> None:
    alike = np.zeros(2_000, np.uint64)  # Two million pairs.
    found = near_pairs(alike, 4, np.arange(2_000), limit=5_000)
    assert len(found.pairs) == 5_000 and not found.complete
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()


def test_the_search_can_be_cancelled() -> None:
    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        near_pairs(some_hashes(50, 0), 4, np.arange(50), cancel)


def test_exact_groups_by_hand() -> None:
    digest = np.array([[5, 1], [2, 2], [5, 1], [5, 2], [2, 2], [5, 1], [9, 9]], np.uint64)
    groups = exact_groups(digest, np.arange(7))
    assert [group.tolist() for group in groups] == [[0, 2, 5], [1, 4]]
    assert [group.tolist() for group in exact_groups(digest, np.array([1, 2, 5, 6]))] == [[2, 5]]
    assert exact_groups(digest, np.array([], np.int64)) == ()


def test_groups_hang_together_through_others() -> None:
    pairs = np.array([[10, 20], [20, 30], [5, 40], [6, 7]])
    assert [group.tolist() for group in groups_of_pairs(pairs)] == [[5, 40], [6, 7], [10, 20, 30]]
