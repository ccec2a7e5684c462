"""Haar features as pictures: what they look like, where they lie on a face, and what they answer everywhere."""

import cv2
import numpy as np
import plotly.graph_objects as go

from emotion.haar.adaboost import Stump
from emotion.haar.features import Feature, Kind
from emotion.i18n import _
from emotion.labels import PALETTE, rgb
from emotion.plots.theme import BLUE, GRAY, ORANGE, finish

_BLACK, _WHITE, _GROUND = 16, 255, 150
_SMALL = 64  # Pixels of a tile's picture.
_LOW, _HIGH = rgb(PALETTE["blue"]), rgb(PALETTE["orange"])


def kind_picture(kind: Kind) -> np.ndarray:
    """A kind of feature on gray ground: uint8 (64, 64)."""
    window, room = 24, 10 if kind.tilted else 18
    feature = Feature(kind, 0, 0, room // kind.grid[0], room // kind.grid[1])
    rows, columns = feature.size
    middle = feature._replace(row=(window - rows) // 2, column=(window - columns) // 2)
    return feature_picture(np.full((window, window), _GROUND, np.uint8), middle, _SMALL, strength=1)


def feature_picture(gray: np.ndarray, feature: Feature, longest: int, strength: float = 0.7) -> np.ndarray:
    """A patch uint8 (H, W) enlarged to ``longest`` pixels, the feature's cells laid over it in black and white.

    ``strength`` is how much of the patch they hide, 0 to 1.
    """
    scale = longest / max(gray.shape)
    size = (round(gray.shape[1] * scale), round(gray.shape[0] * scale))
    large = cv2.resize(gray, size, interpolation=cv2.INTER_NEAREST)
    laid = large.copy()
    for colour, outline in feature.cells():
        # A polygon's edge belongs to it: without half a pixel less, cells would overlap.
        points = np.rint(outline[:, ::-1] * scale - 0.5).astype(np.int32)
        cv2.fillPoly(laid, [points], _BLACK if colour > 0 else _WHITE)
    return cv2.addWeighted(laid, strength, large, 1 - strength, 0)


def response_picture(gray: np.ndarray, feature: Feature, longest: int = 640) -> np.ndarray:
    """What a feature answers all over a picture uint8 (H, W), as rgb uint8 about ``longest`` pixels long.

    Each answer is painted where the feature's middle lies: orange where black − white is positive, blue where it is
    negative, as strong as it is large. The places of the largest and the smallest are framed.
    """
    found = feature.responses(gray)
    rows, columns = feature.size
    shares = np.zeros(gray.shape)
    shares[rows // 2 :, columns // 2 :][: found.shape[0], : found.shape[1]] = found / max(int(np.abs(found).max()), 1)
    share = shares[..., np.newaxis]
    tint = np.where(share < 0, _LOW, _HIGH)
    # The square root shows weak answers, too.
    part = 0.85 * np.sqrt(np.abs(share))
    painted = (gray[..., np.newaxis] * (1 - part) + tint * part).astype(np.uint8)
    scale = max(longest // max(gray.shape), 1)
    large = cv2.resize(painted, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    for place, colour in ((found.argmax(), _HIGH), (found.argmin(), _LOW)):
        row, column = (int(value) * scale for value in np.unravel_index(place, found.shape))
        for line, ink in ((5, (255, 255, 255)), (2, colour)):
            cv2.rectangle(large, (column, row), (column + columns * scale, row + rows * scale), ink, line, cv2.LINE_AA)
    return large


def values_figure(faces: np.ndarray, others: np.ndarray, own: float, stump: Stump | None = None) -> go.Figure:
    """How often a feature has which value on faces (N,) and on other patches (M,).

    A dotted line marks the value ``own`` of the patch on the screen, a thick one the threshold of ``stump``.
    """
    figure = go.Figure()
    both = np.concatenate([faces, others])
    start, end = float(both.min()), float(both.max())
    bins = {"start": start, "end": end + 1e-6, "size": max((end - start) / 30, 1e-6)}
    for name, values, colour in ((_("faces"), faces, BLUE), (_("other patches"), others, GRAY)):
        figure.add_histogram(
            x=values, name=name, marker_color=colour, opacity=0.65, xbins=bins,
            hovertemplate=_("value %{x}: %{y} patches"),
        )  # fmt: skip
    figure.add_vline(x=own, line={"color": GRAY, "width": 2, "dash": "dot"})
    if stump:
        figure.add_vline(x=stump.threshold, line={"color": ORANGE, "width": 3})
    figure.update_xaxes(title=_("black − white, in even light"), fixedrange=True, zeroline=False)
    figure.update_yaxes(title=_("patches"), fixedrange=True)
    return finish(figure, 320).update_layout(barmode="overlay", margin={"t": 8}, legend_y=-0.35)
