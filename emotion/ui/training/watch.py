"""The live view of a training run: curves, figures, the confusion matrix, the queue, and what can be done with it."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from emotion.cnn.history import Chance, against_chance, best_accuracy
from emotion.cnn.runs import Run, Status, best_row, running_runs, waiting_runs
from emotion.cnn.timing import timing
from emotion.cnn.workers import start_waiting, stop_run
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.labels import class_names
from emotion.live.sessions import PLACES
from emotion.plots.growing import curve, rates
from emotion.ui.chart import grow
from emotion.ui.lesson import mark_done
from emotion.ui.training import actions, confusion
from emotion.ui.training.words import span, state_name

_POLL = 0.8
"""Seconds between two looks at a run at work; with what drawing takes, the curves grow at least once a second."""
_GLANCE = 2.0
"""Seconds between two looks for a run that another browser has started."""
_POINTS = 1500
"""Points of the thin line within the epochs: the browser gets all of them at every look."""
Rows = list[dict[str, float]]


def come_first_on_a_telephone() -> None:
    """Let the run stand above the settings where there is no room beside them, and its tiles two by two."""
    place = '.st-key-training-train > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"]'
    st.html(
        f"<style>@media (max-width: 640px) {{ {place} > :last-child {{ order: -1 }}"
        f" .st-key-training-measures > * {{ flex: 1 1 40% !important; min-width: 40% }} }}</style>"
    )


def watch(run: Run) -> None:
    """Show a run and what can be done with it; while a worker is at it, anew at least every second."""
    try:
        status = run.status()
    except UserError as error:
        st.error(error_text(error))
        return
    with st.container(key="training-run"):
        if status.active:
            st.session_state["training.watched"] = run.name
            st.fragment(_at_work, run_every=_POLL)(run)
        else:
            _at_rest(run, status)
            st.fragment(_glance, run_every=_GLANCE)([one.name for one in running_runs()])


def _at_work(run: Run) -> None:
    if not run.path.exists():
        st.rerun()  # Somebody has deleted it: the whole page, with another run.
    try:
        start_waiting()
        status, rows = run.status(), run.metrics()
        if not status.active:
            st.session_state["training.run"] = run.name  # Whoever watched it to its end is its owner.
            st.rerun()  # The whole page: Start is to be had again.
        _head(run, status)
        actions.keep_saying()
        _measures(run, status, rows)
        _charts(run, status, rows)
        with st.expander(_("The last lines of its log"), icon=":material/terminal:"):
            st.code(run.log_tail(), language=None)
    except UserError as error:
        st.error(error_text(error))
    _queue(run)


def _at_rest(run: Run, status: Status) -> None:
    try:
        rows = run.metrics()
        _head(run, status)
        chance = against_chance(run.confusions())
        _outcome(run, status, chance)
        actions.show(run, status, chance is None or chance.beaten)
        if rows:
            _measures(run, status, rows)
            _charts(run, status, rows)
    except UserError as error:
        st.error(error_text(error))


def _glance(known: list[str]) -> None:
    """The queue, which moves on whoever looks; the whole page anew once a run has begun or ended elsewhere."""
    try:
        start_waiting()
        actions.keep_saying()
        _queue(shown=None)
    except UserError as error:
        st.error(error_text(error))
    if [run.name for run in running_runs()] != known:
        st.rerun()


def _head(run: Run, status: Status) -> None:
    colours = {"running": "blue", "queued": "blue", "stopping": "orange", "finished": "green", "failed": "red"}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(run.config().name)}**", width="content", help=plain(run.name))
        st.badge(state_name(status), color=colours.get(status.state, "gray"))  # type: ignore[arg-type]
        if status.active:
            _stop(run, status)
    if status.active:
        ending = run.stop_requested and not status.waiting
        st.progress(status.fraction, _("Stopping after what it is just doing …") if ending else _progress_text(status))
        if PLACES.taken and not status.waiting:
            st.caption(_("Somebody is live in this app. The video goes first, so the training is slower for now."))


def _stop(run: Run, status: Status) -> None:
    st.button(
        _("Leave the queue") if status.waiting else _("Stop"),
        key="training.stop",
        icon=":material/stop:",
        disabled=status.state == "stopping" or run.stop_requested,
        help=_("Finishes the batch at hand. What it learned is kept: you can go on later, or make a model of it."),
        on_click=actions.attempt,
        args=(stop_run, run),
    )


def _progress_text(status: Status) -> str:
    if status.waiting:
        return _("Another training is at work; this one begins by itself when that has ended.")
    if status.phase in {"", "loading"}:
        return _("Getting ready: reading the images and starting Keras …")
    if status.phase == "publishing":
        return _("Making the model bundle …")
    if status.phase == "validation":
        text = _("Epoch {epoch} of {epochs} · looking at the validation images")
    else:
        text = _("Epoch {epoch} of {epochs} · batch {step} of {steps}")
    epoch = min(status.epoch + 1, status.epochs)
    return text.format(epoch=epoch, epochs=status.epochs, step=status.step, steps=status.steps)


def _measures(run: Run, status: Status, rows: Rows) -> None:
    """The numbers of the moment, as tiles."""
    time = timing(run, status, rows)
    best = best_row(rows)
    pace = status.images_per_second or (rows[-1].get("images_per_second", 0.0) if rows else 0.0)
    shown = {
        _("Best on validation"): f"{best['val_accuracy']:.1%}" if best else "–",
        _("Images/s"): f"{pace:,.0f}" if pace else "–",
        _("Time so far"): span(time.elapsed),
    }
    if status.active:
        shown[_("Time left, about")] = span(time.left) if time.left is not None else "–"
    else:
        shown[_("Epochs done")] = f"{len(rows)} / {run.config().epochs}"
    meaning = {
        _("Best on validation"): _(
            "In its best epoch. The finished model is measured anew: its weights are rounded to 8 bits, and a few "
            "answers change."
        )
    }
    with st.container(horizontal=True, key="training-measures"):
        for name, value in shown.items():
            st.metric(name, value, border=True, help=meaning.get(name))
    if run.config().votes:
        text = _(
            "Right is here what has the largest part when label and FER+ votes are mixed. The finished model is "
            "measured by the labels alone."
        )
        st.caption(text)


def _charts(run: Run, status: Status, rows: Rows) -> None:
    progress, epochs = run.progress(_POINTS), max(status.epochs, len(rows), 1)
    confusions = run.confusions()
    chance = against_chance(confusions)
    for place, name in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        guess = chance.guess if chance and name == "accuracy" else None
        with place:
            grow(curve(name, rows, progress, epochs, guess), f"training-{name}")
    if not rows and not confusions:
        return
    wide, narrow = st.columns([2, 1], gap="medium")
    with wide.container(key="training-confusion"):
        st.markdown(
            _("**What it takes for what**"),
            help=_(
                "The confusion matrix of the validation images after each epoch. A network that has learned nothing "
                "gives one answer to all; as it learns, the diagonal grows dark. Press play to watch it."
            ),
        )
        best = None if status.active else best_row(rows)
        kept = int(best["epoch"]) if best else None
        confusion.player(run.name, _names(run, confusions), confusions, "training.confusion", kept)
    with narrow:
        grow(rates(rows, epochs), "training-rates")


def _names(run: Run, confusions: Mapping[int, np.ndarray]) -> list[str]:
    """The classes as people read them; their positions where the run's own note of them is damaged."""
    k = len(next(iter(confusions.values()), ()))
    return class_names(run.classes) if len(run.classes) == k else [str(position) for position in range(1, k + 1)]


def _queue(shown: Run | None) -> None:
    """The runs that wait, in order, each with a way out; that of the run ``shown`` stands above its curves."""
    waiting = waiting_runs()
    if not waiting:
        return
    with st.container(border=True, key="training-queue"):
        st.markdown(_("**Waiting for their turn**"))
        for position, run in enumerate(waiting, 1):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                name = f"**{plain(run.name)}**" if run == shown else plain(run.name)
                st.markdown(f"{position}\\. {name}", width="stretch")
                if run != shown:
                    st.button(
                        _("Leave the queue"), key=f"training.leave.{run.name}", icon=":material/close:",
                        on_click=actions.attempt, args=(stop_run, run),
                    )  # fmt: skip


def _outcome(run: Run, status: Status, chance: Chance | None) -> None:
    if status.state == "finished":
        mark_done("training")
        _finished(run, chance)
    elif status.problem:
        st.error(_("The training failed: {reason}").format(reason=error_text(status.problem)))
        with st.expander(_("The last lines of its log"), icon=":material/terminal:"):
            st.code(run.log_tail(), language=None)
    elif status.state == "interrupted" and not run.has_weights:
        st.warning(_("Its process is gone, and no epoch was finished. “Begin anew” starts with the first one."))
    elif status.state == "interrupted":
        st.warning(_("Its process is gone: a crash, a restart, or somebody ended it. Its last whole epoch is kept."))
    elif not run.has_weights and not status.pid:
        st.warning(
            _("It left the queue before its turn came. “Begin anew” puts it back: it begins as soon as there is room.")
        )
    elif not run.has_weights:
        st.warning(_("It was stopped before an epoch was finished. “Begin anew” starts with the first one."))
    else:
        st.warning(_("This training is not finished. What it learned until its last whole epoch is kept."))


def _finished(run: Run, chance: Chance | None) -> None:
    """The result; praise only for a network that has learned something."""
    if chance is None or chance.beaten:
        text = _("Finished. The model gets {accuracy} of the validation images right.")
        said = text.format(accuracy=f"{best_accuracy(run):.1%}")
        if chance:
            text = _("One and the same answer for all would give {guess}.")
            said += " " + text.format(guess=f"{chance.guess:.1%}")
        st.success(said, icon=":material/celebration:")
        return
    if chance.accuracy > chance.guess:
        text = _(
            "Finished: {accuracy} of the {n} validation images are right, and one and the same answer for all would "
            "give {guess}. That may still be luck. More validation images would tell, or more epochs."
        )
    else:
        text = _(
            "Finished, but it is no better than guessing yet: {accuracy} of the {n} validation images are right, and "
            "one and the same answer for all would give {guess}. Train it for more epochs, or with more images."
        )
    said = text.format(accuracy=f"{chance.accuracy:.1%}", n=f"{chance.n:,}", guess=f"{chance.guess:.1%}")
    st.warning(said, icon=":material/trending_flat:")
