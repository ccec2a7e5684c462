"""Dataset: what the network will learn from."""

from pathlib import Path

import streamlit as st

from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.i18n import _, error_text, language
from emotion.labels import label_of
from emotion.plots.dataset import class_counts, grid_rows, sample_grid, split_name
from emotion.ui import chart
from emotion.ui.guards import (
    choose_dataset,
    current_dataset,
    datasets,
    load_files,
    need_dataset,
    sample_button,
    title_of,
)
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading, plain

heading(
    _("See the data"),
    _(
        "A network learns from examples alone, so look at them first: image folders, one for each emotion, and the "
        "folder’s name is the label. Are all emotions there equally often? Could you tell them apart yourself?"
    ),
)


def open_folder(root: Path | str) -> None:
    """Make a folder the session's dataset, or keep what is wrong with it for the page to say."""
    try:
        choose_dataset(root)
    except UserError as error:
        st.session_state["dataset.problem"] = error


known = datasets()
current = current_dataset(known)


def open_typed() -> None:
    """Open what stands in the box at the moment of the click."""
    if st.session_state["dataset.path"].strip():
        open_folder(st.session_state["dataset.path"])


with st.expander(_("Open a dataset"), icon=":material/folder_open:"):
    if current and current.root in known:
        st.session_state["dataset.known"] = current.root
        st.selectbox(
            _("Known datasets"),
            known,
            format_func=lambda path: path.name,
            key="dataset.known",
            on_change=lambda: open_folder(st.session_state["dataset.known"]),
        )
    st.text_input(
        _("Folder on this computer"),
        placeholder=_("for example C:\\Users\\me\\fer2013"),
        help=_("Expected: train/<class>/*.png with validation/ and test/ beside it, or class folders alone."),
        key="dataset.path",
    )
    st.button(_("Open this folder"), key="dataset.open", on_click=open_typed)
    if current and sample_button("dataset.sample"):
        st.rerun()
if problem := st.session_state.pop("dataset.problem", None):
    st.error(error_text(problem))

dataset = need_dataset(current)
mark_done("dataset")
counts = dataset.counts()
per_class = sum(counts.values())
st.subheader(_("{title} · {n} images").format(title=title_of(dataset), n=f"{per_class.sum():,}"))

grid, bars = st.columns(2, gap="large")
with grid.container(key="dataset-grid"):
    st.markdown(_("**Five faces of each class**"))
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
        part = dataset.part(split)
        rows = grid_rows(part.labels, st.session_state.get("dataset.seed", 0))
        images = load_files(dataset.root, part.take(rows), (48, 48))
        chart.show(sample_grid(images, dataset.classes), "dataset.grid")
        for path, _reason in images.unreadable:
            st.warning(_("{name} is no readable image; it is left out.").format(name=plain(path)))
    except UserError as error:
        st.error(error_text(error))
with bars:
    st.markdown(_("**How many of each**"))
    chart.show(class_counts(dataset), "dataset.counts_chart")
    ratio = per_class.max() / max(per_class.min(), 1)
    if ratio > 1.5:
        rarest = plain(label_of(dataset.classes[int(per_class.argmin())]).name(language()))
        st.caption(
            _(
                "The most frequent class is {ratio} times as frequent as the rarest ({rarest}), so the network will "
                "see too little of that one."
            ).format(ratio=f"{ratio:.1f}", rarest=rarest)
        )
    st.page_link("pages/training.py", label=_("Next: train a network on it"), icon=":material/model_training:")
