"""Figures beside the live video: axes stand still, only the bars move."""

from collections.abc import Mapping

import plotly.graph_objects as go

from emotion.labels import label_of
from emotion.live.faces import Prediction

_BAR = 23  # Pixels for one bar with its gap.
_ACCENT = "#3B8FD0"  # Of the theme's two blues, the middle: it reads on white and on near-black.
_QUIET = "rgba(138, 138, 138, 0.28)"  # Gray, and half transparent: right on white and on near-black.
_SCALES = (20, 50, 100, 200, 500, 1000)


def probabilities(prediction: Prediction, language: str = "en", title: str = "", ink: str | None = None) -> go.Figure:
    """A bar from 0 to 100 % for each class, in the classes' order and colours; ``ink`` colours the words."""
    labels = [label_of(key, position) for position, key in enumerate(prediction.classes)]
    percents = [100 * float(value) for value in prediction.probabilities]
    texts = [f"{percent:.0f} %" for percent in percents]
    names = [label.name(language) for label in labels]
    figure = _bars(names, percents, texts, [label.colour for label in labels], title, ink)
    figure.update_xaxes(range=[0, 100], tickvals=[0, 50, 100], ticktext=["0 %", "50 %", "100 %"])
    return figure


def stage_timings(
    timings_ms: Mapping[str, float], names: Mapping[str, str], title: str = "", ink: str | None = None
) -> go.Figure:
    """A bar for each stage that ``names`` names, in milliseconds; the axis grows in steps, so that it seldom moves."""
    values = [timings_ms.get(stage, 0.0) for stage in names]
    limit = next((scale for scale in _SCALES if max(values, default=0) <= scale), max(values, default=0))
    texts = [f"{value:.1f} ms" for value in values]
    figure = _bars(list(names.values()), values, texts, [_ACCENT] * len(values), title, ink)
    figure.update_xaxes(range=[0, limit], nticks=5, ticksuffix=" ms")
    return figure


def _bars(
    names: list[str], values: list[float], texts: list[str], colours: list[str], title: str, ink: str | None
) -> go.Figure:
    bars = go.Bar(
        x=values,
        y=names,
        text=texts,
        orientation="h",
        marker={"color": colours, "cornerradius": 4},
        textposition="outside",
        textfont={"color": ink},
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_layout(
        height=len(names) * _BAR + (62 if title else 34),
        margin={"l": 4, "r": 56, "t": 34 if title else 6, "b": 26},
        title={"text": title, "font": {"size": 14, "color": ink}, "x": 0, "y": 1, "yanchor": "top", "pad": {"t": 8}},
        bargap=0.3,
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(tickfont={"color": ink}, fixedrange=True, gridcolor=_QUIET, zeroline=False)
    figure.update_yaxes(tickfont={"color": ink}, fixedrange=True, showgrid=False, automargin=True)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure
