"""Figures and pictures of the integral image."""

import cv2
import numpy as np
import plotly.graph_objects as go

from emotion.haar.integral import Rectangle
from emotion.haar.timing import SumTimes
from emotion.i18n import _
from emotion.labels import PALETTE, rgb
from emotion.plots.theme import BLUE, ORANGE, finish

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


def rectangle_picture(gray: np.ndarray, rectangle: Rectangle) -> np.ndarray:
    """A photo, gray uint8 (H, W), as rgb uint8: the rectangle framed, what B, C and A take away tinted."""
    picture = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    row, column, height, width = rectangle
    below, beside = slice(row, row + height), slice(column, column + width)
    for rows, columns, letter in (
        (below, slice(0, column), "B"), (slice(0, row), beside, "C"), (slice(0, row), slice(0, column), "A"),
    ):  # fmt: skip
        part = picture[rows, columns]
        part[:] = (part * 0.6 + np.array(rgb(CORNER_COLOURS[letter])) * 0.4).astype(np.uint8)
    line = max(1, max(gray.shape) // 250)
    cv2.rectangle(
        picture, (column, row), (column + width - 1, row + height - 1), rgb(_RECTANGLE_COLOUR), line, cv2.LINE_AA
    )
    return picture


def integral_picture(integral: np.ndarray, rectangle: Rectangle) -> np.ndarray:
    """An integral image (H + 1, W + 1) as rgb uint8 (H, W, 3), with a line at every tenth and the four corners."""
    share = integral[1:, 1:] / max(int(integral[-1, -1]), 1)
    picture = cv2.cvtColor(cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
    tenths = np.minimum((10 * share).astype(np.uint8), 9)
    steps = (tenths[:, 1:] != tenths[:, :-1])[1:] | (tenths[1:] != tenths[:-1])[:, 1:]
    picture[1:, 1:][steps] = 255
    row, column, height, width = rectangle
    places = {"A": (row, column), "B": (row + height, column), "C": (row, column + width)}
    for letter, (y, x) in (places | {"D": (row + height, column + width)}).items():
        _mark(picture, (x, y), letter)
    return picture


def _mark(picture: np.ndarray, place: tuple[int, int], letter: str) -> None:
    """A dot in the corner's colour with its letter, whole even at the picture's edge."""
    height, width = picture.shape[:2]
    radius = max(2, max(height, width) // 40)
    # The middle of a picture smaller than two dots is as good a place as any.
    x, y = (
        min(max(value, radius), max(length - radius, length // 2))
        for value, length in zip(place, (width, height), strict=True)
    )
    cv2.circle(picture, (x, y), radius, rgb(CORNER_COLOURS[letter]), -1, cv2.LINE_AA)
    cv2.circle(picture, (x, y), radius, (255, 255, 255), max(1, radius // 8), cv2.LINE_AA)
    (wide, tall), _base = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, radius / 18, 2)
    cv2.putText(
        picture, letter, (x - wide // 2, y + tall // 2), cv2.FONT_HERSHEY_SIMPLEX, radius / 18, (255, 255, 255), 2,
        cv2.LINE_AA,
    )  # fmt: skip


def times_figure(times: SumTimes) -> go.Figure:
    """Milliseconds over the number of rectangles, with the integral image and without; both axes by powers of ten."""
    figure = go.Figure()
    parts = ((_("pixel by pixel"), times.pixels, ORANGE), (_("with the integral image"), times.integral, BLUE))
    for name, values, colour in parts:
        figure.add_scatter(
            x=times.counts, y=values, name=name, line={"color": colour, "width": 3}, marker_size=8,
            mode="lines+markers", hovertemplate=_("%{x:,} rectangles: %{y:.3~g} ms"),
        )  # fmt: skip
    figure.update_xaxes(type="log", title=_("rectangles"), dtick=1, tickformat=",", fixedrange=True)
    figure.update_yaxes(type="log", title=_("milliseconds"), dtick=1, tickformat=",~g", fixedrange=True)
    return finish(figure, 340).update_layout(margin={"t": 8}, legend_y=-0.3)
