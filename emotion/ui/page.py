"""How every page begins."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def heading(title: str, lead: str) -> None:
    """The page's title and, in a sentence or two, what it is about."""
    _insist_on_navigation()
    st.title(title)
    st.write(lead)


def _insist_on_navigation() -> None:
    """Start again from ``app.py`` where a page was run without it.

    A folder called ``pages`` makes Streamlit run its scripts on their own until ``st.navigation`` has been called
    once: the first visitor after a start, coming by a link to a page, would meet it without language and menu.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
