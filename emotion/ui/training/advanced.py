"""Everything beyond the deck's few settings, in five groups."""

from collections.abc import Callable

import streamlit as st

from emotion.cnn.checks import check
from emotion.cnn.config import PRECISIONS, TrainConfig, task_of
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.ui.training import learning, network, preview, start_from
from emotion.ui.training.basic import start_button
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import build, default_name
from emotion.ui.training.words import option_names

Group = Callable[[Dataset, TrainConfig | None], None]


def show(dataset: Dataset) -> None:
    """The groups, one at a time, and Start; a sentence where the settings contradict each other."""
    choice, start = st.columns([4, 1], vertical_alignment="center")
    with choice:
        act = _chosen_group()
    try:
        config = build(dataset)
        check(config, dataset)
        with start:
            start_button(dataset, "training.start_too")
    except UserError as error:
        config = None
        st.error(error_text(error))
    act(dataset, config)


def _chosen_group() -> Group:
    groups: dict[str, tuple[str, str, Group]] = {
        "network": (":material/account_tree:", _("Network"), network.show),
        "learning": (":material/trending_down:", _("Learning"), learning.show),
        "images": (":material/photo_library:", _("Images"), preview.show),
        "start": (":material/conversion_path:", _("Start from"), start_from.show),
        "rest": (":material/tune:", _("More"), _rest),
    }
    st.session_state.setdefault("training.group", "network")
    group = st.segmented_control(
        _("Settings"),
        list(groups),
        format_func=lambda key: " ".join(groups[key][:2]),
        key="training.group",
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    return groups[str(group)][2]


def _rest(dataset: Dataset, config: TrainConfig | None) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_input(placeholder=default_name(dataset), **widget("name"))
        st.text_input(placeholder=task_of(dataset), **widget("task"))
        st.number_input(min_value=0, max_value=1000, step=1, **widget("patience"))
    with right:
        st.selectbox(options=PRECISIONS, format_func=option_names("precision").__getitem__, **widget("precision"))
        st.number_input(min_value=0, max_value=2**32 - 1, step=1, **widget("seed"))
