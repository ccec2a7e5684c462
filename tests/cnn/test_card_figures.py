"""The figures of a card, of those that ship and of one that somebody has edited."""

from dataclasses import replace
from typing import Any

import pytest

from emotion.cnn.bundle import read_card
from emotion.cnn.card import Card
from emotion.cnn.card_figures import stated
from emotion.homes import REPOSITORY


def card(name: str, **measured: Any) -> Card:
    found = read_card(REPOSITORY / "models" / name).card
    return replace(found, measured={**found.measured, **measured})


def test_the_figures_of_the_cards_that_ship() -> None:
    emotion, age = stated(card("emotion")), stated(card("age"))
    assert emotion.accuracy and emotion.by_votes and emotion.by_votes.n < emotion.accuracy.n
    assert emotion.by_clear_votes and emotion.by_clear_votes.n < emotion.by_votes.n
    assert list(emotion.recall) == list(emotion.recall_by_votes) and not emotion.groups and not emotion.years
    assert age.years and age.within_one_group and {"female", "20-29", "female 20-29"} <= set(age.groups)
    assert age.accuracy and sum(age.groups[name].n for name in ("female", "male")) == age.accuracy.n


@pytest.mark.parametrize("wrong", [None, 3, "much", [1], {"accuracy": 1}, {"angry": "much"}])
def test_what_is_no_figure_is_as_if_it_were_not_there(wrong: object) -> None:
    names = ("accuracy", "by_votes", "by_clear_votes", "recall", "calibration_error", "years", "groups")
    found = stated(card("age", **dict.fromkeys(names, wrong)))
    assert found.accuracy == card("age").accuracy  # That of the card's own metrics.
    assert not found.by_votes and not found.by_clear_votes and not found.years and not found.groups
    assert found.calibration_error == (3 if wrong == 3 else None)


@pytest.mark.parametrize("number", [10**400, float("inf"), float("nan")])
def test_numbers_that_no_figure_can_be(number: float) -> None:
    endless = card("age").measured["accuracy"] | {"value": number, "n": number}
    found = stated(card("age", accuracy=endless, calibration_error=number))
    assert found.accuracy == card("age").accuracy and found.calibration_error is None
