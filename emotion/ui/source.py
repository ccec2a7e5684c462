"""The program's own text on its pages: what runs here is there to be read."""

import inspect
from collections.abc import Callable
from textwrap import dedent

import streamlit as st

from emotion.i18n import _


def show_code(*parts: Callable[..., object] | type) -> None:
    """The real code of functions and classes, to be opened."""
    with st.expander(_("Show the code"), icon=":material/code:"):
        st.code("\n\n".join(dedent(inspect.getsource(part)) for part in parts))
