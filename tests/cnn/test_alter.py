"""Altered faces, against arrays worked out by hand, and sweeps, against answers asked for one by one."""

from dataclasses import replace

import numpy as np
import pytest

from emotion.cnn.alter import RANGES, Alteration, Flip, alter, flips, sweep
from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.sample import draw_face
from emotion.haar.crop import crop_face

FACE = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)
BY_HAND = {
    "nothing": (Alteration(), FACE),
    "brighter": (Alteration(brightness=15), FACE + 15),
    "clipped below": (Alteration(brightness=-35), [[0, 0, 0], [5, 15, 25], [35, 45, 55]]),
    "clipped above": (Alteration(brightness=200), [[210, 220, 230], [240, 250, 255], [255, 255, 255]]),
    "half the contrast": (Alteration(contrast=50), [[69, 74, 79], [84, 89, 94], [99, 104, 109]]),
    "no contrast": (Alteration(contrast=0), [[128] * 3] * 3),
    "double contrast, brighter": (Alteration(100, 200), [[0, 12, 32], [52, 72, 92], [112, 132, 152]]),
    "to the right": (Alteration(shift_x=1), [[10, 10, 20], [40, 40, 50], [70, 70, 80]]),
    "up": (Alteration(shift_y=-1), [[40, 50, 60], [70, 80, 90], [70, 80, 90]]),
    "a quarter turn clockwise": (Alteration(rotation=90), [[70, 40, 10], [80, 50, 20], [90, 60, 30]]),
    "turned, then shifted": (Alteration(rotation=90, shift_x=1), [[70, 70, 40], [80, 80, 50], [90, 90, 60]]),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_by_hand(case: str) -> None:
    how, expected = BY_HAND[case]
    found = alter(FACE, how)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


def test_blur_is_a_gaussian() -> None:
    point = np.zeros((5, 5), np.uint8)
    point[2, 2] = 250
    weights = np.exp(-0.5 * (np.arange(-3, 4) / 0.6) ** 2)
    weights = (weights / weights.sum())[1:-1]
    np.testing.assert_allclose(alter(point, Alteration(blur=0.6)), 250 * np.outer(weights, weights), atol=0.51)


def test_a_small_turn_keeps_the_middle_and_is_undone_by_its_opposite() -> None:
    rows, columns = np.mgrid[:47, :47]
    smooth = (100 + 2 * rows + columns).astype(np.uint8)
    turned = alter(smooth, Alteration(rotation=20))
    assert turned[23, 23] == smooth[23, 23]
    # Clockwise: what was above the middle, darker here, comes to its right.
    assert turned[23, 40] < smooth[23, 40] - 5
    back = alter(turned, Alteration(rotation=-20))
    assert np.abs(back[15:32, 15:32].astype(int) - smooth[15:32, 15:32]).max() <= 1


def test_only_what_differs_is_changed() -> None:
    assert Alteration().changed == {}
    assert Alteration(contrast=80, rotation=-3).changed == {"contrast": 80, "rotation": -3}
    assert set(RANGES) == set(vars(Alteration()))
    assert all(RANGES[name].neutral in RANGES[name].values for name in RANGES)


@pytest.mark.parametrize("name", RANGES)
def test_a_sweep_is_what_single_answers_say(name: str) -> None:
    classifier = Classifier(find_bundle("emotion-deck"))
    drawn = draw_face("happy", np.random.default_rng(3))
    face = crop_face(drawn, (0, 0, *drawn.shape[::-1]), 48)
    how = Alteration(brightness=20, rotation=5)
    found = sweep(classifier, face, how, name)
    assert found.shape == (len(RANGES[name].values), 7)
    for place in (0, len(found) // 2, len(found) - 1):
        altered = alter(face, replace(how, **{name: RANGES[name].values[place]}))
        np.testing.assert_allclose(found[place], classifier.predict(altered[np.newaxis])[0], atol=1e-6)


def test_flips_are_counted_outwards_from_the_neutral_value() -> None:
    top = np.zeros(len(RANGES["shift_x"].values), int)  # -12 … 12
    top[:4], top[20:], top[24:] = 2, 1, 0
    assert flips("shift_x", np.eye(3)[top]) == [Flip(-9, 0, 2), Flip(8, 0, 1), Flip(12, 1, 0)]
    blur = np.eye(2)[[0, 0, 1, *[1] * 38]]
    assert flips("blur", blur) == [Flip(pytest.approx(0.2), 0, 1)]
    assert flips("rotation", np.eye(2)[np.zeros(91, int)]) == []
