"""Figures of the integral image."""

import numpy as np
import plotly.graph_objects as go

from emotion.haar.integral import Rectangle
from emotion.i18n import _
from emotion.labels import PALETTE
from emotion.plots.theme import finish

# One for each corner and the cells it stands for.
CORNER_COLOURS = {"A": PALETTE["green"], "B": PALETTE["vermilion"], "C": PALETTE["purple"], "D": PALETTE["blue"]}
_RECTANGLE_COLOUR = PALETTE["orange"]
_GRAYS = ((0, "rgba(128,140,160,0.10)"), (1, "rgba(128,140,160,0.45)"))  # See-through, for dark and light pages.


def matrix_figure(matrix: np.ndarray, rectangle: Rectangle, ink: str | None = None) -> go.Figure:
    """The cells of a small picture (H, W): the rectangle framed, what corners B, C and A take away shaded.

    ``ink`` is the colour of the numbers; without one they take the page's, as in every figure here.
    """
    figure = _grid(matrix, ink, first=1, title=_("Gray values"), hover=_("row %{y}, column %{x}: %{text}"))
    top, left = rectangle.row + 0.5, rectangle.column + 0.5
    bottom, right = top + rectangle.height, left + rectangle.width
    _shade(figure, top, 0.5, bottom, left, CORNER_COLOURS["B"])
    _shade(figure, 0.5, left, top, right, CORNER_COLOURS["C"])
    _shade(figure, 0.5, 0.5, top, left, CORNER_COLOURS["A"])
    _frame(figure, top, left, bottom, right, _RECTANGLE_COLOUR)
    return figure


def integral_figure(integral: np.ndarray, rectangle: Rectangle, ink: str | None = None) -> go.Figure:
    """The entries of an integral image (H + 1, W + 1), the rectangle's four corners marked A, B, C and D."""
    hover = _("the first %{y} rows and %{x} columns sum up to %{text}")
    figure = _grid(integral, ink, first=0, title=_("Integral image"), hover=hover)
    row, column, height, width = rectangle
    places = {"A": (row, column), "B": (row + height, column), "C": (row, column + width)}
    for letter, (y, x) in (places | {"D": (row + height, column + width)}).items():
        colour = CORNER_COLOURS[letter]
        _shade(figure, y - 0.5, x - 0.5, y + 0.5, x + 0.5, colour)
        _frame(figure, y - 0.46, x - 0.46, y + 0.46, x + 0.46, colour)
        figure.add_annotation(x=x - 0.3, y=y - 0.28, text=f"<b>{letter}</b>", showarrow=False, font_size=12)
    return figure


def _grid(values: np.ndarray, ink: str | None, first: int, title: str, hover: str) -> go.Figure:
    """A heatmap with its values written in; rows and columns are counted from ``first``."""
    rows, columns = (np.arange(first, first + length) for length in values.shape)
    x, y = (positions.ravel() for positions in np.meshgrid(columns, rows))
    cells = go.Heatmap(
        z=values, x=columns, y=rows, colorscale=_GRAYS, showscale=False, xgap=3, ygap=3, hoverinfo="skip"
    )
    # A heatmap's own text turns black or white by its cell's colour, and see-through cells mislead it.
    font = {"size": 16, "color": ink}
    numbers = go.Scatter(x=x, y=y, text=values.ravel(), mode="text", textfont=font, hovertemplate=hover, name="")
    figure = go.Figure([cells, numbers])
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "dtick": 1, "ticks": "", "constrain": "domain"}
    figure.update_xaxes(side="top", **axis)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", **axis)
    return finish(figure, height=340).update_layout(
        title={"text": title, "x": 0.5, "xanchor": "center"},
        font_color=ink,
        margin={"l": 28, "t": 60},
        showlegend=False,
    )


def _frame(figure: go.Figure, top: float, left: float, bottom: float, right: float, colour: str) -> None:
    line = {"color": colour, "width": 3}
    figure.add_shape(type="rect", x0=left, y0=top, x1=right, y1=bottom, line=line)


def _shade(figure: go.Figure, top: float, left: float, bottom: float, right: float, colour: str) -> None:
    if bottom > top and right > left:
        fill = {"fillcolor": colour, "opacity": 0.35, "line_width": 0, "layer": "below"}  # The numbers stay clear.
        figure.add_shape(type="rect", x0=left, y0=top, x1=right, y1=bottom, **fill)
