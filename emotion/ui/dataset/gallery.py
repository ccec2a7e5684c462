"""Gallery: every image, filtered, sorted and paged; one of them large."""

import numpy as np
import streamlit as st

from emotion.dataset.doctor import FINDINGS
from emotion.dataset.explore import matching_rows
from emotion.dataset.folder import Dataset
from emotion.dataset.splits import SPLITS
from emotion.i18n import _
from emotion.plots.dataset import split_name
from emotion.ui.dataset import doctor, picture
from emotion.ui.dataset.common import SHOWN, class_colour, class_name, facts_of, names_by_label, page_of, picture_wall
from emotion.ui.tiles import legend

_FACTS = ("brightness", "contrast", "sharpness")


def show(dataset: Dataset) -> None:
    """The whole view."""
    rows = _filtered(dataset)
    ordered = None if rows is None else _sorted(dataset, rows)
    if ordered is None:
        return
    if not len(ordered):
        st.info(_("No image fits. Take a filter away."), icon=":material/filter_alt_off:")
        return
    pages = -(-len(ordered) // SHOWN)
    page = page_of("dataset.page", pages)
    left, right = st.columns([3, 2], gap="large")
    with left:
        legend([(class_name(dataset, label), class_colour(dataset, label)) for label in range(len(dataset.classes))])
        # A wall of its own for each page: what was clicked on another one is not picked here.
        shown = ordered[(page - 1) * SHOWN : page * SHOWN]
        clicked = picture_wall(dataset, shown, f"dataset.wall.{dataset.root}.{shown[0]}.{shown[-1]}.{len(shown)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if pages > 1:
                st.pagination(pages, key="dataset.page")
            st.caption(_("{n} images").format(n=f"{len(ordered):,}"))
    row = int(shown[0]) if clicked is None else clicked
    with right, st.container(key="dataset-picture"):
        picture.show(dataset, row, "dataset.picture")
    if st.toggle(_("Show its pixels as numbers"), key="dataset.numbers", persist_state="session"):
        picture.show_numbers(dataset, row, "dataset.picture")


def _filtered(dataset: Dataset) -> np.ndarray | None:
    """The filters, and the rows that pass them; None while the doctor is still at work."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        splits = [number for number, name in enumerate(SPLITS) if name in dataset.splits]
        chosen = st.multiselect(
            _("Splits"), splits, format_func=lambda number: split_name(SPLITS[number]), key="dataset.gallery.splits",
            placeholder=_("all"), width=150, persist_state="session", on_change=_first_page,
        )  # fmt: skip
        classes = st.multiselect(
            _("Classes"), range(len(dataset.classes)), format_func=names_by_label(dataset).__getitem__,
            key=f"dataset.gallery.classes.{dataset.root}", placeholder=_("all"), width=230, persist_state="session",
            on_change=_first_page,
        )  # fmt: skip
        text = st.text_input(
            _("In the file’s path"),
            key="dataset.gallery.text",
            width=150,
            persist_state="session",
            on_change=_first_page,
        )
        report = doctor.kept_report(dataset)
        flags = [key for key, finding in report.findings.items() if len(finding.rows)] if report else []
        flag = st.selectbox(
            _("Found by the doctor"), ["", *flags], format_func=lambda key: _(FINDINGS[key].title) if key else "–",
            key="dataset.gallery.flag", width=200, disabled=not flags, on_change=_first_page,
            help=None if report else _("Let the doctor examine the dataset first."),
        )  # fmt: skip
    rows = matching_rows(dataset, chosen or splits, classes or range(len(dataset.classes)), text)
    if flag and report:
        found = report.findings[flag].rows
        rows = found[np.isin(found, rows)]
    return rows


def _first_page() -> None:
    st.session_state["dataset.page"] = 1


def _sorted(dataset: Dataset, rows: np.ndarray) -> np.ndarray | None:
    """The rows in the order asked for; None while brightness and the like are being measured."""
    names = {
        "": _("as filed"),
        "brightness": _("brightness"),
        "contrast": _("contrast"),
        "sharpness": _("sharpness"),
        "random": _("at random"),
    }
    st.session_state.setdefault("dataset.gallery.order", "")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        by = st.segmented_control(
            _("Order"),
            list(names),
            format_func=names.__getitem__,
            key="dataset.gallery.order",
            required=True,
            persist_state="session",
            on_change=_first_page,
        )
        down = st.toggle(
            _("Largest first"), key="dataset.gallery.down", disabled=by not in _FACTS, on_change=_first_page
        )
    if by == "random":
        return np.random.default_rng(0).permutation(rows)
    if by not in _FACTS:
        return rows
    facts = facts_of(dataset)
    if facts is None:
        return None
    values = getattr(facts, by)[rows]
    return rows[np.argsort(-values if down else values, kind="stable")]  # NaN, the unreadable ones, come last.
