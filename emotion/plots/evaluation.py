"""Figures of how good a model is, and of what it looks at."""

from html import escape
from typing import Any

import cv2
import numpy as np
import plotly.graph_objects as go

from emotion.cnn.calibration import Reliability
from emotion.cnn.comparison import Comparison
from emotion.cnn.evaluation import Evaluation, Roc
from emotion.i18n import _, language
from emotion.labels import PALETTE, class_names, label_of
from emotion.plots.theme import BLUE, GRAY, NAMES, ORANGE, finish

# See-through at the low end, for dark and light pages.
_BLUES = ((0, "rgba(47,143,216,0.05)"), (1, "rgba(47,143,216,0.95)"))
_STRONG = 0.55
"""From this share on a cell is so blue that its number is white."""
_FAINT = 0.05
"""Heat that is not worth a strong colour."""
_CHOSEN = {"selected": {"marker": {"color": "rgba(213,94,0,0.45)"}}, "unselected": {"marker": {"opacity": 1}}}


def confusion_figure(
    found: Evaluation, shares: bool = False, chosen: tuple[int, int] | None = None, ink: str | None = None
) -> go.Figure:
    """The confusion matrix with counts, or ``shares`` of each row; the colour is always the share of the row.

    Cells can be clicked: the ``customdata`` of a point is (true class, answered class), as positions. The ``chosen``
    one has a frame; ``ink`` colours the numbers.
    """
    names, share, counts = escaped_names(found.classes), np.nan_to_num(found.row_shares), found.confusion
    true, answered = (grid.ravel() for grid in np.indices(share.shape))
    figure = go.Figure(go.Heatmap(z=share, zmin=0, zmax=1, colorscale=_BLUES, showscale=False, xgap=2, ygap=2,
                                  hoverinfo="skip"))  # fmt: skip
    figure.update_layout(annotations=_numbers(share, None if shares else counts, ink))
    figure.add_scatter(x=answered, y=true, text=_tips(names, counts, share), **_markers(true, answered))
    axis = {"tickvals": list(range(len(names))), "ticktext": names, "fixedrange": True, "showgrid": False}
    figure.update_xaxes(title=_("the model's answer"), title_standoff=10, zeroline=False, **axis)
    figure.update_yaxes(title=_("true class"), title_standoff=16, autorange="reversed", zeroline=False, **axis)
    if chosen:
        y, x = chosen
        figure.add_shape(
            type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"color": ORANGE, "width": 3}
        )
    # Whatever its size, a cell is where the nearest marker is.
    figure.update_layout(showlegend=False, clickmode="event+select", hovermode="closest", hoverdistance=-1)
    return finish(figure, 110 + 46 * len(names)).update_layout(margin={"t": 8})


def _numbers(share: np.ndarray, counts: np.ndarray | None, ink: str | None) -> list[dict[str, Any]]:
    """The count on each cell, or where there is none its share of the row."""
    # A heatmap's own text turns black or white by its cell's colour, and see-through cells mislead it; that of a trace
    # would fade once a cell is chosen.
    return [
        {
            "x": j,
            "y": i,
            "text": f"{share[i, j]:.0%}" if counts is None else f"{counts[i, j]:,}",
            "showarrow": False,
            "font_color": "#FFFFFF" if share[i, j] > _STRONG else ink,
        }
        for i, j in np.ndindex(share.shape)
    ]


def _tips(names: list[str], counts: np.ndarray, share: np.ndarray) -> list[str]:
    tip = _("{count} images, {share} of this row")
    return [
        f"{names[i]} → {names[j]}<br>{tip.format(count=f'{counts[i, j]:,}', share=f'{share[i, j]:.1%}')}"
        for i, j in np.ndindex(counts.shape)
    ]


def _markers(true: np.ndarray, answered: np.ndarray) -> dict[str, Any]:
    """Heatmap cells can't be selected: an invisible marker lies over each."""
    return {
        "mode": "markers",
        # Rows of an array would come back from the browser as objects.
        "customdata": np.stack([true, answered], axis=1).tolist(),
        "marker": {"symbol": "square", "size": 34, "color": "rgba(0,0,0,0)"},
        "hovertemplate": "%{text}<extra></extra>",
        **_CHOSEN,
    }


def reliability_figure(found: Reliability) -> go.Figure:
    """The reliability diagram: of the answers that were so sure, how many were right? On the diagonal all is well."""
    width = float(found.edges[1] - found.edges[0])
    filled = np.flatnonzero(found.counts)
    tip = _("confidence about %{x:.0%}: %{y:.1%} right (%{customdata:,} images)") + "<extra></extra>"
    figure = go.Figure()
    figure.add_bar(
        x=found.edges[filled] + width / 2,
        y=found.accuracy[filled],
        width=width * 0.92,
        customdata=found.counts[filled],
        marker={"color": BLUE, "opacity": 0.8},
        name=_("share of right answers"),
        hovertemplate=tip,
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GRAY, "dash": "dash"}, name=_("as sure as right"),
        hoverinfo="skip",
    )  # fmt: skip
    axis = {"range": [0, 1.01], "tickformat": ".0%", "fixedrange": True, "zeroline": False}
    figure.update_xaxes(title=_("confidence (probability of the answer)"), **axis)
    figure.update_yaxes(title=_("share of right answers"), **axis)
    title = _("Expected calibration error: {error}").format(error=f"{found.expected_error:.1%}")
    return finish(figure, 380).update_layout(title={"text": title, "x": 0.5, "xanchor": "center", "font": {"size": 15}})


def roc_figure(curves: tuple[Roc, ...]) -> go.Figure:
    """The receiver operating characteristic of each class in its colour, with the area under it."""
    figure = go.Figure()
    for position, curve in enumerate(curves):
        if np.isnan(curve.area):
            continue
        label = label_of(curve.key, position)
        name = f"{escape(label.name(language()))} · {curve.area:.3f}"
        figure.add_scatter(
            x=curve.false_positive, y=curve.true_positive, mode="lines", line={"color": label.colour, "width": 2.5},
            name=name, hovertemplate=_("found %{y:.1%}, false alarms %{x:.1%}") + f"<extra>{name}</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GRAY, "dash": "dash"}, name=_("guessing · 0.500"),
        hoverinfo="skip",
    )  # fmt: skip
    axis = {"range": [0, 1.01], "tickformat": ".0%", "fixedrange": True, "zeroline": False}
    figure.update_xaxes(title=_("false alarms: share of the other classes called this one"), **axis)
    figure.update_yaxes(title=_("found: share of the class called by its name"), **axis)
    return finish(figure, 460)


def class_scores_figure(found: Evaluation) -> go.Figure:
    """Precision, recall and F1 of each class as bars."""
    names = escaped_names(found.classes)
    figure = go.Figure()
    measures = ((_("precision"), found.precision, BLUE), (_("recall"), found.recall, ORANGE))
    for name, scores, colour in (*measures, ("F1", found.f1, PALETTE["green"])):
        figure.add_bar(
            x=names, y=list(scores.values()), name=name, marker_color=colour,
            hovertemplate=f"%{{x}} · {name}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(NAMES, fixedrange=True)
    figure.update_yaxes(range=[0, 1.01], tickformat=".0%", fixedrange=True, title=_("share"))
    return finish(figure, 360).update_layout(barmode="group", bargap=0.3)


def difference_figure(found: Comparison, first: str, second: str) -> go.Figure:
    """Of each class the images that one model alone answers right: ``first`` to the left, ``second`` to the right."""
    classes = found.first.classes
    figure = go.Figure()
    for name, rows, sign, colour in ((first, found.only_first, -1, BLUE), (second, found.only_second, 1, ORANGE)):
        counts = np.bincount(found.first.labels[rows], minlength=len(classes))
        figure.add_bar(
            x=sign * counts, y=escaped_names(classes), orientation="h", marker_color=colour, customdata=counts,
            text=counts, name=_("only {model} is right").format(model=escape(name)),
            hovertemplate="%{y}: " + _("%{customdata:,} images") + "<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title=_("images"), fixedrange=True, showticklabels=False)
    figure.update_yaxes(NAMES, autorange="reversed", fixedrange=True)
    return finish(figure, 110 + 40 * len(classes)).update_layout(barmode="relative", bargap=0.35)


def heat_overlay(gray: np.ndarray, heat: np.ndarray, strength: float = 0.55) -> np.ndarray:
    """A face uint8 (H, W) under a heat map (H, W) of −1 to 1: rgb uint8 (H, W, 3), warm above 0 and blue below."""
    warm, cold = (np.array(colour, np.float32) for colour in ((255, 120, 0), (0, 120, 255)))
    weight = strength * np.clip(np.abs(heat), 0, 1)[..., np.newaxis]
    face = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return (face * (1 - weight) + np.where(heat[..., np.newaxis] > 0, warm, cold) * weight).round().astype(np.uint8)


def heat_picture(gray: np.ndarray, heat: np.ndarray, longest: int = 336) -> np.ndarray:
    """``heat_overlay`` of a small face, enlarged to ``longest`` pixels: the face pixel by pixel, the heat smooth.

    The hottest place is in full colour, however small its heat, unless it is less than ``_FAINT``.
    """
    scale = longest / max(gray.shape)
    size = round(gray.shape[1] * scale), round(gray.shape[0] * scale)
    smooth = cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR) / max(float(np.abs(heat).max()), _FAINT)
    return heat_overlay(cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST), smooth)


def escaped_names(classes: tuple[str, ...]) -> list[str]:
    """The names of classes in the reader's language, safe in a figure."""
    return [escape(name) for name in class_names(classes)]
