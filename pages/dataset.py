"""Dataset: what the network will learn from."""

from pathlib import Path

import streamlit as st

from emotion.dataset.folder import SPLITS
from emotion.dataset.library import known_datasets
from emotion.errors import UserError
from emotion.i18n import _, error_text, language
from emotion.labels import label_of
from emotion.plots.dataset import class_counts, grid_rows, sample_grid, split_name
from emotion.ui.guards import choose_dataset, current_dataset, ensure_dataset, load_files, sample_button
from emotion.ui.lesson import mark_done

st.title(_("See the data"))
st.write(
    _(
        "A network learns from examples alone, so look at them first: image folders, one for each emotion, and the "
        "folder’s name is the label. Are all emotions there equally often? Could you tell them apart yourself?"
    )
)

with st.expander(_("Open a dataset"), icon="📂", expanded=current_dataset() is None):
    known = known_datasets()
    if known:
        current = current_dataset()
        place = known.index(current.root) if current and current.root in known else 0
        chosen = st.selectbox(
            _("Known datasets"), known, place, format_func=lambda path: path.name, key="dataset.known"
        )
        if current is None or chosen != current.root:
            try:
                choose_dataset(chosen)
                st.rerun()
            except UserError as error:
                st.error(error_text(error))
    typed = st.text_input(
        _("Folder on this computer"),
        placeholder=_("for example C:\\Users\\me\\fer2013"),
        help=_("Expected: train/<class>/*.png with validation/ and test/ beside it, or class folders alone."),
        key="dataset.path",
    )
    if st.button(_("Open this folder"), key="dataset.open", disabled=not typed.strip()):
        try:
            choose_dataset(Path(typed))
            st.rerun()
        except UserError as error:
            st.error(error_text(error))
    if sample_button("dataset.sample"):
        st.rerun()

dataset = ensure_dataset()
mark_done("dataset")
counts = dataset.counts()
per_class = sum(counts.values())
st.subheader(f"{dataset.title} · {_('{n} images').format(n=f'{per_class.sum():,}')}")

grid, bars = st.columns([5, 6], gap="large")
with grid.container(key="dataset-grid"):
    st.markdown(_("**Five faces of each class**"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            _("Split"),
            [name for name in SPLITS if name in dataset.splits],
            default=next(iter(dataset.splits)),
            format_func=split_name,
            key="dataset.split",
            label_visibility="collapsed",
            required=True,
        )
        if st.button(_("Other faces"), icon="🔀", key="dataset.shuffle"):
            st.session_state["dataset.seed"] = st.session_state.get("dataset.seed", 0) + 1
    try:
        part = dataset.part(split)
        rows = grid_rows(part.labels, st.session_state.get("dataset.seed", 0))
        images = load_files(str(dataset.root), part.take(rows), (48, 48))
        st.plotly_chart(sample_grid(images, dataset.classes), key="dataset.grid", config={"displayModeBar": False})
        for path, _reason in images.unreadable:
            st.warning(_("{name} is no readable image; it is left out.").format(name=path))
    except UserError as error:
        st.error(error_text(error))
with bars:
    st.markdown(_("**How many of each**"))
    st.plotly_chart(class_counts(dataset), key="dataset.counts_chart", config={"displayModeBar": False})
    ratio = per_class.max() / max(per_class.min(), 1)
    if ratio > 1.5:
        rarest = label_of(dataset.classes[int(per_class.argmin())]).name(language())
        st.caption(
            _(
                "The most frequent class is {ratio} times as frequent as the rarest ({rarest}), so the network will "
                "see too little of that one."
            ).format(ratio=f"{ratio:.1f}", rarest=rarest)
        )
    st.page_link("pages/training.py", label=_("Next: train a network on it"), icon="🏋️")
