"""The integral image: the sum of any rectangle of a picture from four look-ups.

F. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984; P. Viola and M. Jones, "Rapid object detection using
a boosted cascade of simple features", CVPR 2001, section 2.1. The tilted one: R. Lienhart and J. Maydt, "An extended
set of Haar-like features for rapid object detection", ICIP 2002, section 2.2.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from emotion.errors import UserError

# The course deck's example picture.
DECK_MATRIX = np.array([[1, 2, 2, 4, 1], [3, 4, 1, 5, 2], [2, 3, 3, 2, 4], [4, 1, 5, 4, 6], [6, 3, 2, 1, 3]])
DECK_MATRIX.setflags(write=False)


class Rectangle(NamedTuple):
    """``height`` × ``width`` cells of a picture whose first cell is (``row``, ``column``), counted from 0."""

    row: int
    column: int
    height: int
    width: int


# Rows 2–4, columns 2–4 (sum 28) and rows 1–4, columns 2–3 (sum 21), as the deck counts them, from 1.
DECK_RECTANGLES = (Rectangle(1, 1, 3, 3), Rectangle(0, 1, 4, 2))


class Corners(NamedTuple):
    """The integral image's values at a rectangle's corners: ``a`` top left, ``b`` bottom left, ``c`` top right,
    ``d`` bottom right."""

    a: int
    b: int
    c: int
    d: int

    @property
    def total(self) -> int:
        """The rectangle's sum, D − B − C + A: what lies left (B) and above (C) goes, their overlap A went twice."""
        return self.d - self.b - self.c + self.a


def integral_image(gray: np.ndarray) -> np.ndarray:
    """The integral image of ``gray``: entry (r, c) is the sum of the r × c cells above and left of it.

    ``gray`` is (H, W) of whole numbers; the result is int64 (H + 1, W + 1), its row 0 and column 0 are zero, so that
    no rectangle needs a special case at the border. Raises ValueError for another shape or dtype.

    >>> integral_image(DECK_MATRIX)[4, 4]
    np.int64(46)
    >>> integral_image(np.array([[1, 2], [3, 4]]))
    array([[ 0,  0,  0],
           [ 0,  1,  3],
           [ 0,  4, 10]])
    """
    if gray.ndim != 2 or gray.dtype.kind not in "biu":
        raise ValueError(f"gray must be (H, W) of whole numbers, not {gray.dtype} {gray.shape}")
    integral = np.zeros((gray.shape[0] + 1, gray.shape[1] + 1), np.int64)
    integral[1:, 1:] = gray.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    return integral


def corners(integral: np.ndarray, row: int, column: int, height: int, width: int) -> Corners:
    """The four entries of ``integral`` (H + 1, W + 1) that give the sum of a rectangle of the picture.

    Raises ValueError for a rectangle that reaches out of the picture: a negative index would count from the far end.

    >>> corners(integral_image(DECK_MATRIX), row=1, column=1, height=3, width=3)
    Corners(a=1, b=10, c=9, d=46)
    """
    bottom, right = row + height, column + width
    if min(row, column, height, width) < 0 or bottom >= integral.shape[0] or right >= integral.shape[1]:
        raise ValueError(f"{Rectangle(row, column, height, width)} reaches out of the picture")
    return Corners(
        a=int(integral[row, column]),
        b=int(integral[bottom, column]),
        c=int(integral[row, right]),
        d=int(integral[bottom, right]),
    )


def rectangle_sum(integral: np.ndarray, row: int, column: int, height: int, width: int) -> int:
    """The sum of the ``height`` × ``width`` cells from (``row``, ``column``) on, at the same cost for any size.

    >>> [rectangle_sum(integral_image(DECK_MATRIX), *rectangle) for rectangle in DECK_RECTANGLES]
    [28, 21]
    """
    return corners(integral, row, column, height, width).total


def squared_integral(gray: np.ndarray) -> np.ndarray:
    """The integral image of the squares of ``gray``, int64 (H + 1, W + 1): with the plain one it gives any variance.

    >>> squared_integral(np.array([[1, 2], [3, 4]]))[-1, -1]
    np.int64(30)
    """
    return integral_image(gray.astype(np.int64) ** 2)


def tilted_integral(gray: np.ndarray) -> np.ndarray:
    """The integral image turned by 45°: entry (r, c) is the sum of the triangle of cells that widens upwards from it.

    That is every cell (y, x) with y < r and |x − c + 1| ≤ r − 1 − y; ``gray`` is (H, W) of whole numbers, the result
    int64 (H + 1, W + 1). Raises ValueError for another shape or dtype.

    >>> tilted_integral(np.array([[1, 2, 4], [8, 16, 32]]))
    array([[ 0,  0,  0,  0],
           [ 0,  1,  2,  4],
           [ 1, 11, 23, 38]])
    """
    if gray.ndim != 2 or gray.dtype.kind not in "biu":
        raise ValueError(f"gray must be (H, W) of whole numbers, not {gray.dtype} {gray.shape}")
    height, width = gray.shape
    # A triangle may reach out on either side by its height; there its cells are zero.
    cells = np.pad(gray.astype(np.int64), ((1, 0), (height + 1, height)))
    tilted = np.zeros((height + 1, cells.shape[1]), np.int64)
    for row in range(1, height + 1):
        # Two triangles of the row above, what they share taken away once, and the two cells that neither has.
        above = tilted[row - 1]
        tilted[row, 1:-1] = above[:-2] + above[2:] + cells[row, 1:-1]
        if row > 1:
            tilted[row, 1:-1] += cells[row - 1, 1:-1] - tilted[row - 2, 1:-1]
    return tilted[:, height : height + width + 1]


def tilted_sum(tilted: np.ndarray, row: int, column: int, height: int, width: int) -> int:
    """The sum of a rectangle turned by 45°, from four entries of the ``tilted`` integral image (H + 1, W + 1).

    Its top corner is (``row``, ``column``); ``width`` steps go down to the right from there, ``height`` steps down to
    the left. It covers 2 · ``height`` · ``width`` cells. Raises ValueError for one that reaches out of the picture.

    >>> tilted_sum(tilted_integral(np.array([[1, 2, 4], [8, 16, 32]])), row=0, column=2, height=1, width=1)
    18
    """
    places = tilted_corners(row, column, height, width)
    if min(row, column - height, height, width) < 0 or column + width >= tilted.shape[1] or places[3][0] >= len(tilted):
        raise ValueError(f"{Rectangle(row, column, height, width)}, tilted, reaches out of the picture")
    top, left, right, bottom = (int(tilted[place]) for place in places)
    return bottom - left - right + top


def rectangle_corners(row: int, column: int, height: int, width: int) -> tuple[tuple[int, int], ...]:
    """The corners (row, column) of a rectangle: top left, bottom left, top right, bottom right."""
    bottom, right = row + height, column + width
    return (row, column), (bottom, column), (row, right), (bottom, right)


def tilted_corners(row: int, column: int, height: int, width: int) -> tuple[tuple[int, int], ...]:
    """The corners (row, column) of a tilted rectangle: top, left, right, bottom."""
    return (
        (row, column),
        (row + height, column - height),
        (row + width, column + width),
        (row + height + width, column + width - height),
    )


def matrix_from_cells(cells: Iterable[Iterable[object]]) -> np.ndarray:
    """An int64 matrix of gray values from cells a person filled in; UserError names the first that is none.

    >>> matrix_from_cells([["1", 2.0], [3, 255]])
    array([[  1,   2],
           [  3, 255]])
    """
    return np.array([
        [_gray_value(cell, row, column) for column, cell in enumerate(line, 1)] for row, line in enumerate(cells, 1)
    ])


def _gray_value(cell: object, row: int, column: int) -> int:
    try:
        number = float(cell)  # type: ignore[arg-type]  # whatever float refuses is an answer, too
    except (TypeError, ValueError):
        number = -1.0
    if not (number.is_integer() and 0 <= number <= 255):
        raise UserError(
            "Row {row}, column {column} holds no whole number from 0 to 255. Type one, for example 3.",
            row=row,
            column=column,
        )
    return int(number)
