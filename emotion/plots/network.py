"""Figures of what is set before a training: the layers, the learning rate, the changed images."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from emotion.cnn.config import TrainConfig
from emotion.cnn.inside import Layer
from emotion.cnn.schedule import planned_rates
from emotion.i18n import _
from emotion.labels import PALETTE
from emotion.plots.theme import BLUE, GRAY, ORANGE, finish

_COLOURS = {"input": GRAY, "Conv2D": BLUE, "pool": ORANGE, "flat": PALETTE["purple"], "Dense": PALETTE["green"]}
_SLANT = 0.35  # Of a block's depth to the right and up, as a cabinet drawing has it.
_GAP = 7.0
_ZOOM = 2  # Screen pixels for one pixel of an image in the grid of changed images.


def layer_blocks(rows: Sequence[Layer], size: int) -> go.Figure:
    """The layers as blocks: height and depth are those of the feature maps in pixels, width grows with their number.

    ``size`` is the side of the input. Layers that keep the shape (normalisation, ReLU, dropout) are named in the tip of
    the block before them.
    """
    blocks: list[tuple[str, Layer, list[Layer]]] = [("input", Layer(_("Image"), "", (size, size, 1), 0), [])]
    for row in rows:
        if kind := _kind(row):
            blocks.append((kind, row, []))
        else:
            blocks[-1][2].append(row)
    figure, x = go.Figure(), 0.0
    for kind, row, followers in blocks:
        x = _add_block(figure, x, kind, row, followers)
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    figure = finish(figure, 300).update_layout(hovermode="closest", margin={"t": 40, "b": 48})
    return figure.update_layout(legend={"y": 1.02, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False})


def _kind_names() -> dict[str, str]:
    return {
        "input": _("image"),
        "Conv2D": _("convolution"),
        "pool": _("pooling"),
        "flat": _("as one row of numbers"),
        "Dense": _("dense"),
    }


def _kind(row: Layer) -> str:
    """What is drawn as a block of its own; empty for a layer that only changes values, or stands beside the path."""
    if row.shape[:2] == (1, 1):  # The few weights that squeeze-and-excitation scales the maps by.
        return ""
    if row.kind in {"Conv2D", "Dense"}:
        return row.kind
    if "Pooling" in row.kind:
        return "pool" if len(row.shape) == 3 else "flat"
    return "flat" if row.kind == "Flatten" else ""


def _add_block(figure: go.Figure, x: float, kind: str, row: Layer, followers: list[Layer]) -> float:
    """Draw a block from ``x`` on, centred about the axis; where the next may begin."""
    side = row.shape[0] if len(row.shape) == 3 else 2
    width = 2 + 1.6 * float(np.log2(row.shape[-1]))
    slant, half = _SLANT * side, side / 2
    colour = _COLOURS[kind]
    faces = [
        ([x, x + width, x + width, x], [-half, -half, half, half], 0.95),
        ([x, x + width, x + width + slant, x + slant], [half, half, half + slant, half + slant], 0.55),
        ([x + width, x + width + slant, x + width + slant, x + width],
         [-half, slant - half, half + slant, half], 0.75),
    ]  # fmt: skip
    tip, name = _tip(row, followers), _kind_names()[kind]
    known = {trace.name for trace in figure.data}
    for number, (xs, ys, opacity) in enumerate(faces):
        figure.add_scatter(
            x=[*xs, xs[0]], y=[*ys, ys[0]], fill="toself", mode="lines", line={"color": colour, "width": 1},
            fillcolor=colour, opacity=opacity, hoveron="fills", hoverinfo="text", text=tip,
            name=name, legendgroup=name, showlegend=number == 0 and name not in known,
        )  # fmt: skip
    figure.add_annotation(
        x=x + width / 2, y=0, yref="paper", yanchor="top", showarrow=False, textangle=-40, text=_shape(row.shape),
        font={"size": 10}, yshift=2,
    )  # fmt: skip
    return x + width + slant + _GAP


def _tip(row: Layer, followers: list[Layer]) -> str:
    lines = [f"<b>{row.kind or row.name}</b> {_shape(row.shape)}"]
    if row.parameters:
        lines.append(_("{n} parameters").format(n=f"{row.parameters:,}"))
    lines += [f"→ {follower.kind}" for follower in followers[:6]]
    return "<br>".join([*lines, "…"] if len(followers) > 6 else lines)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def rate_curve(config: TrainConfig) -> go.Figure:
    """The learning rate over the epochs, as far as it is known before the training."""
    epochs, rates = planned_rates(config)
    guessed = config.schedule == "plateau"
    line = go.Scatter(
        x=epochs,
        y=rates,
        mode="lines",
        fill="tozeroy",
        line={"color": BLUE, "width": 2.5, "dash": "dot" if guessed else "solid"},
        hovertemplate=_("epoch") + " %{x:.1f}: %{y:.8~f}<extra></extra>",
    )
    figure = go.Figure(line)
    figure.update_xaxes(title=_("epoch"), range=[0, config.epochs], fixedrange=True, zeroline=False)
    figure.update_yaxes(
        title=_("learning rate"),
        range=[0, 1.1 * config.learning_rate],
        nticks=4,
        tickformat=".8~f",
        fixedrange=True,
    )
    return finish(figure, 220).update_layout(showlegend=False, margin={"t": 8})


def changed_grid(originals: np.ndarray, draws: Sequence[np.ndarray]) -> np.ndarray:
    """Gray faces uint8 (N, H, W) and their changed copies, a row for each face: a picture uint8 (H', W', 4).

    The originals stand in the first column, apart; the ground is transparent, for dark and light pages alike.
    """
    columns = [_column(originals), *(_column(draw) for draw in draws)]
    gaps = [12, *[4] * (len(draws) - 1), 0]
    parts = [part for column, gap in zip(columns, gaps, strict=True) for part in (column, _empty(column, gap))]
    picture = np.concatenate(parts, axis=1)
    return picture.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)


def _column(faces: np.ndarray) -> np.ndarray:
    count, height, width = faces.shape
    column = np.zeros((count * (height + 4) - 4, width, 4), np.uint8)
    for row, face in enumerate(faces):
        place = column[row * (height + 4) :][:height]
        place[..., :3], place[..., 3] = face[..., np.newaxis], 255
    return column


def _empty(column: np.ndarray, width: int) -> np.ndarray:
    return np.zeros((len(column), width, 4), np.uint8)
