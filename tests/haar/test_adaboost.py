"""AdaBoost against an example worked by hand, brute force, and scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.tree import DecisionTreeClassifier

from emotion.errors import UserError
from emotion.haar.adaboost import Stump, error_rates, first_weights, next_round, rank, roc, scores

# Six samples, the first three of them faces, and two features.
FACES = np.array([True, True, True, False, False, False])
VALUES = np.array([[1, 2, 7, 5, 6, 8], [3, 6, 7, 4, 5, 2]], float)


def boost(ranking, values, faces, rounds):
    weights = first_weights(faces)
    for _ in range(rounds):
        found = next_round(ranking, values, faces, weights)
        weights = found.weights_after
        yield found


def test_two_rounds_by_hand():
    first, second = boost(rank(VALUES), VALUES.__getitem__, FACES, 2)
    np.testing.assert_allclose(first.weights, np.full(6, 1 / 6))
    # Round 1: feature 0 < 3.5 misses sample 2 only, ε = 1/6, α = ln 5, β = 1/5.
    assert first.feature == 0 and first.stump == Stump(3.5, 1)
    assert first.error == pytest.approx(1 / 6) and first.alpha == pytest.approx(math.log(5))
    assert first.wrong.tolist() == [False, False, True, False, False, False]
    # Before: 1/6 each. Right: 1/6 · 1/5 = 1/30; sum 5/30 + 1/6 = 1/3; so 1/10 each and 1/2 for the wrong one.
    np.testing.assert_allclose(first.weights_after, [0.1, 0.1, 0.5, 0.1, 0.1, 0.1])
    # Round 2: feature 1 > 5.5 misses sample 0 only, ε = 1/10, α = ln 9, β = 1/9.
    assert second.feature == 1 and second.stump == Stump(5.5, -1)
    assert second.error == pytest.approx(0.1) and second.alpha == pytest.approx(math.log(9))
    assert second.wrong.tolist() == [True, False, False, False, False, False]
    # Right: 0.1 / 9 (four times) and 0.5 / 9; sum 0.9 / 9 + 0.1 = 0.2.
    np.testing.assert_allclose(second.weights_after, np.array([4.5, 0.5, 2.5, 0.5, 0.5, 0.5]) / 9)
    # Strong: sample 0 has ln 5 of ln 45, sample 1 all, sample 2 ln 9 of ln 45, the others nothing.
    expected = np.array([math.log(5), math.log(45), math.log(9), 0, 0, 0]) / math.log(45)
    np.testing.assert_allclose(scores((first, second), VALUES.__getitem__), expected)
    assert error_rates((first, second), VALUES.__getitem__, FACES).tolist() == pytest.approx([1 / 6, 1 / 6])


def test_neighbours_in_float32_are_told_apart():
    one = np.float32(1)  # Midway to its neighbour float32 would round down, to the value itself.
    values = np.array([[one, np.nextafter(one, np.float32(2))]])
    (found,) = boost(rank(values), values.__getitem__, np.array([True, False]), 1)
    assert not found.wrong.any()


def _brute_force(values: np.ndarray, faces: np.ndarray, weights: np.ndarray) -> float:
    """The least weighted error over every feature, every threshold between and beside values, and both polarities."""
    least = 1.0
    for line in values:
        places = np.unique(line)
        for threshold in [places[0] - 1, *((places[1:] + places[:-1]) / 2), places[-1] + 1]:
            for polarity in (1, -1):
                wrong = Stump(float(threshold), polarity).faces(line) != faces
                least = min(least, float(weights[wrong].sum()))
    return least


@pytest.mark.parametrize("seed", range(12))
def test_each_round_finds_what_brute_force_and_a_decision_stump_find(seed):
    random = np.random.default_rng(seed)
    samples = int(random.integers(4, 40))
    values = random.integers(0, int(random.choice([4, 1000])), (25, samples)).astype(
        np.float32
    )  # With and without ties.
    faces = np.arange(samples) < random.integers(1, samples)
    weights, ranking = first_weights(faces), rank(values)
    for _round in range(4):
        least = _brute_force(values, faces, weights)
        if least > 0.5 - 1e-9:
            with pytest.raises(UserError, match="No feature tells"):
                next_round(ranking, values.__getitem__, faces, weights)
            return
        found = next_round(ranking, values.__getitem__, faces, weights)
        assert found.error == pytest.approx(max(least, 1e-10))
        tree = DecisionTreeClassifier(max_depth=1).fit(values[[found.feature]].T, faces, weights)
        # Gini need not choose the same threshold, but it can't do better than the least error.
        theirs = weights[tree.predict(values[[found.feature]].T) != faces].sum()
        assert found.error <= theirs + 1e-9
        wrong = found.stump.faces(values[found.feature]) != faces
        np.testing.assert_array_equal(found.wrong, wrong)
        expected = weights * np.where(wrong, 1.0, found.error / (1 - found.error))
        np.testing.assert_allclose(found.weights_after, expected / expected.sum())
        if least > 1e-9:  # After a round its own choice is no better than a coin.
            assert found.weights_after[wrong].sum() == pytest.approx(0.5)
        weights = found.weights_after


def test_where_no_cut_helps_all_samples_are_called_the_same():
    values, faces = np.array([[1.0, 2, 3, 3]]), np.array([False, True, False, False])
    # Nothing is a face: ε = 0.2. The cuts have 0.4 at best (what is above 1.5), and none may stand between 3 and 3.
    found = next_round(rank(values), values.__getitem__, faces, np.array([0.4, 0.2, 0.2, 0.2]))
    assert found.error == pytest.approx(0.2) and not found.stump.faces(values[0]).any()
    found = next_round(rank(values), values.__getitem__, ~faces, np.array([0.4, 0.2, 0.2, 0.2]))
    assert found.error == pytest.approx(0.2) and found.stump.faces(values[0]).all()


def test_whatever_the_weights_the_error_is_the_least():
    random = np.random.default_rng(0)
    for _round in range(100):  # As they may come after many rounds: the faces need not have one half of them.
        values, faces = random.integers(0, 8, (3, 12)).astype(np.float32), np.arange(12) < 6
        weights = random.dirichlet(np.full(12, 0.3))
        found = next_round(rank(values), values.__getitem__, faces, weights)
        assert found.alpha > 0 and found.error == pytest.approx(max(_brute_force(values, faces, weights), 1e-10))


def test_an_exact_feature_keeps_the_weights():
    (found,) = boost(rank(VALUES[:, [0, 1, 3, 4]]), VALUES[:, [0, 1, 3, 4]].__getitem__, FACES[[0, 1, 3, 4]], 1)
    assert found.error == 1e-10 and 20 < found.alpha < 30 and not found.wrong.any()
    np.testing.assert_allclose(found.weights_after, 0.25)


def test_features_that_tell_nothing_are_a_sentence():
    values = np.ones((3, 6))
    with pytest.raises(UserError, match="No feature tells the faces"):
        next(boost(rank(values), values.__getitem__, FACES, 1))


def test_the_first_weights_give_both_sorts_one_half():
    np.testing.assert_allclose(first_weights(np.array([True, False, False, False, False])), [0.5] + [0.125] * 4)


def test_more_than_256_samples_are_ranked():
    values = np.random.default_rng(0).permutation(600).reshape(2, 300)
    np.testing.assert_array_equal(
        np.take_along_axis(values, rank(values).order.astype(int), 1), np.sort(values, axis=1)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_roc_equals_scikit_learns(seed):
    random = np.random.default_rng(seed)
    found, faces = random.integers(0, 8, 50) / 8, random.random(50) < 0.4
    ours = roc(found, faces)
    false, true, _thresholds = roc_curve(faces, found, drop_intermediate=False)
    np.testing.assert_allclose(ours.false_positives, false)
    np.testing.assert_allclose(ours.true_positives, true)
    assert ours.area == pytest.approx(roc_auc_score(faces, found))
