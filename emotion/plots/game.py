"""How a game of making faces went."""

from collections.abc import Sequence

import plotly.graph_objects as go

from emotion.i18n import language
from emotion.labels import label_of
from emotion.live.mirror import GET_READY, HOLD, Round
from emotion.plots.theme import finish


def rounds_figure(rounds: Sequence[Round]) -> go.Figure:
    """The probability of the face to make over the seconds of each round that count, in the emotion's colour."""
    figure = go.Figure()
    for place, made in enumerate(rounds, start=1):
        label = label_of(made.target)
        figure.add_scatter(
            x=[second - GET_READY for second in made.seconds], y=made.shares, mode="lines",
            name=f"{place} · {label.name(language())}", line={"color": label.colour, "width": 3},
            hovertemplate="%{y:.0%}",
        )  # fmt: skip
    figure.update_xaxes(range=[0, HOLD], ticksuffix=" s", fixedrange=True)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", tickvals=[0, 0.5, 1], fixedrange=True)
    return finish(figure, 300).update_layout(dragmode=False)
