"""Figures of one face: where it stands on its photo, and how the answer changes when it is altered."""

import base64
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import plotly.graph_objects as go

from emotion.cnn.alter import RANGES, Flip
from emotion.haar.photos import shrink
from emotion.i18n import _
from emotion.labels import colours, rgb
from emotion.live.faces import Prediction
from emotion.plots.evaluation import escaped_names
from emotion.plots.theme import BLUE, GRAY, NAMES, finish

_LONGEST = 800  # Pixels of the photo in the figure: it travels to the browser as text.
_HANDLES = np.linspace(0.1, 0.9, 7)  # Unseen points all over a box take the click.


def photo_figure(bgr: np.ndarray, boxes: Sequence[np.ndarray], chosen: int) -> go.Figure:
    """A photo uint8 (H, W, 3) with a number on each box ``xyxy``; a click anywhere in a box tells its position."""
    height, width = bgr.shape[:2]
    figure = go.Figure()
    jpeg = cv2.imencode(".jpg", shrink(bgr, _LONGEST), [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
    figure.add_layout_image(
        source=source, x=0, y=0, sizex=width, sizey=height, xref="x", yref="y", layer="below", sizing="stretch"
    )
    for number, box in enumerate(boxes):
        _box(figure, number, [float(value) for value in box], number == chosen)
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(range=[0, width], **axis)
    figure.update_yaxes(range=[height, 0], scaleanchor="x", **axis)
    shown = round(min(400, 480 * height / width))
    return finish(figure, shown).update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0}, showlegend=False, dragmode=False
    )


def _box(figure: go.Figure, number: int, box: list[float], chosen: bool) -> None:
    left, top, right, bottom = box
    line = {"color": BLUE, "width": 4} if chosen else {"color": "#FFFFFF", "width": 2}
    figure.add_shape(type="rect", x0=left, y0=top, x1=right, y1=bottom, line=line)
    x, y = np.meshgrid(left + (right - left) * _HANDLES, top + (bottom - top) * _HANDLES)
    figure.add_scatter(
        x=x.ravel(), y=y.ravel(), mode="markers", marker={"size": 12, "opacity": 0}, customdata=[number] * x.size,
        hovertemplate=_("Face {number}").format(number=number + 1) + "<extra></extra>",
    )  # fmt: skip
    figure.add_annotation(
        x=left, y=top, text=f"<b>{number + 1}</b>", showarrow=False, xanchor="left", yanchor="top", borderpad=3,
        bgcolor=BLUE if chosen else "#FFFFFF", font={"color": "#FFFFFF" if chosen else "#000000", "size": 14},
    )  # fmt: skip


def before_after(before: Prediction, after: Prediction, ink: str | None = None) -> go.Figure:
    """Two bars for each class: pale for the face as it was, full for the face as it is now."""
    names = escaped_names(after.classes)
    shades = list(colours(after.classes).values())
    figure = go.Figure()
    for prediction, opacity, title in ((after, 1.0, _("now")), (before, 0.35, _("before"))):
        shares = prediction.probabilities
        figure.add_bar(
            x=shares, y=names, orientation="h", marker={"color": shades, "opacity": opacity, "cornerradius": 3},
            text=[f"{share:.0%}" for share in shares], textposition="outside", textfont_color=ink, cliponaxis=False,
            hovertemplate=f"%{{y}}, {title}: %{{x:.1%}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[0, 1.12], tickformat=".0%", tickvals=[0, 0.5, 1], fixedrange=True)
    figure.update_yaxes(
        NAMES, autorange="reversed", fixedrange=True, automargin=True, ticksuffix="  ", tickfont_color=ink
    )
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=False, dragmode=False)
    squares = ((_("now"), 1), (_("before"), 0.35))
    legend = "  ".join(f"<span style='color:{GRAY};opacity:{opacity}'>■</span> {title}" for title, opacity in squares)
    figure.add_annotation(
        text=legend, x=1, y=1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", showarrow=False,
        font_color=ink,
    )  # fmt: skip
    return finish(figure, 40 * len(names) + 60).update_layout(margin={"t": 24})


def sweep_figure(
    name: str, probabilities: np.ndarray, found: Sequence[Flip], classes: tuple[str, ...], at: float, title: str
) -> go.Figure:
    """The probabilities (n, K) over the values of the setting ``name``: behind them the colour of the answer.

    The dashed lines are the flips; the full one stands ``at`` the setting's present value.
    """
    figure, values = go.Figure(), RANGES[name].values
    for label, shade, shares in zip(escaped_names(classes), colours(classes).values(), probabilities.T, strict=True):
        figure.add_scatter(
            x=values, y=shares, mode="lines", name=label, line={"color": shade, "width": 3},
            hovertemplate="%{y:.0%}",
        )  # fmt: skip
    _grounds(figure, values, probabilities.argmax(axis=1), classes, at)
    for flip in found:
        figure.add_vline(x=flip.value, line={"color": GRAY, "width": 1.5, "dash": "dash"})
    figure.add_vline(x=at, line={"color": BLUE, "width": 3})
    figure.update_xaxes(title=title, range=[values[0], values[-1]], fixedrange=True, hoverformat=".4~g")
    figure.update_yaxes(range=[0, 1.1], tickformat=".0%", tickvals=[0, 0.5, 1], fixedrange=True)
    return finish(figure, 290).update_layout(showlegend=False, hovermode="x unified", margin={"t": 8})


def _grounds(figure: go.Figure, values: np.ndarray, top: np.ndarray, classes: tuple[str, ...], at: float) -> None:
    """Shade each stretch of the same answer in its colour, and name those that have room beside the line ``at``."""
    names, shades = escaped_names(classes), list(colours(classes).values())
    ends = [0, *(np.flatnonzero(np.diff(top)) + 1), len(top)]
    half = (values[1] - values[0]) / 2
    for first, end in pairwise(ends):
        low, high = max(values[0], values[first] - half), min(values[-1], values[end - 1] + half)
        red, green, blue = rgb(shades[top[first]])
        fill = f"rgba({red},{green},{blue},0.16)"
        figure.add_shape(type="rect", x0=low, x1=high, y0=0, y1=1.1, fillcolor=fill, line_width=0, layer="below")
        left, right = max(((low, min(at, high)), (max(at, low), high)), key=lambda part: part[1] - part[0])
        if right - left > (values[-1] - values[0]) / 8:
            figure.add_annotation(x=(left + right) / 2, y=1.05, text=f"<b>{names[top[first]]}</b>", showarrow=False)
