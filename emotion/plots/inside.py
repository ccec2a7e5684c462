"""Pictures and figures of what is inside a network: kernels, feature maps, one neuron's arithmetic."""

import cv2
import numpy as np
import plotly.graph_objects as go

from emotion.i18n import minus
from emotion.labels import PALETTE, rgb
from emotion.plots.theme import finish

_LOW, _MIDDLE, _HIGH = rgb(PALETTE["blue"]), (236, 236, 236), rgb(PALETTE["orange"])
_TILE = 48  # Pixels of a kernel's picture: tiles of 64 and fewer are shown pixel by pixel.
_GAP = 2


def kernel_picture(kernel: np.ndarray) -> np.ndarray:
    """A kernel (k, k) as bgr uint8: blue what is negative, orange what is positive, as strong as its largest weight."""
    return _enlarged(_signed(kernel / max(float(np.abs(kernel).max()), 1e-12))[..., ::-1])


def haar_picture(black: np.ndarray) -> np.ndarray:
    """A Haar feature bool (k, k) as bgr uint8: black where its gray values are added, white where taken away."""
    return _enlarged(np.repeat(np.where(black, 20, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2))


def map_picture(values: np.ndarray, top: float, side: int = _TILE) -> np.ndarray:
    """A feature map (h, w) as bgr uint8: dark from 0 down, yellow from ``top`` up."""
    scaled = np.clip(values / max(top, 1e-12), 0, 1)
    coloured = cv2.applyColorMap((255 * scaled).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return cv2.resize(coloured, (side, side), interpolation=cv2.INTER_NEAREST)


def maps_picture(values: np.ndarray, columns: int = 8, side: int = 96) -> np.ndarray:
    """Feature maps (h, w, n) in a grid, rgba uint8, see-through between; all on one scale."""
    count = values.shape[2]
    # Not the largest value: a few pixels at the edge would leave everything else in the dark.
    rows, step, top = -(-count // columns), side + 2 * _GAP, float(np.percentile(values, 99.5))
    grid = np.zeros((rows * step, min(columns, count) * step, 4), np.uint8)
    for number in range(count):
        row, column = number // columns * step + _GAP, number % columns * step + _GAP
        picture = map_picture(values[:, :, number], top, side)
        grid[row : row + side, column : column + side] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGBA)
    return grid


def framed(gray: np.ndarray, row: int, column: int, height: int, width: int, longest: int = 336) -> np.ndarray:
    """A small face uint8 (H, W) enlarged to rgb uint8, with a frame about the place that a kernel looks at.

    ``row`` and ``column`` are the place's upper left cell; they may lie out of the face.
    """
    scale = longest // max(gray.shape)
    large = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    corner, end = (column * scale, row * scale), ((column + width) * scale - 1, (row + height) * scale - 1)
    return cv2.rectangle(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), corner, end, rgb(PALETTE["orange"]), 2)


def numbers_figure(values: np.ndarray, title: str, ends: tuple[float, float] | None = None) -> go.Figure:
    """A small matrix (k, k) with its numbers written in: gray from black to white at ``ends``, else by sign."""
    if ends:
        shares = np.clip((values - ends[0]) / (ends[1] - ends[0] or 1.0), 0, 1)
        shades = np.repeat(255 * shares[..., np.newaxis], 3, axis=2)
    else:
        shades = _signed(values / max(float(np.abs(values).max()), 1e-12))
    bright = shades.astype(float) @ (0.299, 0.587, 0.114) > 128
    figure = go.Figure(go.Image(z=shades.astype(np.uint8), hoverinfo="skip"))
    rows, columns = (grid.ravel() for grid in np.mgrid[: len(values), : values.shape[1]])
    figure.add_scatter(
        x=columns, y=rows, mode="text", text=[_number(value) for value in values.ravel()], hoverinfo="skip",
        textfont={"size": 12 if len(values) < 4 else 8, "color": np.where(bright, "#000000", "#FFFFFF").ravel()},
    )  # fmt: skip
    figure.update_xaxes(visible=False, fixedrange=True, constrain="domain")
    figure.update_yaxes(visible=False, fixedrange=True)
    return finish(figure, 220).update_layout(
        title={"text": title, "x": 0.5, "xanchor": "center", "font_size": 14}, showlegend=False, dragmode=False
    )


def _number(value: float) -> str:
    return minus(f"{value:.0f}" if value == round(value) else f"{value:.3f}")


def _signed(shares: np.ndarray) -> np.ndarray:
    """Numbers −1 to 1 as rgb uint8, blue over light gray to orange."""
    shares = shares[..., np.newaxis]
    low, middle, high = (np.array(colour, float) for colour in (_LOW, _MIDDLE, _HIGH))
    return np.where(shares < 0, middle + (middle - low) * shares, middle + (high - middle) * shares).astype(np.uint8)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (_TILE, _TILE), interpolation=cv2.INTER_NEAREST)
