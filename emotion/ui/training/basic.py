"""What a beginner needs: the dataset, epochs, batch size and Start, with an estimate of the time."""

from pathlib import Path

import streamlit as st

from emotion.cnn.checks import cautions, check, training_images, unlabelled_images
from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run
from emotion.cnn.workers import start_run, starts_at_once
from emotion.dataset.folder import Dataset, open_dataset
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.ui.dataset_box import dataset_box
from emotion.ui.training import estimate
from emotion.ui.training.actions import attempt
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import build, changed, choices, most, reset
from emotion.ui.training.words import setting_name

_BATCHES = [8, 16, 32, 64, 128, 256]


def show(dataset: Dataset, known: list[Path], busy: Run | None) -> None:
    """Dataset, sliders, estimate and Start; a sentence where the settings can't be trained."""
    help = _("The images to learn from. More of them are opened on the Dataset page.")
    dataset_box("training", dataset, known, help)
    estimate.grant_wish(dataset)
    st.slider(min_value=1, max_value=most("epochs", 50), **widget("epochs"))
    st.select_slider(options=choices("batch_size", _BATCHES), **widget("batch_size"))
    _say_changed(dataset)
    try:
        config = build(dataset)
        _say_images(config, dataset)
        check(config, dataset)
        estimate.show(dataset, config, busy is not None)
        start_button(dataset, "training.start")
        for caution in cautions(config, dataset):
            st.caption(f":material/info: {error_text(caution)}")
    except UserError as error:
        st.error(error_text(error))
    if busy:
        st.caption(_("A training is running. It goes on even if you close the browser."))


def _say_images(config: TrainConfig, dataset: Dataset) -> None:
    """What is trained on."""
    images, every = training_images(config, dataset), len(dataset.part("train").paths)
    text = _("{n} of {all} training images, {k} classes") if images < every else _("{n} training images, {k} classes")
    said = text.format(n=f"{images:,}", all=f"{every:,}", k=len(dataset.classes))
    if more := unlabelled_images(config):
        said += _(", and {more} faces without labels").format(more=f"{more:,}")
    st.caption(said)


def _say_changed(dataset: Dataset) -> None:
    """What else was set: a setting out of sight must not surprise, and one that is wrong must be found."""
    if fields := changed(dataset):
        st.caption(_("Changed under “Advanced”: {names}.").format(names=", ".join(map(setting_name, fields))))
        st.button(
            _("Back to the course’s settings"), key="training.reset", icon=":material/undo:", type="tertiary",
            on_click=reset,
        )  # fmt: skip


def start_button(dataset: Dataset, key: str) -> None:
    """Start the training and look at it; where as many as may be are at work it queues."""
    st.button(
        _("Start") if starts_at_once() else _("Add to the queue"),
        key=key,
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        on_click=attempt,
        args=(_start, dataset),
    )


def _start(dataset: Dataset) -> None:
    """Start what is set at the moment of the click, on what the folder holds by then."""
    config = build(dataset)
    check(config, open_dataset(dataset.root))
    st.session_state["training.run"] = start_run(config).name
    st.session_state["training.view"] = "train"
