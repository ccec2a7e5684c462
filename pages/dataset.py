"""Dataset: what the network will learn from."""

import streamlit as st

from emotion.files import printable
from emotion.i18n import _, plain
from emotion.ui.dataset import averages, doctor, gallery, opening, overview, plane
from emotion.ui.guards import current_dataset, datasets, need_dataset, title_of
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading

heading(
    _("See the data"),
    _(
        "A network learns from examples alone, so look at them first: image folders, one for each emotion, and the "
        "folder’s name is the label. Are all emotions there equally often? Could you tell them apart yourself?"
    ),
)
known = datasets()
current = current_dataset(known)
opening.show(known, current)
dataset = need_dataset(current)
mark_done("dataset")
images = len(dataset.everything.paths)
st.subheader(_("{title} · {n} images").format(title=title_of(dataset), n=f"{images:,}"))

st.caption(plain(printable(str(dataset.root))))

views = {
    _("Overview"): overview,
    _("Gallery"): gallery,
    _("Average faces"): averages,
    _("Map"): plane,
    _("Doctor"): doctor,
}
for tab, view in zip(st.tabs(list(views), key="dataset.view", on_change="rerun"), views.values(), strict=True):
    if tab.open:
        with tab:
            view.show(dataset)
