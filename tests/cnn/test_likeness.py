"""Kernels and Haar features: what is known by looking at it."""

import numpy as np
import pytest

from emotion.cnn.likeness import by_chance, likeness, patterns

SEEN = {
    "edge": [[1, -2, -2], [1, -2, -2], [1, -2, -2]],
    "line": [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]],
    "diagonal": [[1, 1, -1], [1, 1, -1], [-1, -1, 1]],
    "center": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
}


@pytest.mark.parametrize("kind", SEEN)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_haar_feature_is_found_in_itself(kind: str, sign: int) -> None:
    kernel = sign * np.array(SEEN[kind], np.float32)
    found = likeness(kernel * 0.3 + 5)
    assert found.pattern.kind == kind and found.correlation == pytest.approx(1)
    np.testing.assert_array_equal(found.pattern.black, kernel > 0)


def test_the_correlation_is_pearson_s() -> None:
    kernel = np.random.default_rng(1).normal(size=(5, 5))
    expected = max(np.corrcoef(kernel.ravel(), pattern.weights.ravel())[0, 1] for pattern in patterns(5))
    assert likeness(kernel).correlation == pytest.approx(expected)
    assert all(abs(pattern.weights.sum()) < 1e-9 for pattern in patterns(5))


def test_a_kernel_that_is_the_same_everywhere_resembles_nothing() -> None:
    assert likeness(np.ones((3, 3))).correlation == 0


def test_chance_is_what_random_kernels_reach() -> None:
    random = np.random.default_rng(7).normal(size=(400, 3, 3))
    assert by_chance(3) == pytest.approx(np.mean([likeness(kernel).correlation for kernel in random]), abs=0.03)
