"""How well ages are told, and whom a model serves worse: from the ages and genders in UTKFace's file names."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from emotion.cnn.card import Metric
from emotion.cnn.evaluation import Evaluation, share
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.utkface import AGES, GENDERS, read_name
from emotion.labels import middle_ages


@dataclass(frozen=True)
class People:
    """The faces' ages in years, int64 (N,), and genders, positions in ``GENDERS``, int64 (N,)."""

    ages: np.ndarray
    genders: np.ndarray

    @property
    def groups(self) -> dict[str, np.ndarray]:
        """Who belongs to each gender, each age group and each of both, bool (N,); only groups that somebody is in."""
        groups = np.searchsorted([int(key[:2]) for key in AGES[1:]], self.ages, side="right")
        by_gender = {name: self.genders == place for place, name in enumerate(GENDERS)}
        by_age = {name: groups == place for place, name in enumerate(AGES)}
        both = {f"{gender} {age}": by_gender[gender] & by_age[age] for age in AGES for gender in GENDERS}
        return {name: rows for name, rows in {**by_gender, **by_age, **both}.items() if rows.any()}


def people_of(paths: Sequence[str]) -> People | None:
    """Age and gender of each face by its file's name; None unless every name tells them."""
    found = [read_name(PurePosixPath(path).name) for path in paths]
    if not found or any(one is None for one in found):
        return None
    named = np.array([(one.age, one.gender) for one in found if one], np.int64)
    return People(named[:, 0], named[:, 1])


def within_one_group(found: Evaluation) -> Metric | None:
    """The share of faces put into their own age group or one beside it; None where the classes are no age groups."""
    if middle_ages(found.classes) is None:
        return None
    return share("within one group", np.abs(found.answers - found.labels) <= 1, found.split)


def age_error(found: Evaluation, ages: np.ndarray) -> Metric | None:
    """The mean distance in years of the expected age from ``ages`` (N,), with its 95 % normal interval.

    None where the classes are no age groups.
    """
    middles = middle_ages(found.classes)
    if middles is None:
        return None
    errors = np.abs(found.probabilities @ middles - ages)
    mean, half = float(errors.mean()), 1.96 * float(errors.std()) / np.sqrt(len(errors))
    return Metric("mean absolute error in years", mean, mean - half, mean + half, found.split, len(errors))


def people_figures(found: Evaluation, dataset: Dataset) -> dict[str, Any]:
    """What can be told of a model of people, as JSON values: within one group, years, and the accuracy of each group.

    Empty for a model of something else on images whose names tell nothing.
    """
    close = within_one_group(found)
    figures: dict[str, Any] = {"within_one_group": asdict(close)} if close else {}
    people = people_of([dataset.everything.paths[row] for row in found.rows])
    if people is None:
        return figures
    if years := age_error(found, people.ages):
        figures["years"] = asdict(years)
    right = found.answers == found.labels
    groups = {name: share(name, right[rows], found.split) for name, rows in people.groups.items()}
    return figures | {"groups": {name: asdict(metric) for name, metric in groups.items()}}
