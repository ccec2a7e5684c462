"""Training: the deck's CNN, watched while it learns."""

import streamlit as st

from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, active_run, list_runs
from emotion.cnn.workers import start_run
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.files import plain_name
from emotion.i18n import _, error_text
from emotion.ui.guards import ensure_dataset, title_of
from emotion.ui.page import heading
from emotion.ui.training import watch

heading(
    _("Train the network"),
    _(
        "The network sees a batch of faces, guesses, and every weight moves a little so that the next guess is better. "
        "One pass through all training images is an epoch. The validation images are never trained on: only they tell "
        "whether it has really learned, or only learned by heart."
    ),
)


def settings(dataset: Dataset) -> TrainConfig:
    """The sliders; the defaults are those of ``TrainConfig``."""
    default = TrainConfig(data=str(dataset.root), name=plain_name(f"{dataset.name[:30]}-deck"))
    epochs = st.slider(_("Epochs"), 1, 50, default.epochs, key="training.epochs", persist_state="session")
    batch_size = st.select_slider(
        _("Batch size"), [8, 16, 32, 64, 128, 256], default.batch_size, key="training.batch", persist_state="session"
    )
    rates = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
    rate = st.select_slider(
        _("Learning rate"), rates, default.learning_rate, key="training.rate", persist_state="session"
    )
    with st.expander(_("Advanced")):
        name = st.text_input(_("Name of the model"), default.name, key="training.name")
        seed = int(st.number_input(_("Seed"), 0, 2**31 - 1, default.seed, key="training.seed", persist_state="session"))
    return TrainConfig(
        str(dataset.root), name.strip(), epochs=epochs, batch_size=batch_size, learning_rate=rate, seed=seed
    )


def start(config: TrainConfig) -> None:
    """Start the worker and show it."""
    st.session_state["training.run"] = start_run(config).name
    st.rerun()


def shown_run() -> Run | None:
    """The run to show: the one at work, else the one started last in this session, else the newest."""
    runs = list_runs()
    started = [run for run in runs if run.name == st.session_state.get("training.run")]
    return active_run() or next(iter(started or runs), None)


dataset = ensure_dataset()
busy = active_run()
controls, view = st.columns([1, 2.4], gap="large")
with controls:
    try:
        images = len(dataset.part("train").paths)
        text = _("{title}: {n} training images, {k} classes")
        st.caption(text.format(title=title_of(dataset), n=f"{images:,}", k=len(dataset.classes)))
        config = settings(dataset)
        play = {"type": "primary", "icon": ":material/play_arrow:", "width": "stretch"}
        if st.button(_("Start"), key="training.start", disabled=bool(busy), **play):
            start(config)
        if images < 100 * config.batch_size:
            st.caption(
                _(
                    "Few images: at first the validation curve may stay low although the training curve climbs. Batch "
                    "normalisation needs some hundreds of batches until its averages are right."
                )
            )
    except UserError as error:
        st.error(error_text(error))
    if busy:
        st.caption(_("A training is running. It goes on even if you close the browser."))
with view:
    run = shown_run()
    if run is None:
        st.info(
            _("No training yet. Choose a few epochs and press Start; the curves grow here."),
            icon=":material/show_chart:",
        )
    else:
        watch(run)
