"""Calibration against sums by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from emotion.cnn.calibration import fit_class_scaling, fit_temperature, reliability, with_temperature


def test_a_reliability_diagram_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.35, 0.65], [0.4, 0.6], [1.0, 0.0]])
    found = reliability(np.array([0, 1, 1, 1, 0]), probabilities, bins=4)
    assert found.counts.tolist() == [0, 0, 2, 3]  # Up to 0.75: two, both right. Over it: three, two right.
    assert found.accuracy[2:] == pytest.approx([1, 2 / 3]) and found.confidence[2:] == pytest.approx([0.625, 0.9])
    assert np.isnan(found.accuracy[:2]).all()
    assert found.expected_error == pytest.approx((2 * (1 - 0.625) + 3 * (0.9 - 2 / 3)) / 5)


def test_an_edge_belongs_to_the_lower_bin_and_nothing_is_lost() -> None:
    found = reliability(np.zeros(3, int), np.array([[0.5, 0.5], [1.0, 0.0], [1.0000001, 0.0]]), bins=2)
    assert found.counts.tolist() == [1, 2]


def test_the_curve_is_scikit_learn_s() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.5, 1, 500)
    probabilities, labels = np.stack([sure, 1 - sure], axis=1), (random.random(500) > sure**2).astype(int)
    found = reliability(labels, probabilities, bins=10)
    accuracy, confidence = calibration_curve(labels == 0, sure, n_bins=10)
    assert found.accuracy[found.counts > 0] == pytest.approx(accuracy)
    assert found.confidence[found.counts > 0] == pytest.approx(confidence)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature: float) -> None:
    random = np.random.default_rng(0)
    honest = random.dirichlet([1, 1, 1], 20_000)
    labels = (honest.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    # Answers that are as sure as the truth to the power of the temperature need just that temperature.
    boasting = honest**temperature / (honest**temperature).sum(axis=1, keepdims=True)
    assert fit_temperature(labels, boasting) == pytest.approx(temperature, rel=0.05)
    before, after = (reliability(labels, p) for p in (boasting, with_temperature(boasting, temperature)))
    assert after.expected_error < 0.02 and (temperature == 1 or after.expected_error < before.expected_error)


@pytest.mark.parametrize(("label", "temperature"), [(0, 1.0), (1, 20.0)])
def test_who_is_always_right_stays_as_sure_and_who_never_is_becomes_timid(label: int, temperature: float) -> None:
    answers = np.tile([0.6, 0.4], (300, 1))
    assert fit_temperature(np.full(300, label), answers) == temperature


def test_the_timid_get_the_least_temperature() -> None:
    labels = np.r_[np.zeros(91, int), np.ones(9, int)]
    assert fit_temperature(labels, np.tile([0.34, 0.33, 0.33], (100, 1))) == 0.05


def test_sums_that_float32_still_tells_apart_count_in_full() -> None:
    random = np.random.default_rng(0)
    sums = random.normal(scale=40, size=(4000, 3))
    sums -= sums.max(axis=1, keepdims=True)
    powers = np.exp(sums / 40)
    honest = powers / powers.sum(axis=1, keepdims=True)
    labels = (honest.cumsum(axis=1) < random.random((4000, 1))).sum(axis=1)
    sure = np.exp(sums) / np.exp(sums).sum(axis=1, keepdims=True)
    assert fit_temperature(labels, np.maximum(sure, 1e-37)) > 17  # The last temperature there is, 20, would be right.
    assert with_temperature(np.array([[1.0, 1e-30]]), 30.0)[0, 1] == pytest.approx(1 / 11)


def test_a_temperature_divides_the_sums_before_the_softmax() -> None:
    sums = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 90.0]])
    softmax = np.exp(sums - sums.max(axis=1, keepdims=True))
    expected = np.exp(sums[:1] / 3) / np.exp(sums[:1] / 3).sum()
    spread = with_temperature(softmax / softmax.sum(axis=1, keepdims=True), 3.0)
    assert spread[:1] == pytest.approx(expected)
    assert np.isfinite(spread).all() and spread.sum(axis=1) == pytest.approx([1, 1])  # Where float32 has zeros too.


def test_known_factors_and_shifts_of_the_classes_are_found() -> None:
    sums = np.random.default_rng(0).normal(scale=2, size=(5000, 3))
    sums -= sums.mean(axis=1, keepdims=True)
    factors, shifts = np.array([0.5, 1.0, 2.0]), np.array([-1.0, 0.25, 0.75])
    truth, said = (np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in (factors * sums + shifts, sums))
    found_factors, found_shifts = fit_class_scaling(truth, said)
    assert found_factors == pytest.approx(factors, rel=1e-2)
    # What is added to all classes alike makes no difference.
    assert found_shifts - found_shifts.mean() == pytest.approx(shifts, abs=1e-2)
