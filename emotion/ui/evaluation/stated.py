"""What the chosen model's card says of how good it is, and on whom."""

import streamlit as st

from emotion.cnn.bundle import Bundle
from emotion.cnn.card import Metric
from emotion.cnn.card_figures import Stated, stated
from emotion.dataset.importers.utkface import AGES, GENDERS
from emotion.dataset.splits import SPLITS
from emotion.i18n import _, language, plain
from emotion.labels import label_of
from emotion.plots.dataset import split_name
from emotion.ui.guards import GENDER
from emotion.ui.table import data_table

_FEW = 30
"""With fewer faces in a group its share says little, so their number stands beside it."""


def show(bundle: Bundle) -> None:
    """The figures in a box with the accuracy on its lid; and what a model of genders does not tell."""
    found, card = stated(bundle.card), bundle.card
    if card.task == "gender":
        st.caption(":material/info: " + _(GENDER))
    if not found.accuracy:
        return
    lid = _("From its card: {share} of {n} {split} images right")
    split = found.accuracy.split
    values = {"share": f"{found.accuracy.value:.1%}", "n": f"{found.accuracy.n:,}"}
    values["split"] = split_name(split) if split in SPLITS else plain(split)
    with st.expander(lid.format(**values), icon=":material/badge:"):
        if line := _line(found):
            st.markdown(" · ".join(line))
        if found.groups:
            _people(found)
        elif found.recall:
            _classes(found)
        if card.notes:
            st.caption(plain(_(card.notes)))  # Of the models that ship, the notes are in the catalogue.


def _line(found: Stated) -> list[str]:
    """The figures that stand for themselves."""
    line = []
    if found.by_votes:
        line.append(_("by the majority of FER+ votes {share}").format(share=f"{found.by_votes.value:.1%}"))
    if found.by_clear_votes:
        text = _("where more than half of the taggers agree {share}")
        line.append(text.format(share=f"{found.by_clear_votes.value:.1%}"))
    if found.within_one_group:
        line.append(_("at most one age group off {share}").format(share=f"{found.within_one_group.value:.1%}"))
    if found.years:
        line.append(_("{years} years off on average").format(years=f"{found.years.value:.1f}"))
    if found.calibration_error is not None:
        line.append(_("calibration error {share}").format(share=f"{found.calibration_error:.1%}"))
    return line


def _classes(found: Stated) -> None:
    """How many faces of each class are found, by the folders' names and by the votes."""
    lines = {_("by the folder"): found.recall, _("by FER+ votes"): found.recall_by_votes}
    lines = {title: shares for title, shares in lines.items() if shares}
    table = {_("Recall"): list(lines)}
    table |= {_name(key): [f"{one[key]:.0%}" if key in one else "–" for one in lines.values()] for key in found.recall}
    data_table(table, key="evaluation.stated", hide_index=True)


def _people(found: Stated) -> None:
    """The share answered right of each age group and gender."""
    ages = [age for age in AGES if age in found.groups]
    groups = {"": found.accuracy, **found.groups}
    lines = {_("all"): "", **{_name(gender): gender for gender in sorted(GENDERS)}}
    table = {_("Right"): list(lines)}
    for age in ("", *ages):
        keys = [f"{line} {age}".strip() for line in lines.values()]
        table[age or _("all ages")] = [_share(groups.get(key)) for key in keys]
    data_table(table, key="evaluation.stated", hide_index=True)


def _name(key: str) -> str:
    return label_of(key).name(language())


def _share(metric: Metric | None) -> str:
    if metric is None:
        return "–"
    text = "{share}" if metric.n >= _FEW else _("{share} of {n}")
    return text.format(share=f"{metric.value:.0%}", n=metric.n)
