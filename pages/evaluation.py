"""Evaluation: how good is the network, and why does it answer as it does?"""

import streamlit as st

from emotion.i18n import _
from emotion.ui.evaluation import compare, exports, imports, inside, measure, one_file
from emotion.ui.page import heading

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
labels = {key: label for key, (label, _shows) in views.items()}
asked = st.session_state.get("evaluation.view")
if asked not in labels.values():  # Another page asks for a view by its key; another language has other labels.
    last = st.session_state.get("evaluation.last", "picture")
    st.session_state["evaluation.view"] = labels.get(str(asked), labels[last])
tabs = st.tabs(list(labels.values()), key="evaluation.view", on_change="rerun")
for tab, (key, (_label, shows)) in zip(tabs, views.items(), strict=True):
    if tab.open:
        st.session_state["evaluation.last"] = key
        with tab:
            for show in shows:
                show()
