"""A clean copy: what the reader ticks is left out of it, and the original stays as it is."""

import streamlit as st

from emotion.dataset.clean import DEFAULT_RULES, RULES, plan, write_clean
from emotion.dataset.doctor import FINDINGS, Report
from emotion.dataset.folder import Dataset
from emotion.homes import datasets_folder
from emotion.i18n import _
from emotion.ui.dataset.opening import begin_import


def show(dataset: Dataset, report: Report) -> None:
    """The rules, what they would leave out, and the button that writes the copy."""
    rules = [key for key in RULES if key in report.findings and len(report.findings[key].rows)]
    if not rules:
        return
    with st.expander(_("Write a clean copy"), icon=":material/cleaning_services:"):
        st.write(
            _(
                "Tick what to leave out; each line says how many images fewer there will be. The original stays as it "
                "is; doctor.json in the copy says what and why."
            )
        )
        ticked = [key for key in rules if _tick(key, report, dataset)]
        left_out = len(plan(dataset, report, ticked))
        st.markdown(
            _("**{left} images are left out, {kept} stay.**").format(
                left=f"{left_out:,}", kept=f"{report.n - left_out:,}"
            )
        )
        name = st.text_input(_("Name of the copy"), f"{dataset.name}-clean", key=f"dataset.clean.name.{dataset.root}")
        if st.button(
            _("Write the copy"), key="dataset.clean.write", type="primary", icon=":material/save:",
            disabled=not left_out or not name.strip(),
        ):  # fmt: skip
            begin_import(
                name.strip(),
                lambda name, told: (write_clean(dataset, report, ticked, datasets_folder() / name, told),),
            )
            st.rerun()


def _tick(key: str, report: Report, dataset: Dataset) -> bool:
    """A rule with the number of images that it leaves out by itself."""
    title = _(FINDINGS[key].title)
    return st.checkbox(
        f"{title} · −{len(plan(dataset, report, [key])):,}",
        key in DEFAULT_RULES,
        key=f"dataset.clean.{key}.{dataset.root}",
        help=_(RULES[key]),
    )
