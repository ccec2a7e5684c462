"""How a face is found: the five steps of Viola and Jones, from the integral image to the detector."""

import streamlit as st

from emotion.i18n import _
from emotion.ui.haar import boosting, cascade, detector, features, integral
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading

heading(
    _("How a face is found"),
    _(
        "Viola and Jones, 2001: a face is darker at the eyes than on the cheeks, and thousands of such small questions "
        "find it in a moment. Five steps, with every number laid open."
    ),
)

views = {
    "integral": (_("Integral image"), integral.show),
    "features": (_("Haar features"), features.show),
    "boosting": (_("AdaBoost"), boosting.show),
    "cascade": (_("Cascade"), cascade.show),
    "detector": (_("Detector"), detector.show),
}
labels = {key: label for key, (label, _show) in views.items()}
asked = st.session_state.get("haar.view")
if asked not in labels.values():  # Another page asks for a view by its key; another language has other labels.
    last = st.session_state.get("haar.last", "integral")
    st.session_state["haar.view"] = labels.get(str(asked), labels[last])
tabs = st.tabs(list(labels.values()), key="haar.view", on_change="rerun")
for tab, (key, (_label, show)) in zip(tabs, views.items(), strict=True):
    if tab.open:
        st.session_state["haar.last"] = key
        with tab:
            show()
mark_done("haar")
