"""Advanced settings: how the weights move."""

import streamlit as st

from emotion.cnn.config import OPTIMISERS, SCHEDULES, TrainConfig
from emotion.dataset.folder import Dataset
from emotion.i18n import _, decimal
from emotion.labels import middle_ages
from emotion.plots.network import rate_curve
from emotion.ui import chart
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import choices, most, value
from emotion.ui.training.words import option_names

_RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2]
_DECAYS = [0.0, 1e-5, 1e-4, 5e-4, 1e-3, 1e-2]
_AVERAGES = [0.0, 0.9, 0.99, 0.995, 0.999]


def show(dataset: Dataset, config: TrainConfig | None) -> None:
    """The whole group."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.select_slider(options=choices("learning_rate", _RATES), format_func=decimal, **widget("learning_rate"))
        _schedule()
    with right:
        if config:
            chart.show(rate_curve(config), "training.rates")
            if config.schedule == "plateau":
                st.caption(
                    _(
                        "Halved whenever three epochs bring no lower validation loss. When that is can’t be foreseen: "
                        "this is what it looks like where the loss stands still from the middle on."
                    )
                )
    left, right = st.columns(2, gap="medium")
    with left:
        st.segmented_control(
            options=OPTIMISERS, format_func=option_names("optimiser").__getitem__, required=True, **widget("optimiser")
        )
        st.select_slider(options=choices("weight_decay", _DECAYS), format_func=decimal, **widget("weight_decay"))
    with right:
        st.slider(
            min_value=0.0, max_value=most("label_smoothing", 0.3), step=0.01, format="percent",
            **widget("label_smoothing"),
        )  # fmt: skip
        st.select_slider(options=choices("ema", _AVERAGES), **widget("ema"))
        st.toggle(**widget("class_weights"))
        if middle_ages(dataset.classes) is not None or value("neighbours"):
            st.slider(
                min_value=0.0, max_value=most("neighbours", 0.6), step=0.05, format="percent", **widget("neighbours")
            )


def _schedule() -> None:
    st.segmented_control(
        options=SCHEDULES, format_func=option_names("schedule").__getitem__, required=True, **widget("schedule")
    )
    if value("schedule") == "cosine":
        st.slider(min_value=0.0, max_value=most("warmup", 5.0), step=0.5, **widget("warmup"))
