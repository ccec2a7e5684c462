"""Figures of a training run."""

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from emotion.i18n import _
from emotion.plots.theme import BLUE, ORANGE, finish


def curves(metrics: list[dict[str, float]], progress: list[dict[str, float]], epochs: int) -> go.Figure:
    """Loss and accuracy over the epochs: within the epoch as a thin line, after each epoch as points.

    ``metrics`` and ``progress`` are those of ``emotion.cnn.runs.Run``.
    """
    figure = make_subplots(1, 2, subplot_titles=(_("Loss (lower is better)"), _("Accuracy (higher is better)")))
    for column, name in enumerate(("loss", "accuracy"), 1):
        first = column == 1
        figure.add_trace(_within_epoch(progress, name), row=1, col=column)
        figure.add_trace(_per_epoch(metrics, name, _("training"), BLUE, first), row=1, col=column)
        figure.add_trace(_per_epoch(metrics, f"val_{name}", _("validation"), ORANGE, first), row=1, col=column)
    figure.update_xaxes(title=_("epoch"), range=[0, epochs + 0.1], fixedrange=True, zeroline=False)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, row=1, col=1)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True, row=1, col=2)
    # The same revision on every update: what the reader hid or hovers stays as it is while the curve grows.
    return finish(figure, 360).update_layout(uirevision="curves", hovermode="closest")


def _within_epoch(progress: list[dict[str, float]], name: str) -> go.Scatter:
    x, y = [point["epoch"] for point in progress], [point.get(name) for point in progress]
    # A broken line at every new epoch: the running mean begins again there, as it does in one that a resume repeats.
    breaks = [i for i in range(1, len(x)) if x[i] < x[i - 1] or int(x[i] - 1e-9) != int(x[i - 1] - 1e-9)]
    for place in reversed(breaks):
        x.insert(place, x[place])
        y.insert(place, None)
    return go.Scatter(x=x, y=y, mode="lines", line={"color": BLUE, "width": 1.5}, opacity=0.45, showlegend=False,
                      hoverinfo="skip", connectgaps=False)  # fmt: skip


def _per_epoch(metrics: list[dict[str, float]], column: str, name: str, colour: str, legend: bool) -> go.Scatter:
    rows = [row for row in metrics if column in row]
    number = "%{y:.1%}" if column.endswith("accuracy") else "%{y:.3f}"
    return go.Scatter(
        x=[row["epoch"] for row in rows],
        y=[row[column] for row in rows],
        mode="lines+markers",
        name=name,
        legendgroup=name,
        showlegend=legend,
        line={"color": colour, "width": 2.5},
        marker={"size": 8},
        hovertemplate=_("epoch") + " %{x}: " + number + f"<extra>{name}</extra>",
    )
