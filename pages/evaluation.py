"""Evaluation: how good is the network, and why does it answer as it does?"""

import streamlit as st

from emotion.i18n import _
from emotion.ui.evaluation import compare, exports, imports, inside, measure, one_file
from emotion.ui.page import heading
from emotion.ui.views import open_tab

heading(
    _("Test the network"),
    _(
        "A network is worth what it answers on pictures it has never seen. Give it one, or a whole exam of them; see "
        "which emotions it mixes up and what it looks at."
    ),
)

# One picture first: it needs no dataset and answers at once.
views = {
    "picture": (_("One picture"), [one_file.show]),
    "measure": (_("Measure a model"), [measure.show]),
    "compare": (_("Compare two"), [compare.show]),
    "inside": (_("Inside the CNN"), [inside.show]),
    "files": (_("Export & import"), [exports.show, imports.show]),
}
view, tab = open_tab("evaluation", {key: name for key, (name, _shows) in views.items()})
with tab:
    shows = views[view][1]
    # Each has its place from the start: what one waits for must not push out what stands below it.
    for place, show in zip([st.container() for _show in shows], shows, strict=True):
        with place:
            show()
