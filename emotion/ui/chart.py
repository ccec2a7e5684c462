"""How a figure stands on a page."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from emotion.plots.growing import Chart


def show(figure: go.Figure, key: str) -> None:
    """The figure, as wide as its place, without Plotly's bar of tools."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def grow(figure: Chart, key: str) -> None:
    """A chart that gets new data and stays standing."""
    with st.container(key=key):
        st.vega_lite_chart(figure.data, figure.spec)


def clickable(figure: go.Figure, key: str, clicked: Callable[[list[int]], None]) -> None:
    """The figure as ``show`` shows it; ``clicked`` is told the ``customdata`` of a point when it is clicked."""

    def tell() -> None:
        if points := st.session_state[key]["selection"]["points"]:
            clicked([int(value) for value in np.ravel(points[0]["customdata"])])

    st.plotly_chart(figure, key=key, on_select=tell, selection_mode="points", config={"displayModeBar": False})


def ink() -> str:
    """The colour of the page's own text: Streamlit gives figures a pale gray, which small numbers can't bear."""
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.textColor"))


def picked(figure: go.Figure, key: str) -> list[int]:
    """The figure as ``show`` shows it, and the ``customdata`` of the points that were clicked or drawn round."""
    state = st.plotly_chart(
        figure,
        key=key,
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]},
    )
    points = state["selection"]["points"]
    return [int(np.ravel(point["customdata"])[0]) for point in points if point.get("customdata") is not None]
