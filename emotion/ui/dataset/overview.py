"""Overview: the deck's grid of faces and how many there are of each class."""

import numpy as np
import streamlit as st

from emotion.dataset.folder import Dataset
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.i18n import _, error_text, language, plain
from emotion.labels import label_of
from emotion.plots.dataset import class_counts, grid_rows, sample_grid, split_name
from emotion.ui import chart
from emotion.ui.guards import load_files
from emotion.ui.table import data_table


def show(dataset: Dataset) -> None:
    """The whole view."""
    grid, bars = st.columns(2, gap="large")
    with grid.container(key="dataset-grid"):
        st.markdown(_("**Five faces of each class**"))
        _grid(dataset)
    with bars:
        st.markdown(_("**How many of each**"))
        chart.show(class_counts(dataset), "dataset.counts_chart")
        _balance(dataset)
        st.page_link("pages/training.py", label=_("Next: train a network on it"), icon=":material/model_training:")


def _grid(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        splits = [name for name in SPLITS if name in dataset.splits]
        if st.session_state.get("dataset.split") not in splits:
            st.session_state["dataset.split"] = splits[0]
        split = st.segmented_control(
            _("Split"),
            splits,
            format_func=split_name,
            key="dataset.split",
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )
        if st.button(_("Other faces"), icon=":material/shuffle:", key="dataset.shuffle"):
            st.session_state["dataset.seed"] = st.session_state.get("dataset.seed", 0) + 1
    try:
        part = dataset.part(str(split))
        rows = grid_rows(part.labels, st.session_state.get("dataset.seed", 0))
        images = load_files(dataset.root, part.take(rows), (48, 48))
        chart.show(sample_grid(images, dataset.classes), "dataset.grid")
        for path, _reason in images.unreadable:
            st.warning(_("{name} is no readable image; it is left out.").format(name=plain(path)))
    except UserError as error:
        st.error(error_text(error))


def _balance(dataset: Dataset) -> None:
    """How unequal the classes are, and how the images are dealt into splits."""
    per_class = np.sum(list(dataset.counts().values()), axis=0)
    ratio = per_class.max() / max(per_class.min(), 1)
    with st.container(horizontal=True, key="dataset-balance"):
        st.metric(_("Imbalance"), f"{ratio:.1f} : 1", width="content")
        for name, part in dataset.splits.items():
            st.metric(split_name(name).capitalize(), f"{len(part.paths):,}", width="content")
    if ratio > 1.5:
        rarest = plain(label_of(dataset.classes[int(per_class.argmin())]).name(language()))
        st.caption(
            _(
                "The most frequent class is {ratio} times as frequent as the rarest ({rarest}), so the network will "
                "see too little of that one."
            ).format(ratio=f"{ratio:.1f}", rarest=rarest)
        )
    if dataset.left_out:
        with st.expander(_("{n} files were left out at the import").format(n=f"{len(dataset.left_out):,}")):
            data_table(
                {
                    _("File"): [name for name, _why in dataset.left_out],
                    _("Why"): [_(why) for _name, why in dataset.left_out],
                },
                height=240,
            )
