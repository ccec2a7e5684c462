"""Advanced settings: the network and its layers, drawn before anything is trained."""

import streamlit as st

from emotion.cnn.config import ARCHITECTURES, LEANER, TrainConfig
from emotion.cnn.inside import Layer, describe
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import N_, _
from emotion.plots.network import layer_blocks
from emotion.ui import chart
from emotion.ui.jobs import outcome
from emotion.ui.table import data_table
from emotion.ui.training.fields import widget
from emotion.ui.training.settings import choices, key_of, origin, value

# Parameters with seven classes at 48 pixels.
_ABOUT = {
    "deck_cnn": N_("The course’s: four convolutions, two dense layers and the output · 4.5 million parameters"),
    "compact_resnet": N_(
        "Three blocks with shortcuts around them (ResNet) · 1.2 million · learns more in the same time"
    ),
    "wide_resnet": N_("Six such blocks · 2.8 million · slower, for a long training"),
    "lean_resnet": N_("Four such blocks · 2.4 million · a third faster; can go on from one with six"),
    "small_resnet": N_("Three narrow blocks · 0.5 million · for age and gender beside the emotion"),
    "tiny_cnn": N_("Three small convolutions · 94 thousand · for quick tries"),
}
_SIZES = [24, 32, 48, 64, 96]


def show(dataset: Dataset, config: TrainConfig | None) -> None:
    """The whole group."""
    if value("start_from"):
        _choose_leaner()
    else:
        left, right = st.columns([2, 1], gap="large")
        captions = [_(_ABOUT.get(name, "")) for name in ARCHITECTURES]
        left.radio(options=ARCHITECTURES, captions=captions, **widget("architecture"))
        right.select_slider(options=choices("size", _SIZES), **widget("size"))
    if config:
        _say_what_is_taken(config)
        _layers(config.architecture, len(dataset.classes), config.size)


def _choose_leaner() -> None:
    """The network that it starts from, or a leaner one where there is one."""
    try:
        found = origin(value("start_from")).architecture
    except UserError:  # The form says so.
        return
    options = [found, *(leaner for leaner, deeper in LEANER.items() if deeper == found)]
    if len(options) == 1:
        return
    if value("architecture") not in options:
        st.session_state[key_of("architecture")] = found
    st.radio(options=options, captions=[_(_ABOUT[name]) for name in options], **widget("architecture"))


def _say_what_is_taken(config: TrainConfig) -> None:
    """What a network has of the one that it starts from, if it starts from one."""
    if not config.start_from:
        return
    found = origin(config.start_from).architecture
    if config.architecture == found:
        text = _("Network and image size are those of the model it starts from: {network}, {size} pixels.")
    else:
        text = _(
            "{network} starts from a {deeper} and takes over the blocks that both have; images have {size} pixels."
        )
    text = text.format(network=config.architecture, deeper=found, size=config.size)
    st.info(text, icon=":material/conversion_path:")


def _layers(architecture: str, classes: int, size: int) -> None:
    rows: tuple[Layer, ...] | None = outcome(
        f"layers:{architecture}:{classes}:{size}",
        _("Drawing the network: starting Keras"),
        lambda told: describe(architecture, classes, size, told),
    )
    if rows is None:
        return
    total = sum(row.parameters for row in rows)
    text = _("**{n} parameters in {layers} layers.** The picture shrinks from layer to layer while the maps multiply.")
    st.markdown(text.format(n=f"{total:,}", layers=len(rows)))
    chart.show(layer_blocks(rows, size), "training.layers")
    with st.expander(_("All layers as a table")):
        data_table(
            {
                _("Layer"): [row.name for row in rows],
                _("Kind"): [row.kind for row in rows],
                _("Shape"): ["×".join(map(str, row.shape)) for row in rows],
                _("Parameters"): [row.parameters for row in rows],
            },
            column_config={_("Parameters"): st.column_config.NumberColumn(format="localized")},
        )
