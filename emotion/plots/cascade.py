"""Figures of a cascade: its stages, how windows pass through them, and how good a detector it makes."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from emotion.haar.cascade import StageAnswer
from emotion.i18n import _
from emotion.labels import PALETTE
from emotion.plots.theme import BLUE, GRAY, NAMES, ORANGE, finish

_TALLEST = 260
_FAINT = "rgba(128,140,160,0.25)"
_NAMED = NAMES | {"fixedrange": True, "showgrid": False}


def stages_figure(weak: Sequence[int], chosen: int) -> go.Figure:
    """The number of weak classifiers of each stage as bars; the ``chosen`` one, counted from 0, stands out."""
    numbers = np.arange(1, len(weak) + 1)
    colours = [ORANGE if stage == chosen else BLUE for stage in range(len(weak))]
    hover = _("stage %{x}: %{y} weak classifiers")
    bars = go.Bar(
        x=numbers, y=list(weak), marker_color=colours, customdata=numbers, hovertemplate=hover, name="",
        # A click picks a stage by our own rules; Plotly's would fade the others.
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    figure = go.Figure(bars)
    figure.update_xaxes(title=_("Stage"), fixedrange=True, dtick=5 if len(weak) > 12 else 1, tick0=0)
    figure.update_yaxes(title=_("Weak classifiers"), fixedrange=True)
    return finish(figure, _TALLEST).update_layout(bargap=0.2)


def funnel_figure(funnel: np.ndarray) -> go.Figure:
    """How many windows are left, as in ``Scan.funnel`` (stages + 2,), on a logarithmic axis."""
    stages = len(funnel) - 2
    names = [_("tried"), _("contrast"), *(str(number) for number in range(1, stages + 1))]
    share = funnel / max(int(funnel[0]), 1)
    bars = go.Bar(
        # A bar of nothing has no logarithm and stays away, as it should.
        x=np.arange(len(funnel)), y=funnel, customdata=np.stack([names, [f"{part:.2%}" for part in share]], axis=1),
        marker_color=[GRAY, GRAY, *[BLUE] * (stages - 1), PALETTE["green"]],
        hovertemplate=_("%{customdata[0]}: %{y:,} windows left, %{customdata[1]}") + "<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(bars)
    shown = [0, *(place for place in range(2, len(funnel)) if (place - 1) % 5 == 0)]
    for place, side in ((0, "left"), (stages + 1, "right")):
        height = float(np.log10(max(int(funnel[place]), 1)))
        figure.add_annotation(
            x=place, y=height, text=f"{funnel[place]:,}", showarrow=False, xanchor=side, yshift=10, font_size=13
        )
    figure.update_xaxes(
        title=_("Stage passed"), fixedrange=True, tickvals=shown, ticktext=[names[place] for place in shown]
    )
    top = float(np.log10(max(int(funnel[0]), 1))) + 0.5
    figure.update_yaxes(title=_("Windows left"), type="log", range=[-0.3, top], dtick=1, fixedrange=True)
    return finish(figure, 330).update_layout(bargap=0.15, showlegend=False)


def sums_figure(answers: Sequence[StageAnswer], chosen: int) -> go.Figure:
    """A window's sum in each stage it came to, against the threshold; the ``chosen`` stage, from 0, is framed."""
    numbers = np.arange(1, len(answers) + 1)
    colours = [BLUE if answer.passed else ORANGE for answer in answers]
    frames = [3 if stage == chosen else 0 for stage in range(len(answers))]
    bars = go.Bar(
        x=numbers, y=[answer.total for answer in answers], customdata=numbers, name=_("sum of the votes"),
        marker={"color": colours, "line": {"width": frames, "color": GRAY}},
        hovertemplate=_("stage %{x}: sum %{y:.3f}") + "<extra></extra>",
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    lines = go.Scatter(
        x=numbers, y=[answer.threshold for answer in answers], customdata=numbers, mode="markers",
        name=_("threshold"), marker={"symbol": "line-ew-open", "size": 18, "line_width": 3, "color": GRAY},
        hovertemplate=_("stage %{x}: threshold %{y:.3f}") + "<extra></extra>",
    )  # fmt: skip
    figure = go.Figure([bars, lines])
    figure.update_xaxes(
        title=_("Stage"), fixedrange=True, dtick=1 if len(answers) < 12 else 5, range=[0.3, len(answers) + 0.7]
    )
    figure.update_yaxes(title=_("Sum of the votes"), fixedrange=True, zeroline=True, zerolinecolor=_FAINT)
    return finish(figure, 290).update_layout(bargap=0.25, legend={"y": 1.18, "x": 0, "xanchor": "left"})


def settings_figure(
    values: np.ndarray,
    scale_factors: Sequence[float],
    min_neighbors: Sequence[int],
    title: str,
    share: bool,
    deck: tuple[float, int],
    ink: str | None = None,
) -> go.Figure:
    """``values`` (S, M) over scale factors (rows) and numbers of neighbours (columns) as a coloured grid.

    A ``share`` is shown in percent and is good when high; anything else is better low. The ``deck``'s own pair of
    settings, if it is there, is framed. ``ink`` is the colour of the numbers; without one they take the page's.
    """
    x, y = [str(number) for number in min_neighbors], [f"{factor:g}" for factor in scale_factors]
    cells = go.Heatmap(
        z=values, x=x, y=y, showscale=False, xgap=2, ygap=2, zmin=0, zmax=1 if share else None, hoverinfo="skip",
        colorscale=[[0, "rgba(128,140,160,0.10)"], [1, BLUE if share else ORANGE]],
    )  # fmt: skip
    # A heatmap's own text turns black or white by its cell's colour, and see-through cells mislead it.
    numbers = go.Scatter(
        x=x * len(y), y=np.repeat(y, len(x)), mode="text", textfont={"color": ink, "size": 13},
        text=["–" if np.isnan(value) else f"{value:.0%}" if share else f"{value:.2f}" for value in values.ravel()],
        hovertemplate="scaleFactor %{y}, minNeighbors %{x}: %{text}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure([cells, numbers])
    if deck[0] in scale_factors and deck[1] in min_neighbors:
        _frame(figure, list(scale_factors).index(deck[0]), list(min_neighbors).index(deck[1]))
    figure.update_layout(xaxis=_NAMED | {"title": "minNeighbors"}, yaxis=_NAMED | {"title": "scaleFactor"})
    return finish(figure, 300).update_layout(title={"text": title, "x": 0.5, "xanchor": "center"})


def _frame(figure: go.Figure, row: int, column: int) -> None:
    line = {"color": PALETTE["green"], "width": 3}
    figure.add_shape(type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5, line=line)
