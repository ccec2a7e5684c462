"""What can be done with a run that is at rest: go on, train longer, change it, use its model, delete it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import streamlit as st

from emotion import jobs
from emotion.cnn.history import published
from emotion.cnn.runs import Run, Status
from emotion.cnn.workers import continue_run, delete_run, publish_best, resume_run
from emotion.errors import UserError
from emotion.files import file_stamp
from emotion.i18n import _, error_text, plain
from emotion.ui.guards import PUBLISHED
from emotion.ui.jobs import outcome
from emotion.ui.popover import popover, shut
from emotion.ui.training import settings

CHOSEN = "training.chosen"
"""Where the names of the runs stand that are ticked in the history."""
_PROBLEM, _SAID, _MESSAGE = "training.problem", "training.said", "training.message"


def attempt(act: Callable[..., object], *arguments: object) -> None:
    """Do what a click asked for, or keep what is wrong with it for the page to say."""
    st.session_state.pop(_PROBLEM, None)
    try:
        act(*arguments)
    except UserError as error:
        st.session_state[_PROBLEM] = error


def say() -> None:
    """What came of the last click, if it is to be said and was not said yet."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem and problem is not st.session_state.pop(_SAID, None):
        st.error(error_text(problem))
    if message := st.session_state.pop(_MESSAGE, None):
        st.success(message, icon=":material/check_circle:")


def keep_saying() -> None:
    """What was wrong with the last click, in a part of the page that draws itself anew: until the next click."""
    if problem := st.session_state.get(_PROBLEM):
        st.session_state[_SAID] = problem
        st.error(error_text(problem))


def show(run: Run, status: Status, learned: bool) -> None:
    """The model of a run, and the buttons of what can be done with it.

    The first thing to do with a network that has not ``learned`` anything yet is to train it longer.
    """
    _model(run, learned)
    job = jobs.get(_publishing(run))
    at_work = job is not None and job.active  # It needs the run as it is.
    with st.container(horizontal=True, key="training-actions"):
        if status.state == "finished":
            _longer(run, at_work, learned)
        else:
            st.button(
                _("Go on from there") if run.has_weights else _("Begin anew"),
                key="training.resume", icon=":material/play_arrow:",
                type="secondary" if run.has_weights and learned else "primary", on_click=attempt, args=(_resume, run),
                disabled=at_work,
                help=_("The metrics join without a gap; the epoch that was broken off is repeated.")
                if run.has_weights
                else None,
            )  # fmt: skip
        _fork(run)
        if st.button(_("Delete"), key="training.delete", icon=":material/delete:", disabled=at_work):
            ask_to_delete([run])


def _resume(run: Run) -> None:
    resume_run(run)
    st.session_state["training.run"] = run.name


def _longer(run: Run, at_work: bool, learned: bool) -> None:
    looks = {"icon": ":material/add:", "type": "secondary" if learned else "primary"}
    with popover(_("Train longer"), "training.longer", **looks):
        more = st.number_input(_("More epochs"), 1, 500, 5, key="training.more")
        st.caption(_("It goes on with the weights of its last epoch."))
        st.button(
            _("Go on"), key="training.continue", type="primary", icon=":material/play_arrow:",
            on_click=attempt, args=(_continue, run, int(more)), disabled=at_work,
        )  # fmt: skip


def _continue(run: Run, more: int) -> None:
    shut("training.longer")
    continue_run(run, more)
    st.session_state["training.run"] = run.name


def _fork(run: Run) -> None:
    with popover(_("Start from its settings"), "training.forking", icon=":material/call_split:"):
        st.write(_("Puts the settings of this run into the form, for you to change one and press Start."))
        weights = st.checkbox(
            _("Also begin with what it has learned"), key="training.fork.weights", disabled=not run.has_weights,
            help=_("The new run starts from this one’s best weights instead of from chance."),
        )  # fmt: skip
        st.button(
            _("Fill in its settings"), key="training.fork", type="primary", on_click=attempt,
            args=(_fill, run, weights),
        )  # fmt: skip


def _fill(run: Run, weights: bool) -> None:
    shut("training.forking")
    config = run.config()
    settings.fill(replace(config, start_from=str(run.path)) if weights and run.has_weights else config)
    st.session_state["training.view"] = "train"
    text = _("The form now has the settings of {name}. Change what you like and press Start.")
    st.session_state[_MESSAGE] = text.format(name=plain(config.name))


def _publishing(run: Run) -> str:
    """The key of the job that makes the model of the run's best weights."""
    return f"publish:{run.path}:{file_stamp(run.path / 'best.weights.h5')}"


def _model(run: Run, learned: bool) -> None:
    """The way to the run's model: the pages that use it, or the button that makes it."""
    first: Literal["primary", "secondary"] = "primary" if learned else "secondary"
    if bundle := published(run):
        _take_as_own(run, bundle.name)
        with st.container(horizontal=True, key="training-model"):
            for key, page, label, icon in (
                ("live", "pages/live.py", _("See it on your own face"), ":material/videocam:"),
                ("evaluation", "pages/evaluation.py", _("Test it"), ":material/search:"),
            ):
                if st.button(label, key=f"training.{key}", icon=icon, type=first if key == "live" else "secondary"):
                    st.session_state[PUBLISHED] = bundle.name
                    st.switch_page(page)
    elif run.has_weights:
        begin = st.button(
            _("Make a model of its best epoch"), key="training.publish", type=first, icon=":material/package_2:",
            help=_("A model bundle for the Live page, measured on the validation images. Takes some ten seconds."),
        )  # fmt: skip
        key = _publishing(run)
        made = outcome(key, _("Making the model bundle"), lambda told: publish_best(run), begin)
        if made and (job := jobs.get(key)):
            jobs.forget(job)  # Told once: should the bundle be gone by now, the button is there again.
            st.session_state["training.watched"] = run.name
            st.rerun()


def _take_as_own(run: Run, bundle: str) -> None:
    """Preselect the model of a run that this session has watched or published, once."""
    if st.session_state.get("training.watched") == run.name:
        del st.session_state["training.watched"]
        st.session_state[PUBLISHED] = bundle


def ask_to_delete(runs: Sequence[Run]) -> None:
    """Ask whether these runs are to go, and delete them if so; at work none can go, which is said at once."""
    if busy := [run.name for run in runs if run.status().active]:
        text = _("These are trained or wait for it: {runs}. Stop them first, or untick them.")
        st.error(text.format(runs=plain(", ".join(busy))), icon=":material/error:")
        return
    st.dialog(_("Delete for good?"))(_confirm)(runs)


def _confirm(runs: Sequence[Run]) -> None:
    st.write(_("These runs go with their settings, curves and notes. Models made of them stay."))
    for run in runs[:8]:
        st.markdown(f"- {plain(run.name)}")
    if len(runs) > 8:
        st.caption(_("and {n} more").format(n=len(runs) - 8))
    with st.container(horizontal=True):
        delete = st.button(
            _("Delete"), key="training.delete.yes", type="primary", icon=":material/delete:", on_click=attempt,
            args=(_delete, runs),
        )  # fmt: skip
        if st.button(_("Cancel"), key="training.delete.no") or delete:
            st.rerun()  # The whole page: the dialog closes, and what could not be deleted is said.


def _delete(runs: Sequence[Run]) -> None:
    """Delete what can be deleted; UserError, once that is done, for what can't."""
    refused = []
    for run in runs:
        try:
            delete_run(run)
        except UserError as error:
            refused.append(error)
        else:
            if run.name in st.session_state.get(CHOSEN, ()):
                st.session_state[CHOSEN].remove(run.name)
    if refused:
        raise refused[0]
