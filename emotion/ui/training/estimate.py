"""How long the training will take on this computer, and settings that fit into the minutes somebody has."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from emotion import jobs
from emotion.cnn.checks import training_images, unlabelled_images
from emotion.cnn.config import TrainConfig
from emotion.cnn.probe import Pace, forget_pace, kept_pace, pace_key, plan_for, probe
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import _
from emotion.ui.jobs import outcome
from emotion.ui.popover import popover, shut
from emotion.ui.training.settings import build, key_of
from emotion.ui.training.words import span

_WISH, _GRANTED = "training.wish", "training.granted"
_ENOUGH_BATCHES = 100  # The averages of batch normalisation need as many before validation means something.


def grant_wish(dataset: Dataset) -> None:
    """Call before the widgets: once the pace is known, set epochs and images to what fits into the minutes wished."""
    minutes = st.session_state.get(_WISH)
    if minutes is None:
        return
    with suppress(UserError):  # What is wrong with the settings is said where they are shown.
        _grant(minutes, build(dataset), dataset)


def _grant(minutes: int, config: TrainConfig, dataset: Dataset) -> None:
    pace = kept_pace(config, len(dataset.classes))
    if pace is None:
        return
    del st.session_state[_WISH]
    # What an earlier wish took away, this one may give back.
    most = replace(config, images=0, epochs=max(config.epochs, TrainConfig.epochs))
    images, validation = (len(dataset.part(split).paths) for split in ("train", "validation"))
    more = unlabelled_images(config)
    plan = plan_for(minutes, pace, most, images + more, validation)
    if left_out := more and (plan.images or plan.seconds > 61 * minutes):  # Faces with labels come first.
        more, st.session_state[key_of("unlabelled")] = 0, ""
        plan = plan_for(minutes, pace, most, images, validation)
    st.session_state[key_of("epochs")], st.session_state[key_of("images")] = plan.epochs, plan.images
    text = _("Set: {epochs} epochs with {images} of {all} images, about {time}.")
    batches = plan.epochs * -(-((plan.images or images) + more) // config.batch_size)
    if plan.seconds > 61 * minutes:
        text = _("Even a small training takes longer: {epochs} epochs with {images} of {all} images, about {time}.")
    told = text.format(
        epochs=plan.epochs, images=f"{plan.images or images:,}", all=f"{images:,}", time=span(plan.seconds)
    )
    if left_out:
        told += " " + _("The faces without labels are left out.")
    if batches < _ENOUGH_BATCHES:
        hint = _("These are {batches} batches only, too few to learn from. Give it more minutes, or smaller batches.")
        told += " " + hint.format(batches=batches)
    st.session_state[_GRANTED] = told


def show(dataset: Dataset, config: TrainConfig, busy: bool) -> None:
    """The estimate, or the button that measures; and the way to say how many minutes there are."""
    pace = kept_pace(config, len(dataset.classes)) or _measured(config, len(dataset.classes), busy)
    if pace:
        _say(dataset, config, pace, busy)
    with popover(_("I have little time"), "training.hurry", icon=":material/hourglass_bottom:", width="stretch"):
        st.slider(_("Minutes"), 1, 60, 5, key="training.minutes", persist_state="session")
        st.caption(_("Takes fewer epochs, and if need be a fair sample of every class, so that it fits."))
        st.button(_("Make it fit"), key="training.fit", on_click=_wish, disabled=busy and pace is None)
    if granted := st.session_state.pop(_GRANTED, None):
        st.success(granted, icon=":material/check_circle:")


def _wish() -> None:
    shut("training.hurry")
    st.session_state[_WISH] = st.session_state["training.minutes"]


def _say(dataset: Dataset, config: TrainConfig, pace: Pace, busy: bool) -> None:
    images = training_images(config, dataset) + unlabelled_images(config)
    validation = len(dataset.part("validation").paths)
    seconds = pace.seconds(images, validation, config.epochs)
    text = _("**About {time}** on this computer, {rate} images/s").format(
        time=span(seconds), rate=f"{pace.training:,.0f}"
    )
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f":material/timer: {text}")
        st.button(
            "",
            key="training.again",
            icon=":material/refresh:",
            type="tertiary",
            disabled=busy,
            help=_("Measure again, if the computer was busy with something else."),
            on_click=_measure_again,
            args=(config, len(dataset.classes)),
        )


def _measure_again(config: TrainConfig, classes: int) -> None:
    forget_pace(config, classes)
    _start_probe(config, classes)


def _start_probe(config: TrainConfig, classes: int) -> None:
    jobs.start(_key(config, classes), lambda told: probe(config, classes, told))


def _key(config: TrainConfig, classes: int) -> str:
    """The key of the job that measures such settings."""
    return f"probe:{pace_key(config, classes)}"


def _measured(config: TrainConfig, classes: int, busy: bool) -> Pace | None:
    """The pace from a job, which a button starts or a wish; None where there is none yet."""
    key = _key(config, classes)
    job = jobs.get(key)
    if job and not job.active:
        st.session_state.pop(_WISH, None)  # It failed or was cancelled, as is said below.
    elif job is None and _WISH in st.session_state:
        _start_probe(config, classes)
    elif job is None:
        st.button(
            _("How long will it take?"), key="training.probe", icon=":material/timer:", width="stretch",
            disabled=busy, on_click=_start_probe, args=(config, classes),
            help=_("Tries a few batches, which takes some ten seconds. While a training runs it would be wrong."),
        )  # fmt: skip
    pace: Pace | None = outcome(key, _("Trying a few batches"), lambda told: None, begin=False)
    return pace
