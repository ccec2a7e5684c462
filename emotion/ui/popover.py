"""Popovers that close once what they are for is done; Streamlit's own stay open until somebody clicks beside them."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def popover(label: str, key: str, **looks: Any) -> DeltaGenerator:
    """``st.popover`` under a ``key`` by which ``shut`` closes it."""
    # With another key it is another one to the browser, and a new one is closed.
    return st.popover(label, key=f"{key}.{_times(key)}", **looks)


def shut(key: str) -> None:
    """Close that popover: to be called by the click that does what it is for."""
    st.session_state[f"{key}.shut"] = _times(key) + 1


def _times(key: str) -> int:
    return int(st.session_state.get(f"{key}.shut", 0))
