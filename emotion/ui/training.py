"""The live view of a training run."""

from pathlib import PurePath

import streamlit as st

from emotion.cnn.runs import Run, Status
from emotion.cnn.workers import resume_run
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.plots.training import curves
from emotion.ui import chart
from emotion.ui.guards import PUBLISHED
from emotion.ui.lesson import mark_done


def watch(run: Run) -> None:
    """Show a run; while a worker is at it, anew every second."""
    try:
        active = run.status().active
    except UserError as error:
        st.error(error_text(error))
        return
    st.fragment(_show, run_every=1.0 if active else None)(run, active)


def _show(run: Run, was_active: bool) -> None:
    try:
        status, metrics = run.status(), run.metrics()
        name, progress = run.config().name, run.progress()
    except UserError as error:
        st.error(error_text(error))
        return
    if was_active and not status.active:
        st.session_state["training.run"] = run.name  # Whoever watched it to its end is its owner, reloads or not.
        st.rerun()  # The whole page: Start is to be had again.
    with st.container(key="training-run"):
        st.markdown(f"**{plain(name)}** · {_state_name(status)}")
        if status.active:
            _progress(run, status)
        figure = curves(metrics, progress, status.epochs)
        chart.show(figure, "training.curves")
        _outcome(run, status, metrics)


def _progress(run: Run, status: Status) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.progress(status.fraction, _progress_text(status))
    stopping = status.state == "stopping" or run.stop_requested
    if right.button(_("Stop"), key="training.stop", icon=":material/stop:", disabled=stopping):
        run.request_stop()


def _progress_text(status: Status) -> str:
    if status.phase in {"", "loading"}:
        return _("Getting ready: reading the images and starting Keras …")
    if status.phase == "publishing":
        return _("Making the model bundle …")
    text = _("Epoch {epoch} of {epochs} · batch {step} of {steps} · {rate} images/s")
    rate = f"{status.images_per_second:.0f}"
    epoch = min(status.epoch + 1, status.epochs)
    return text.format(epoch=epoch, epochs=status.epochs, step=status.step, steps=status.steps, rate=rate)


def _state_name(status: Status) -> str:
    return {
        "queued": _("starting"),
        "running": _("running"),
        "stopping": _("stopping after this batch"),
        "stopped": _("stopped"),
        "interrupted": _("interrupted: its process is gone"),
        "failed": _("failed"),
        "finished": _("finished"),
    }[status.state]


def _outcome(run: Run, status: Status, metrics: list[dict[str, float]]) -> None:
    if status.state == "finished":
        mark_done("training")
        if st.session_state.get("training.run") == run.name:
            st.session_state[PUBLISHED] = PurePath(status.bundle).name
        best = max((row.get("val_accuracy", 0.0) for row in metrics), default=0.0)
        text = _("Finished. Best accuracy on the validation images: {accuracy}.")
        st.success(text.format(accuracy=f"{best:.1%}"), icon=":material/celebration:")
        st.page_link("pages/live.py", label=_("See it on your own face"), icon=":material/videocam:")
    elif status.problem:
        st.error(_("The training failed: {reason}").format(reason=error_text(status.problem)))
        with st.expander(_("The last lines of its log")):
            st.code(run.log_tail(), language=None)
    elif status.state in {"stopped", "interrupted"}:
        st.warning(_("This training is not finished. What it learned until its last whole epoch is kept."))
        if st.button(_("Go on from there"), key="training.resume", icon=":material/play_arrow:"):
            _go_on(run)


def _go_on(run: Run) -> None:
    try:
        resume_run(run)
    except UserError as error:
        st.error(error_text(error))
        return
    st.session_state["training.run"] = run.name
    st.rerun()
