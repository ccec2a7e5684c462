"""The tabs of a page: the open one stays open on another page and in another language."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def open_tab(page: str, names: Mapping[str, str]) -> tuple[str, DeltaGenerator]:
    """Draw lazy tabs with these ``names`` by key; the key of the open one, and the place to fill.

    Whoever wants another one puts its key into the session's ``<page>.view``.
    """
    view, last = f"{page}.view", f"{page}.last"
    if st.session_state.get(view) not in names.values():  # A key, or a name in another language.
        wanted = str(st.session_state.get(view))
        key = wanted if wanted in names else st.session_state.get(last, next(iter(names)))
        st.session_state[view] = names[key]
    tabs = st.tabs(list(names.values()), key=view, on_change="rerun")
    key, tab = next((key, tab) for key, tab in zip(names, tabs, strict=True) if tab.open)
    st.session_state[last] = key
    return key, tab
