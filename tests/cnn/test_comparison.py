"""McNemar's test against SciPy and published figures."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from emotion.cnn.comparison import compare, mcnemar
from emotion.cnn.evaluation import Evaluation
from emotion.errors import UserError


def evaluation(labels: list[int], answers: list[int], sure: float = 0.8) -> Evaluation:
    probabilities = np.where(np.eye(3)[answers] > 0, sure, (1 - sure) / 2).astype(np.float32)
    return Evaluation(("a", "b", "c"), "test", np.arange(len(labels)), np.array(labels), probabilities)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (0, 7), (3, 3), (12, 25), (300, 240)])
def test_exact_p_is_the_binomial_test_s(only_first: int, only_second: int) -> None:
    n = only_first + only_second
    expected = binomtest(only_first, n).pvalue if n else 1.0
    assert mcnemar(only_first, only_second)[0] == pytest.approx(expected)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


def test_as_published() -> None:
    # Agresti, "An Introduction to Categorical Data Analysis", 2007, table 8.1: approval of a prime minister.
    assert mcnemar(86, 150)[0] == pytest.approx(3.716e-05, rel=1e-3)
    # Fagerland et al. 2013, table 1 (Bentur et al. 2009): 1 and 7 of 21 children, exact p 0.0703, mid-p 0.0391.
    assert mcnemar(1, 7) == pytest.approx((0.0703, 0.0391), abs=5e-5)


def test_who_is_right_where() -> None:
    first = evaluation([0, 0, 1, 2, 2], [0, 0, 1, 1, 0])
    second = evaluation([0, 0, 1, 2, 2], [0, 1, 1, 2, 1], sure=0.6)
    found = compare(first, second)
    assert found.only_first.tolist() == [1] and found.only_second.tolist() == [3] and found.both_wrong.tolist() == [4]
    assert sorted(found.differing) == [1, 3, 4] and found.difference == 0 and found.p_value == 1
    surer = replace(second, probabilities=second.probabilities.copy())
    surer.probabilities[4] = [0.0, 0.99, 0.01]
    assert compare(first, surer).differing[0] == 4


def test_the_order_of_classes_does_not_matter() -> None:
    first = evaluation([0, 1, 2, 2], [0, 1, 2, 0])
    order = [2, 0, 1]
    second = replace(
        first,
        classes=tuple(first.classes[k] for k in order),
        labels=np.array([order.index(label) for label in first.labels]),
        probabilities=first.probabilities[:, order],
    )
    found = compare(first, second)
    assert not len(found.differing) and found.second.labels.tolist() == first.labels.tolist()
    assert np.array_equal(found.second.probabilities, first.probabilities)


def test_what_can_t_be_compared() -> None:
    first = evaluation([0, 1], [0, 1])
    with pytest.raises(UserError, match="different classes: a, b, c and x, b, c"):
        compare(first, replace(first, classes=("x", "b", "c")))
    with pytest.raises(ValueError, match="same images"):
        compare(first, first.take(np.array([0])))
