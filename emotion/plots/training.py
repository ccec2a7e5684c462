"""Figures of training runs laid over each other; ``growing`` has those of one that is at work."""

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from emotion.cnn.config import CURVE_TITLES
from emotion.i18n import _
from emotion.labels import label_of
from emotion.plots.theme import finish

Rows = Sequence[Mapping[str, float]]
COMPARED_AT_MOST = 10
"""Runs that are laid over each other: as many as there are colours that eyes tell apart."""


def compared(name: str, runs: Mapping[str, Rows]) -> go.Figure:
    """The ``"loss"`` or ``"accuracy"`` of several runs, by the name to show: a colour each, training dashed."""
    figure = go.Figure()
    for position, (run, rows) in enumerate(runs.items()):
        colour, name_of_run = label_of("", position).colour, escape(run)
        for column, kind, dash in ((name, _("training"), "dot"), (f"val_{name}", _("validation"), "solid")):
            trace = _per_epoch(rows, column, f"{name_of_run} · {kind}", colour)
            trace.update(line={"dash": dash, "width": 2 if dash == "dot" else 2.5}, marker={"size": 5})
            trace.update(legendgroup=str(position), showlegend=dash == "solid")
            if dash == "dot":
                trace.update(mode="lines")
            else:
                trace.update(name=name_of_run)
            figure.add_trace(trace)
    longest = max((row["epoch"] for rows in runs.values() for row in rows), default=1)
    return _over_epochs(figure, name, int(longest)).update_layout(uirevision=",".join(runs))


def _over_epochs(figure: go.Figure, name: str, epochs: int) -> go.Figure:
    figure.update_xaxes(title=_("epoch"), range=[0, epochs + 0.1], zeroline=False, dtick=1 if epochs < 6 else None)
    if name == "loss":
        figure.update_yaxes(rangemode="tozero")
    else:
        figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    legend = {"orientation": "h", "y": -0.28, "x": 0.5, "xanchor": "center"}  # Several lines of it find room.
    middle = {"text": _(CURVE_TITLES[name]), "x": 0.5, "xanchor": "center", "font": {"size": 14}}
    return finish(figure, 350).update_layout(title=middle, legend=legend, hovermode="closest")


def _per_epoch(metrics: Rows, column: str, name: str, colour: str) -> go.Scatter:
    rows = [row for row in metrics if column in row]
    number = "%{y:.1%}" if column.endswith("accuracy") else "%{y:.3f}"
    return go.Scatter(
        x=[row["epoch"] for row in rows],
        y=[row[column] for row in rows],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2.5},
        marker={"size": 7},
        hovertemplate=_("epoch") + " %{x}: " + number + f"<extra>{name}</extra>",
    )
