"""Figures by age and gender, worked by hand."""

import numpy as np
import pytest

from emotion.cnn.evaluation import Evaluation
from emotion.cnn.people import age_error, people_of, within_one_group

AGES = ("20-29", "30-39", "40-49")
NAMES = ("validation/20-29/25_0_2_1.png", "validation/20-29/29_1_0_2.png", "validation/40-49/41_1_0_3.jpg.chip.jpg")


def answers(classes: tuple[str, ...] = AGES) -> Evaluation:
    probabilities = np.array([[1, 0, 0], [0, 0, 1], [0.5, 0.5, 0]], np.float32)
    return Evaluation(classes, "validation", np.arange(3), np.array([0, 0, 2]), probabilities)


def test_names_tell_who_is_on_them() -> None:
    people = people_of(NAMES)
    assert people is not None
    assert people.ages.tolist() == [25, 29, 41] and people.genders.tolist() == [0, 1, 1]
    groups = {name: np.flatnonzero(rows).tolist() for name, rows in people.groups.items()}
    assert groups == {
        "male": [0], "female": [1, 2], "20-29": [0, 1], "40-49": [2],
        "male 20-29": [0], "female 20-29": [1], "female 40-49": [2],
    }  # fmt: skip
    assert people_of([*NAMES, "validation/20-29/me.png"]) is None and people_of([]) is None


def test_the_neighbouring_group_is_near_enough() -> None:
    close = within_one_group(answers())
    assert close is not None and (close.value, close.n) == (pytest.approx(1 / 3), 3)  # 40-49 taken for 20-29 is not.
    assert within_one_group(answers(("a", "b", "c"))) is None


def test_the_error_of_the_expected_age_in_years() -> None:
    years = age_error(answers(), np.array([25, 29, 41]))
    # Expected are 25, 45 and (25 + 35) / 2.
    assert years is not None and years.value == pytest.approx((0 + 16 + 11) / 3)
    assert years.high - years.value == pytest.approx(1.96 * np.std([0, 16, 11]) / np.sqrt(3))
    assert age_error(answers(("a", "b", "c")), np.array([1, 2, 3])) is None
