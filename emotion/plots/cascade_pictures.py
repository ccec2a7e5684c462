"""Drawn pictures of a cascade at work: its features on a face, how deep windows came, and how they are grouped."""

from functools import cache

import cv2
import numpy as np

from emotion.haar.grouping import Groups
from emotion.haar.photos import draw_boxes
from emotion.haar.stages import CascadeFeature
from emotion.labels import PALETTE, rgb

ACCEPTED = rgb(PALETTE["sky blue"])
_NONE, _DROPPED = (70, 76, 86), (150, 150, 150)
_GROUPS = [rgb(PALETTE[name]) for name in ("orange", "sky blue", "green", "yellow", "vermilion", "purple")]


@cache
def depth_colours(stages: int) -> np.ndarray:
    """A colour for ``Scan.reached`` + 1, from −1 (too little contrast) to ``stages`` (accepted): uint8 (stages + 2, 3).

    From dark to bright by the root of the depth, since most windows end in the first stages.
    """
    levels = (40 + 215 * np.sqrt(np.arange(stages) / stages)).astype(np.uint8)
    ramp = cv2.applyColorMap(levels[:, np.newaxis], cv2.COLORMAP_INFERNO)[:, 0, ::-1]
    return np.vstack([[_NONE], ramp, [ACCEPTED]]).astype(np.uint8)


def heat_map(gray: np.ndarray, heat: np.ndarray, stages: int) -> np.ndarray:
    """A picture uint8 (H, W) under ``Scan.heat``: rgb uint8 (H, W, 3), the more colour the deeper a window came."""
    depth = np.nan_to_num(heat, nan=-1).astype(int) + 1
    colours = depth_colours(stages)[depth].astype(np.float32)
    weight = (0.25 + 0.5 * np.sqrt(depth / (stages + 1)))[..., np.newaxis]
    weight[np.isnan(heat)] = 0
    return (gray[..., np.newaxis] * (1 - weight) + colours * weight).round().astype(np.uint8)


def feature_on(pixels: np.ndarray, window: tuple[int, int], feature: CascadeFeature, side: int) -> np.ndarray:
    """A feature of ``window`` (width, height) drawn see-through on ``pixels`` uint8 (h, w): rgb uint8 (H, W, 3).

    The picture is enlarged pixel by pixel to ``side`` on its longer side; black is added, white taken away.
    """
    scale = side / max(window)
    size = round(window[0] * scale), round(window[1] * scale)
    ground = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST), cv2.COLOR_GRAY2RGB)
    drawn = ground.copy()
    for rectangle, weight in feature.rectangles:
        corners = np.rint(feature.outline(rectangle)[:, ::-1] * scale).astype(np.int32)
        cv2.fillPoly(drawn, [corners], (0, 0, 0) if weight > 0 else (255, 255, 255))
    mixed = cv2.addWeighted(drawn, 0.6, ground, 0.4, 0)
    for rectangle, _weight in feature.rectangles:
        corners = np.rint(feature.outline(rectangle)[:, ::-1] * scale).astype(np.int32)
        cv2.polylines(mixed, [corners], True, rgb(PALETTE["orange"]), max(1, side // 120), cv2.LINE_AA)
    return mixed


def grouped(rgb_picture: np.ndarray, windows: np.ndarray, groups: Groups) -> np.ndarray:
    """Each group's ``windows`` (N, 4) in a colour of its own, its size above; a dropped one is gray, its size below.

    All sizes lie over all windows.
    """
    drawn, labels = rgb_picture.copy(), []
    for number, size in enumerate(groups.sizes.tolist()):
        colour = _GROUPS[number % len(_GROUPS)] if groups.kept[number] else _DROPPED
        drawn = draw_boxes(drawn, windows[groups.members == number], colour, 2)
        left, top, _right, bottom = windows[groups.members == number].T
        place = (left.min(), top.min()) if groups.kept[number] else (left.min(), bottom.max())
        labels.append((str(size), place, colour, bool(groups.kept[number])))
    for label in labels:
        _label(drawn, *label)
    return drawn


def _label(
    picture: np.ndarray, text: str, place: tuple[float, float], colour: tuple[int, int, int], above: bool
) -> None:
    """Black ``text`` on a ground of ``colour``, its lower left corner at ``place``, or its upper left one."""
    scale, gap = max(picture.shape) / 420, round(max(picture.shape) / 90)
    (width, height), _line = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 3)
    size = width + 2 * gap, height + 2 * gap
    wanted = place[0], place[1] - size[1] * above
    x, y = np.clip(wanted, 0, np.maximum(np.subtract(picture.shape[1::-1], size), 0)).astype(int).tolist()
    cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), colour, -1)
    at = x + gap, y + gap + height
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), max(2, round(3 * scale)), cv2.LINE_AA)
