"""Advanced settings: which images, and how they are changed, with a live preview on images of the dataset."""

import numpy as np
import streamlit as st

from emotion.cnn.augment import several_draws
from emotion.cnn.config import PRESETS, TrainConfig
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import votes_stamp
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.plots.network import changed_grid
from emotion.ui.guards import load_files
from emotion.ui.training.fields import change_widget, widget
from emotion.ui.training.settings import CHANGES, augmentation, change_key, most_change, preset_of, value

_FACES, _DRAWS = 5, 7
_PRESET = "training.preset"
# How far the sliders go.
_FAR = {
    "shift": 0.3, "rotate": 45.0, "zoom": 0.3, "brightness": 0.5, "contrast": 0.5,
    "blur": 1.0, "erase": 1.0, "mixup": 1.0,
}  # fmt: skip


def show(dataset: Dataset, config: TrainConfig | None) -> None:
    """The whole group."""
    left, right = st.columns([1.2, 1], gap="large")
    with left, st.container(key="training-preview"):
        try:
            _preview(dataset)
        except UserError as error:
            st.warning(error_text(error))
    with right:
        _changes()
    left, right = st.columns(2, gap="medium")
    with left:
        st.number_input(min_value=0, max_value=10**9, step=500, **widget("images"))
    with right:
        if votes_stamp(dataset) or value("votes"):
            st.slider(min_value=0.0, max_value=1.0, step=0.05, format="percent", **widget("votes"))


def _changes() -> None:
    """The preset and the sliders, each of which follows the other."""
    names = {"off": _("off"), "mild": _("mild"), "strong": _("strong"), "own": _("own")}
    st.segmented_control(
        _("Augmentation: change the images"),
        list(names),
        format_func=names.__getitem__,
        key=_PRESET,
        required=True,
        persist_state="session",
        on_change=_follow_preset,
        help=_("The network never meets the same picture twice, so it can’t learn the pictures by heart."),
    )
    st.toggle(**change_widget("flip"), on_change=_follow_slider)
    columns = st.columns(2)
    for place, (name, far) in enumerate(_FAR.items()):
        with columns[place % 2]:
            _slider(name, far)


def _slider(name: str, far: float) -> None:
    looks = {"rotate": "%d°", "mixup": "%.2f"}
    st.slider(
        min_value=0.0,
        max_value=most_change(name, far),
        step=1.0 if name == "rotate" else 0.01,
        format=looks.get(name, "percent"),
        on_change=_follow_slider,
        **change_widget(name),
    )


def _follow_preset() -> None:
    preset = PRESETS.get(st.session_state[_PRESET])
    for name in CHANGES if preset else ():
        changed = getattr(preset, name)
        st.session_state[change_key(name)] = changed if isinstance(changed, bool) else float(changed)


def _follow_slider() -> None:
    st.session_state[_PRESET] = preset_of(augmentation())


def _preview(dataset: Dataset) -> None:
    draw = st.session_state.setdefault("training.draw", 0)
    part = dataset.part("train")
    rows = np.random.default_rng(draw).permutation(len(part.paths))[:_FACES]
    faces = load_files(dataset.root, part.take(np.sort(rows)), (48, 48)).pixels
    st.image(changed_grid(faces, several_draws(faces, augmentation(), _DRAWS, draw)), width="stretch")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Other images"), icon=":material/shuffle:", key="training.redraw"):
            st.session_state["training.draw"] = draw + 1
            st.rerun()
        st.caption(_("Left: as they are. Beside it: what the network would meet in seven epochs."))
