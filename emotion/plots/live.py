"""Figures beside the live video: axes stand still, only the bars move."""

from collections.abc import Mapping

import plotly.graph_objects as go

from emotion.labels import label_of
from emotion.live.faces import Prediction

_BAR = 23  # Pixels for one bar with its gap.
_ACCENT = "#0072B2"
_QUIET = "rgba(138, 138, 138, 0.28)"  # Gray, and half transparent: right on white and on near-black.
_SCALES = (20, 50, 100, 200, 500, 1000)


def probabilities(prediction: Prediction, language: str = "en", title: str = "", ink: str | None = None) -> go.Figure:
    """A bar from 0 to 100 % for each class, in the classes' order and colours; ``ink`` colours the words."""
    labels = [label_of(key, position) for position, key in enumerate(prediction.classes)]
    names = [label.name(language) for label in labels]
    percents = [100 * float(value) for value in prediction.probabilities]
    bars = go.Bar(
        x=percents,
        y=names,
        orientation="h",
        marker={"color": [label.colour for label in labels], "cornerradius": 4},
        text=[f"{percent:.0f} %" for percent in percents],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure = _figure(bars, len(names), title, ink)
    figure.update_xaxes(range=[0, 100], tickvals=[0, 50, 100], ticktext=["0 %", "50 %", "100 %"])
    return figure


def stage_timings(
    timings_ms: Mapping[str, float], names: Mapping[str, str], title: str = "", ink: str | None = None
) -> go.Figure:
    """A bar for each stage that ``names`` names, in milliseconds; the axis grows in steps, so that it seldom moves."""
    values = [timings_ms.get(stage, 0.0) for stage in names]
    limit = next((scale for scale in _SCALES if max(values, default=0) <= scale), max(values, default=0))
    bars = go.Bar(
        x=values,
        y=list(names.values()),
        orientation="h",
        marker={"color": _ACCENT, "cornerradius": 4},
        text=[f"{value:.1f} ms" for value in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1f} ms<extra></extra>",
    )
    figure = _figure(bars, len(names), title, ink)
    figure.update_xaxes(range=[0, limit], nticks=5, ticksuffix=" ms")
    return figure


def _figure(bars: go.Bar, rows: int, title: str, ink: str | None) -> go.Figure:
    figure = go.Figure(bars)
    figure.update_layout(
        height=rows * _BAR + (62 if title else 34),
        margin={"l": 4, "r": 56, "t": 34 if title else 6, "b": 26},
        font={"color": ink},
        title={"text": title, "font": {"size": 14, "color": ink}, "x": 0, "y": 1, "yanchor": "top", "pad": {"t": 8}},
        bargap=0.3,
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_traces(textfont={"color": ink})
    figure.update_yaxes(
        tickfont={"color": ink}, autorange="reversed", showgrid=False, fixedrange=True, ticksuffix="  ", automargin=True
    )
    figure.update_xaxes(tickfont={"color": ink}, fixedrange=True, gridcolor=_QUIET, zeroline=False)
    return figure
