"""Doctor: what is wrong with the dataset, the images behind every number, and a clean copy."""

from dataclasses import replace

import numpy as np
import streamlit as st

from emotion import jobs
from emotion.dataset.doctor import COPIES, FINDINGS, Finding, Report, Thresholds, examine
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import votes_stamp
from emotion.dataset.scan import kept_facts
from emotion.dataset.splits import SPLITS
from emotion.i18n import _
from emotion.plots.dataset import split_name
from emotion.ui.dataset import cleaning, labels, picture
from emotion.ui.dataset.common import SHOWN, class_name, job_key, names_by_label, page_of, picture_wall
from emotion.ui.jobs import outcome

_GROUPS = 12
"""Groups of copies on a screen."""


def show(dataset: Dataset) -> None:
    """The whole view."""
    st.write(
        _(
            "A network believes everything it is shown. The doctor looks at every file: can it be read, is there "
            "something to see, is it there twice, and above all: is a training image also in the exam?"
        )
    )
    report = _examined(dataset)
    if report is None:
        return
    key = _table(report)
    if key is not None:
        _behind(dataset, report.findings[key])
    labels.show(dataset, report)
    cleaning.show(dataset, report)


def kept_report(dataset: Dataset) -> Report | None:
    """The report of a dataset that was examined, with what was found since; None before."""
    job = jobs.get(_key(dataset))
    return labels.added(dataset, job.result) if job and job.result else None


def _near() -> int:
    return int(st.session_state.get("dataset.doctor.near", Thresholds().near))


def _key(dataset: Dataset) -> str:
    return job_key(dataset, f"doctor:{_near()}:{votes_stamp(dataset)}")


def _examined(dataset: Dataset) -> Report | None:
    """The report, once the button was pressed; facts that are kept are examined anew without asking."""
    known = kept_report(dataset) is not None or kept_facts(dataset) is not None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        begin = known or st.button(
            _("Examine all images"), key="dataset.doctor.start", type="primary", icon=":material/stethoscope:"
        )
        st.slider(
            _("Near copies: bits that may differ"), 0, 8, Thresholds().near, key="dataset.doctor.near", width=280,
            persist_state="session",
            help=_("Each picture has a fingerprint of 64 bits. The more may differ, the less alike the copies are."),
        )  # fmt: skip
    thresholds = replace(Thresholds(), near=_near())
    outcome(_key(dataset), _("Examining"), lambda told: examine(dataset, thresholds, told), begin)
    return kept_report(dataset)


def _table(report: Report) -> str | None:
    """The findings and their counts; the key of the one that is selected."""
    found = [finding for finding in report.findings.values() if len(finding.rows)]
    clean = [_(FINDINGS[key].title) for key, finding in report.findings.items() if not len(finding.rows)]
    if report.mixed_sizes:
        sizes = FINDINGS["odd_size"].title
        clean.remove(_(sizes))
        st.caption(":material/straighten: " + _("The images come in many sizes, none of them usual."))
    chosen = None
    if found:
        options = [finding.key for finding in found]
        if (wanted := st.session_state.pop("dataset.doctor.wanted", None)) in options:
            st.session_state["dataset.doctor.finding"] = wanted
        if st.session_state.get("dataset.doctor.finding") not in options:
            st.session_state["dataset.doctor.finding"] = "leak" if "leak" in options else options[0]
        names = {finding.key: _(FINDINGS[finding.key].title) for finding in found}
        counts = {finding.key: len(finding.groups or finding.rows) for finding in found}
        chosen = st.pills(
            _("Found"),
            options,
            format_func=lambda key: f"{names[key]} · {counts[key]:,}",
            key="dataset.doctor.finding",
            required=True,
        )
    if clean:
        st.caption(":material/check: " + _("Nothing found: {names}.").format(names=", ".join(clean)))
    return chosen


def _behind(dataset: Dataset, finding: Finding) -> None:
    """The images behind a number, one of them large."""
    st.info(_(FINDINGS[finding.key].explanation), icon=":material/info:")
    if finding.groups:
        text = _("{groups} groups of the same picture, {images} images in all: {surplus} more than one of each.")
        groups, images = len(finding.groups), len(finding.rows)
        st.caption(text.format(groups=f"{groups:,}", images=f"{images:,}", surplus=f"{images - groups:,}"))
    if len(finding.suggested):
        st.caption(_("The stripe’s colour is the label; the arrow is what the others say. Who is right?"))
    if not finding.complete:
        st.caption(_("There are more than can be listed; lower the number of bits."))
    left, right = st.columns([3, 2], gap="large")
    with left:
        clicked = _groups(dataset, finding) if finding.key in COPIES else _worst(dataset, finding)
    with right:
        row = int(finding.rows[0]) if clicked is None else clicked
        picture.show(dataset, row, "dataset.doctor.picture")


def _page(key: str, count: int, each: int) -> slice:
    pages, state = -(-count // each), f"dataset.doctor.page.{key}"
    page = page_of(state, pages)
    if pages > 1:
        st.pagination(pages, key=state)
    return slice((page - 1) * each, page * each)


def _worst(dataset: Dataset, finding: Finding) -> int | None:
    page = _page(finding.key, len(finding.rows), SHOWN)
    rows, key = finding.rows[page], f"dataset.doctor.wall.{finding.key}"
    names = {-1: "?", **names_by_label(dataset)}
    captions = [f"→ {names[label]}" for label in finding.suggested[page].tolist()]
    return picture_wall(dataset, rows, f"{key}.{rows[0]}.{len(rows)}", 76 if captions else 52, captions)


def _groups(dataset: Dataset, finding: Finding) -> int | None:
    """A row of pictures for each group of copies, captioned by what differs; the one clicked last."""
    groups = finding.groups[_page(finding.key, len(finding.groups), _GROUPS)]
    rows = np.concatenate([group[:SHOWN] for group in groups])
    captions = [_caption(dataset, finding.key, int(row)) for row in rows]
    ends = np.cumsum([len(group[:SHOWN]) for group in groups])
    key = f"dataset.doctor.groups.{finding.key}.{rows[0]}.{len(rows)}"
    return picture_wall(dataset, rows, key, side=100, captions=captions, groups=ends.tolist())


def _caption(dataset: Dataset, key: str, row: int) -> str:
    """The class, where labels differ; else the split."""
    name = class_name(dataset, int(dataset.everything.labels[row]))
    split = split_name(SPLITS[dataset.split_of[row]])
    return name if key == "conflict" else f"{split}" if key == "leak" else f"{name} · {split}"
