"""What a beginner needs: the dataset, epochs, batch size and Start, with an estimate of the time."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from emotion.cnn.checks import cautions, check, training_images
from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run
from emotion.cnn.workers import start_run
from emotion.dataset.folder import Dataset, open_dataset
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.ui.guards import choose_dataset, distinct
from emotion.ui.training import estimate
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import build, changed, choices, fill, most
from emotion.ui.training.words import setting_name

_BATCHES = [8, 16, 32, 64, 128, 256]


def show(dataset: Dataset, known: list[Path], busy: Run | None) -> None:
    """Dataset, sliders, estimate and Start; a sentence where the settings can't be trained."""
    _choose(dataset, known)
    estimate.grant_wish(dataset)
    st.slider(min_value=1, max_value=most("epochs", 50), **widget("epochs"))
    st.select_slider(options=choices("batch_size", _BATCHES), **widget("batch_size"))
    try:
        config = build(dataset)
        _say(config, dataset)
        check(config, dataset)
        estimate.show(dataset, config, busy is not None)
        start_button(dataset, busy, "training.start")
        for caution in cautions(config, dataset):
            st.caption(f":material/info: {error_text(caution)}")
    except UserError as error:
        st.error(error_text(error))
    if busy:
        st.caption(_("A training is running. It goes on even if you close the browser."))


def _choose(dataset: Dataset, known: list[Path]) -> None:
    """The box with the known datasets."""
    roots = list(dict.fromkeys([*known, dataset.root]))
    st.session_state["training.dataset"] = dataset.root
    names = distinct({path: path.name for path in roots}, lambda path: str(path.parent))
    st.selectbox(
        _("Dataset"),
        roots,
        format_func=names.__getitem__,
        key="training.dataset",
        on_change=lambda: _attempt(lambda: choose_dataset(st.session_state["training.dataset"])),
        help=_("The images to learn from. More of them are opened on the Dataset page."),
    )


def say_problem() -> None:
    """Say what was wrong with the last click."""
    if problem := st.session_state.pop("training.problem", None):
        st.error(error_text(problem))


def _attempt(act: Callable[[], object]) -> None:
    """Do what a click asked for, or keep what is wrong with it for the page to say."""
    try:
        act()
    except UserError as error:
        st.session_state["training.problem"] = error


def _say(config: TrainConfig, dataset: Dataset) -> None:
    """What is trained on, and what else was set: a setting out of sight must not surprise."""
    images, every = training_images(config, dataset), len(dataset.part("train").paths)
    text = _("{n} of {all} training images, {k} classes") if images < every else _("{n} training images, {k} classes")
    st.caption(text.format(n=f"{images:,}", all=f"{every:,}", k=len(dataset.classes)))
    if fields := changed(config, dataset):
        st.caption(_("Changed under “Advanced”: {names}.").format(names=", ".join(map(setting_name, fields))))
        st.button(
            _("Back to the deck’s settings"),
            key="training.reset",
            icon=":material/undo:",
            type="tertiary",
            on_click=fill,
            args=(TrainConfig("", "name"),),
        )


def start_button(dataset: Dataset, busy: Run | None, key: str) -> None:
    """Start the training and look at it; where another one is at work it queues."""
    st.button(
        _("Add to the queue") if busy else _("Start"),
        key=key,
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        on_click=lambda: _attempt(lambda: _start(dataset)),
    )


def _start(dataset: Dataset) -> None:
    """Start what is set at the moment of the click, on what the folder holds by then."""
    config = build(dataset)
    check(config, open_dataset(dataset.root))
    st.session_state["training.run"] = start_run(config).name
    st.session_state["training.view"] = _("Train")
