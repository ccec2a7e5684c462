"""What a drawn portrait needs besides a face: curves, a turned head to draw them on, light and a camera.

Face coordinates: x to the right, y down, the origin between eyes and mouth, 1 about half the width of a face.
"""

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, NamedTuple, Self

import cv2
import numpy as np

SIZE = 48
PAPER = 2 * SIZE  # Drawn twice too large and reduced, which gives the soft edges of a photograph.
SHIFT = 4  # OpenCV takes points in sixteenths of a pixel.
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 18)), np.sin(np.linspace(0, 2 * np.pi, 18))], axis=1)
MIRROR = np.array([-1.0, 1.0])

Paper = Literal["tone", "relief", "head"]


def between(low: float, high: float) -> Any:
    """A dataclass field that ``Random.random`` draws evenly from [low, high)."""
    return field(metadata={"range": (low, high)})


class Random:
    """A dataclass whose fields are made by ``between``."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """Draw every field, in order."""
        low, high = cls._ranges()
        return cls(*rng.uniform(low, high).tolist())

    @classmethod
    @cache
    def _ranges(cls) -> np.ndarray:
        """The lowest and the highest value of each field, float (2, fields)."""
        return np.array([one.metadata["range"] for one in fields(cls)]).T  # type: ignore[arg-type]


@dataclass(frozen=True)
class View(Random):
    """How the head is held, lit and photographed.

    Angles in radians, shifts as a part of the picture, the light as the slope it comes from, brightness and noise in
    gray levels, blur in pixels of the finished picture.
    """

    yaw: float = between(-0.38, 0.38)
    pitch: float = between(-0.2, 0.2)
    roll: float = between(-0.2, 0.2)
    scale: float = between(0.97, 1.18)
    shift_x: float = between(-0.04, 0.04)
    shift_y: float = between(-0.04, 0.04)
    light_x: float = between(-1.0, 1.0)
    light_y: float = between(-1.0, 0.2)
    background: float = between(20, 220)
    contrast: float = between(0.85, 1.35)
    brightness: float = between(-12, 25)
    blur: float = between(0.0, 0.65)
    noise: float = between(0.5, 4.5)


@cache
def through(count: int, samples: int) -> np.ndarray:
    """The matrix (samples, count) from ``count`` evenly spaced nodes to points on the polynomial through them."""
    nodes, places = np.linspace(-1, 1, count), np.linspace(-1, 1, samples)
    return np.vander(places, count) @ np.linalg.inv(np.vander(nodes, count))


def smooth(*nodes: tuple[float, float], samples: int = 9) -> np.ndarray:
    """The smooth curve through two to five ``nodes``, float (samples, 2).

    >>> smooth((0, 0), (1, 1), (2, 0), samples=5).tolist()
    [[0.0, 0.0], [0.5, 0.75], [1.0, 1.0], [1.5, 0.75], [2.0, 0.0]]
    """
    return through(len(nodes), samples) @ np.array(nodes)


def ellipse(x: float, y: float, width: float, height: float) -> np.ndarray:
    """The closed outline about (x, y) with half-axes ``width`` and ``height``, float (18, 2)."""
    return CIRCLE * (width, height) + (x, y)


def curve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Points (N, 2) from their coordinates (N,)."""
    return np.array((x, y)).T


def ring(x: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """The outline between two curves (N,) over the same ``x``, float (2 N, 2)."""
    return np.concatenate([curve(x, top), curve(x, bottom)[::-1]])


class Shape(NamedTuple):
    """An outline, or curves if it has a ``thickness`` in pixels, waiting to be drawn."""

    paper: Paper
    curves: list[np.ndarray]
    value: float
    nearer: float
    thickness: int = 0


class Canvas:
    """Three papers, uint8 (96, 96), on which face coordinates land as ``view`` shows the head.

    ``tone`` is how bright a point is, ``relief`` how high (128 is the skin's own height), ``head`` where the head is.
    Shapes are gathered, and placed and drawn together by ``draw``: one pass of NumPy for some sixty shapes.
    """

    def __init__(self, view: View, background: np.ndarray) -> None:
        self.papers = {"tone": background, "relief": np.full_like(background, 128), "head": np.zeros_like(background)}
        self._shapes: list[Shape] = []
        self._unit = 0.385 * PAPER * view.scale
        roll = np.array([[np.cos(view.roll), -np.sin(view.roll)], [np.sin(view.roll), np.cos(view.roll)]])
        turn = np.array([[np.cos(view.yaw), 0, np.sin(view.yaw)], [0, np.cos(view.pitch), np.sin(view.pitch)]])
        self._matrix = self._unit * (roll @ turn).T
        # A cropped face stays in the middle when the head turns: take most of the nose's way back.
        self._origin = PAPER * np.array([0.5 + view.shift_x, 0.5 + view.shift_y]) - 0.75 * self._matrix[2]

    def fill(self, paper: Paper, xy: np.ndarray, value: float, nearer: float = 0.0, both: bool = False) -> None:
        """Fill an outline (N, 2), on ``both`` sides of the face if asked, ``nearer`` to the camera than the skin."""
        self._shapes.append(Shape(paper, [xy, xy * MIRROR] if both else [xy], value, nearer))

    def line(
        self, paper: Paper, xy: np.ndarray, value: float, width: float, nearer: float = 0.0, both: bool = False
    ) -> None:
        """Draw a curve (N, 2), or several (M, N, 2), ``width`` thick in face coordinates."""
        curves = [xy, xy * MIRROR] if both else [xy] if xy.ndim == 2 else list(xy)
        self._shapes.append(Shape(paper, curves, value, nearer, max(1, round(width * self._unit))))

    def draw(self) -> None:
        """Draw what was gathered, in order."""
        sizes = [len(xy) for shape in self._shapes for xy in shape.curves]
        nearer = [shape.nearer for shape in self._shapes for _ in shape.curves]
        xy = np.concatenate([xy for shape in self._shapes for xy in shape.curves])
        points = self._place(xy, np.repeat(nearer, sizes))
        ends = np.cumsum(sizes).tolist()
        placed = iter([points[end - size : end] for end, size in zip(ends, sizes, strict=True)])
        for shape in self._shapes:
            paper, curves = self.papers[shape.paper], [next(placed) for _ in shape.curves]
            if shape.thickness:
                cv2.polylines(paper, curves, False, shape.value, shape.thickness, cv2.LINE_AA, SHIFT)
            else:
                cv2.fillPoly(paper, curves, shape.value, cv2.LINE_AA, SHIFT)
        self._shapes.clear()

    def _place(self, xy: np.ndarray, nearer: np.ndarray) -> np.ndarray:
        """Where points (N, 2) of the head's ball land, fixed-point int32 (N, 2)."""
        depth = 0.85 * np.sqrt(np.maximum(1.35 - xy[:, 0] ** 2 - 0.45 * xy[:, 1] ** 2, 0.0)) + nearer
        placed = xy @ self._matrix[:2] + depth[:, None] * self._matrix[2] + self._origin
        return np.round(placed * 2**SHIFT).astype(np.int32)

    def soften(self) -> None:
        """Blur what was drawn so far, for skin has soft shadows where eyes and lips have edges."""
        # Down and up again blurs by about a pixel, at a third of the cost of a filter.
        small = cv2.resize(self.papers["tone"], (PAPER // 3, PAPER // 3), interpolation=cv2.INTER_AREA)
        self.papers["tone"] = cv2.resize(small, (PAPER, PAPER), interpolation=cv2.INTER_LINEAR)


def background(view: View, rng: np.random.Generator) -> np.ndarray:
    """Soft blots about one gray, uint8 (96, 96)."""
    blots = view.background + rng.normal(0, 22, (5, 5))
    return cv2.resize(np.clip(blots, 0, 255).astype(np.uint8), (PAPER, PAPER), interpolation=cv2.INTER_CUBIC)


def photograph(canvas: Canvas, view: View, rng: np.random.Generator) -> np.ndarray:
    """Light the relief from one side, reduce, and add what a camera adds, uint8 (48, 48)."""
    tone, relief, head = (
        cv2.resize(paper, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
        for paper in canvas.papers.values()
    )
    height = 1.2 * cv2.GaussianBlur(relief, (0, 0), 1.0) + cv2.GaussianBlur(head, (0, 0), 6.0)
    slope = view.light_x * cv2.Sobel(height, cv2.CV_32F, 1, 0) + view.light_y * cv2.Sobel(height, cv2.CV_32F, 0, 1)
    lit: np.ndarray = tone * np.clip(1 - slope / 400, 0.35, 1.5)
    if view.blur > 0.3:
        lit = cv2.GaussianBlur(lit, (0, 0), view.blur)
    seen = view.contrast * (lit - 115) + 115 + view.brightness + view.noise * rng.standard_normal(lit.shape, np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)
