"""The integral image: the sum of any rectangle of a picture from four look-ups.

F. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984; P. Viola and M. Jones, "Rapid object detection using
a boosted cascade of simple features", CVPR 2001, section 2.1.
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
