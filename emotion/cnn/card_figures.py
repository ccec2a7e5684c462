"""What a bundle's card says of how good its model is, read with care: cards come from other people, too."""

from dataclasses import dataclass
from typing import Any

from emotion.cnn.card import Card, Metric
from emotion.cnn.edited import is_number


@dataclass(frozen=True)
class Stated:
    """The figures in a card's ``measured``; what is not there, or is no figure, is None or empty.

    ``by_votes`` is by the majority of the FER+ votes, ``by_clear_votes`` where more than half of the taggers agree;
    ``recall`` is that of each class by the images' folders, ``recall_by_votes`` by the majority;
    ``groups`` are the accuracies for each gender, each age group, and each of both as in ``female 20-29``.
    """

    accuracy: Metric | None
    by_votes: Metric | None
    by_clear_votes: Metric | None
    recall: dict[str, float]
    recall_by_votes: dict[str, float]
    calibration_error: float | None
    within_one_group: Metric | None
    years: Metric | None
    groups: dict[str, Metric]


def stated(card: Card) -> Stated:
    """The figures of a card."""
    measured, votes = card.measured, _values(card.measured.get("by_votes"))
    error = measured.get("calibration_error")
    groups = {str(name): _metric(values) for name, values in _values(measured.get("groups")).items()}
    return Stated(
        _metric(measured.get("accuracy")) or card.accuracy,
        _metric(votes.get("accuracy")),
        _metric(_values(measured.get("by_clear_votes")).get("accuracy")),
        _shares(measured.get("recall")),
        _shares(votes.get("recall")),
        float(error) if is_number(error) else None,
        _metric(measured.get("within_one_group")),
        _metric(measured.get("years")),
        {name: metric for name, metric in groups.items() if metric},
    )


def _values(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _shares(found: Any) -> dict[str, float]:
    return {str(name): float(value) for name, value in _values(found).items() if is_number(value)}


def _metric(found: Any) -> Metric | None:
    try:
        return Metric.from_json(found)
    except (KeyError, TypeError, ValueError):
        return None
