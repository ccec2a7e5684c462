"""Dataset: what the network will learn from."""

import streamlit as st

from emotion.files import printable
from emotion.i18n import _, plain
from emotion.ui.dataset import averages, doctor, gallery, opening, overview, plane
from emotion.ui.guards import current_dataset, datasets, need_dataset, title_of
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading
from emotion.ui.views import open_tab

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
    "overview": (_("Overview"), overview),
    "gallery": (_("Gallery"), gallery),
    "averages": (_("Average faces"), averages),
    "map": (_("Map"), plane),
    "doctor": (_("Doctor"), doctor),
}
view, tab = open_tab("dataset", {key: name for key, (name, _view) in views.items()})
with tab:
    views[view][1].show(dataset)
