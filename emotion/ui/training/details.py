"""One run of the history: its notes, its report, and where TensorBoard finds it."""

from collections.abc import Mapping
from zlib import crc32

import streamlit as st

from emotion import jobs
from emotion.cnn.history import Summary, stamp_of
from emotion.cnn.report import write_report
from emotion.cnn.runs import Run
from emotion.errors import UserError
from emotion.homes import runs_folder
from emotion.i18n import _, error_text, language
from emotion.ui.jobs import outcome


def show(runs: Mapping[str, Summary], names: Mapping[str, str]) -> None:
    """The box of one of the ticked ``runs``, which are given by their folders' names, as are the ``names`` to show."""
    if st.session_state.get("training.detail") not in runs:
        st.session_state["training.detail"] = next(iter(runs))
    with st.container(border=True, key="training-details"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(_("Run"), list(runs), format_func=names.__getitem__, key="training.detail")
            if st.button(
                _("Show this run"), key="training.show", icon=":material/visibility:", on_click=_look_at,
                help=_("In the view of the run: its curves within the epochs, and what can be done with it."),
            ):  # fmt: skip
                st.rerun()  # The whole page: the tabs are no part of what a click in here draws anew.
        one = runs[st.session_state["training.detail"]]
        if one.problem:
            st.error(error_text(one.problem))
            return
        _notes(one.run)
        _report(one.run)
        with st.expander("TensorBoard", icon=":material/monitoring:"):
            st.write(_("The same runs in TensorBoard. Type this where the program is installed:"))
            st.code(f'tensorboard --logdir "{runs_folder()}"', language="bash")


def _look_at() -> None:
    st.session_state["training.run"] = st.session_state["training.detail"]
    st.session_state["training.view"] = "train"


def _notes(run: Run) -> None:
    key = f"training.notes.{run.name}"
    st.text_area(
        _("Notes"), run.notes(), key=key, placeholder=_("What did you try, and what came of it?"),
        help=_("Kept with the run; they go into its report, and into the card of a model made later."),
        on_change=_save_notes, args=(run, key),
    )  # fmt: skip
    if st.session_state.pop("training.notes_saved", False):
        st.toast(_("Saved."), icon=":material/check:")
    if problem := st.session_state.pop("training.notes_problem", None):
        st.error(error_text(problem))


def _save_notes(run: Run, key: str) -> None:
    try:
        run.write_notes(st.session_state[key])
        st.session_state["training.notes_saved"] = True
    except UserError as error:
        st.session_state["training.notes_problem"] = error


def _report(run: Run) -> None:
    """The report as a file: made on request, because the model is measured anew for it."""
    stamps = "".join(map(str, stamp_of(run))) + run.notes()
    key = f"report:{run.path}:{language()}:{crc32(stamps.encode('utf-8', 'surrogateescape'))}"
    code, file = language(), run.path / f"report.{language()}.html"
    begin = st.button(
        _("Make the report"), key="training.report", icon=":material/description:",
        help=_("A page to print or hand in: settings, curves, the confusion matrix, the best mistakes, your notes."),
    )  # fmt: skip
    if begin and not file.exists() and (job := jobs.get(key)):
        jobs.forget(job)
    made = outcome(
        key, _("Measuring the model for the report"), lambda told: write_report(run, file, code, told), begin
    )
    if made and made.exists():
        st.download_button(
            _("Download the report"), made.read_bytes(), f"{run.name}.html", "text/html", key="training.report.file",
            icon=":material/download:", type="primary", on_click="ignore",
        )  # fmt: skip
