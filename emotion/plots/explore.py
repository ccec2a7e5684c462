"""Figures of single images and of many at once."""

from html import escape

import numpy as np
import plotly.graph_objects as go

from emotion.i18n import _, language
from emotion.labels import label_of
from emotion.plots.theme import BLUE, GRAY, finish

_BINS = 64
_PIXEL = 17  # Screen pixels for one number of the matrix.


def gray_histogram(gray: np.ndarray) -> go.Figure:
    """How many pixels of an image uint8 (H, W) have each gray value, in 64 bins."""
    counts = np.bincount(gray.ravel(), minlength=256).reshape(_BINS, -1).sum(axis=1)
    width = 256 // _BINS
    middle = np.arange(_BINS) * width + width / 2
    shades = [f"rgb({value:.0f},{value:.0f},{value:.0f})" for value in middle]
    tip = _("gray value about %{x:.0f}: %{y:,} pixels") + "<extra></extra>"
    bars = go.Bar(
        x=middle,
        y=counts,
        width=width,
        hovertemplate=tip,
        marker={"color": shades, "line": {"color": GRAY, "width": 0.5}},
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title=_("gray value"), range=[0, 256], tickvals=[0, 64, 128, 192, 255], fixedrange=True)
    figure.update_yaxes(title=_("pixels"), fixedrange=True)
    return finish(figure, 210).update_layout(showlegend=False, bargap=0, margin={"t": 8})


def pixel_matrix(gray: np.ndarray, row: int = 0, column: int = 0) -> go.Figure:
    """An image uint8 (H, W), 48 × 48 at most, with every pixel's gray value written in; counted from (row, column)."""
    height, width = gray.shape
    rows, columns = np.arange(row, row + height), np.arange(column, column + width)
    y, x = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    cells = go.Heatmap(
        z=gray,
        x=columns,
        y=rows,
        zmin=0,
        zmax=255,
        colorscale="gray",
        showscale=False,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )
    numbers = go.Scatter(
        x=x,
        y=y,
        mode="text",
        text=gray.ravel(),
        textfont={"size": 8, "color": np.where(gray.ravel() < 128, "#FFFFFF", "#000000")},
        hovertemplate=_("row %{y}, column %{x}: %{text}") + "<extra></extra>",
    )
    figure = go.Figure([cells, numbers])
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticks": "", "nticks": 13}
    figure.update_xaxes(side="top", **axis)
    figure.update_yaxes(autorange="reversed", **axis)
    return finish(figure, _PIXEL * height + 50).update_layout(showlegend=False, margin={"l": 28, "t": 36})


def densities(values: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], title: str) -> go.Figure:
    """How ``values`` float (N,) are spread in each class: a hill for each, in its colour, its median marked.

    NaN is left out. The outer half percent on either side is beyond the axis.
    """
    known = np.isfinite(values)
    values, labels = values[known], labels[known]
    low, high = np.quantile(values, [0.005, 0.995]) if len(values) else (0, 1)
    edges = np.linspace(low, max(high, low + 1e-6), _BINS + 1)
    figure = go.Figure()
    for position, key in enumerate(classes):
        own, label = values[labels == position], label_of(key, position)
        hill = _smooth(np.histogram(own, edges)[0] / max(len(own), 1))
        name, base = f"<b>{escape(label.name(language()))}</b>", float(len(classes) - 1 - position)
        top = base + 0.92 * hill / max(hill.max(initial=0), 1e-9)
        middle = (edges[1:] + edges[:-1]) / 2
        figure.add_scatter(x=[low, high], y=[base, base], mode="lines", line={"width": 0}, hoverinfo="skip")
        figure.add_scatter(
            x=middle, y=top, mode="lines", line={"color": label.colour, "width": 2}, fill="tonexty", name=name,
            hovertemplate=f"{name}: %{{x:.1f}}<extra></extra>", opacity=0.9,
        )  # fmt: skip
        if len(own):
            median = float(np.median(own))
            tip = f"{name} · " + _("median") + " %{x:.1f}<extra></extra>"
            marker = {"color": label.colour, "size": 9, "line": {"color": "white", "width": 1.5}}
            figure.add_scatter(x=[median], y=[base], mode="markers", marker=marker, hovertemplate=tip)
    names = [f"<b>{escape(label_of(key, row).name(language()))}</b>" for row, key in enumerate(classes)]
    figure.update_yaxes(tickvals=list(range(len(classes))), ticktext=names[::-1], fixedrange=True, zeroline=False)
    figure.update_xaxes(title=title, fixedrange=True, zeroline=False)
    return finish(figure, 60 + 58 * len(classes)).update_layout(showlegend=False, margin={"t": 8})


def _smooth(counts: np.ndarray) -> np.ndarray:
    kernel = np.array([1, 4, 6, 4, 1]) / 16  # Binomial: about a Gaussian of one bin.
    return np.convolve(counts, kernel, mode="same")


def plane_figure(
    xy: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], explained: tuple[float, float], drag: str = "lasso"
) -> go.Figure:
    """Images as points (N, 2) in the colours of their classes; a point's ``customdata`` is its position in ``xy``.

    ``drag`` is what dragging does: ``"lasso"`` draws round points, ``"pan"`` moves the map and leaves clicks to points.
    """
    figure = go.Figure()
    for position, key in enumerate(classes):
        own = np.flatnonzero(labels == position)
        label = label_of(key, position)
        name = escape(label.name(language()))
        figure.add_scattergl(
            x=xy[own, 0],
            y=xy[own, 1],
            customdata=own,
            mode="markers",
            name=name,
            marker={"color": label.colour, "size": 5, "opacity": 0.65},
            hovertemplate=f"{name}<extra></extra>",
        )
    titles = (_("1st component · {share} of the variance"), _("2nd component · {share} of the variance"))
    first, second = (title.format(share=f"{share:.0%}") for title, share in zip(titles, explained, strict=True))
    figure.update_xaxes(title=first, zeroline=False)
    figure.update_yaxes(title=second, zeroline=False)
    return finish(figure, 560).update_layout(
        dragmode=drag,
        margin={"t": 8},
        legend={"itemsizing": "constant"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GRAY, "activecolor": BLUE},
    )
