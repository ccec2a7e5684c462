"""How a figure stands on a page."""

import plotly.graph_objects as go
import streamlit as st


def show(figure: go.Figure, key: str) -> None:
    """The figure, as wide as its place, without Plotly's bar of tools."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def ink() -> str:
    """The colour of the page's own text: Streamlit gives figures a pale gray, which small numbers can't bear."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor"))
