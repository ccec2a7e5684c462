"""The tabs of a page: the open one stays open on another page and in another language."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def open_tab(page: str, names: Mapping[str, str]) -> tuple[str, DeltaGenerator]:
    """Draw lazy tabs with these ``names`` by key; the key of the open one, and the place to fill.

    Whoever wants another one puts its key into the session's ``<page>.view``.
    """
    view, last, drawn = f"{page}.view", f"{page}.last", f"{page}.drawn"
    titles, wanted = list(names.values()), str(st.session_state.get(view))
    if wanted not in titles:  # A key, or a name in another language.
        wanted = names[wanted if wanted in names else st.session_state.get(last, next(iter(names)))]
    # In another language they are new tabs to Streamlit, even where the open one has the same name.
    if st.session_state.get(view) != wanted or st.session_state.get(drawn) != titles:
        st.session_state[view] = wanted
    st.session_state[drawn] = titles
    tabs = st.tabs(titles, key=view, on_change="rerun")
    key, tab = next((key, tab) for key, tab in zip(names, tabs, strict=True) if tab.open)
    st.session_state[last] = key
    return key, tab
