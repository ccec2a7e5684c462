"""Haar features: what is black minus what is white, in rectangles of the same size side by side.

P. Viola and M. Jones, "Robust real-time face detection", IJCV 57(2), 2004, section 2; the centre-surround and the
tilted ones: R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object detection", ICIP 2002.

A value is the sum of the black cells − the sum of the white cells, as the deck and Viola and Jones define it. Others
differ: scikit-image's ``haar_like_feature`` takes the first rectangle off the second, so that ``OPPOSITE_IN_SKIMAGE``
have the other sign there; OpenCV counts the smaller colour two or three times, so that an even picture gives 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from emotion.haar.integral import integral_image, tilted_integral


@dataclass(frozen=True)
class Kind:
    """A pattern of cells, 1 black and −1 white, row by row; ``tilted`` ones are turned by 45° to the right."""

    name: str
    cells: tuple[tuple[int, ...], ...]
    tilted: bool = False

    @property
    def grid(self) -> tuple[int, int]:
        """Cells below and beside each other."""
        return len(self.cells), len(self.cells[0])

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of pixels that the feature takes with cells of ``height`` × ``width``.

        (Of a tilted one the last column is never counted: its corner needs one, as in OpenCV.)
        """
        rows, columns = self.grid[0] * height, self.grid[1] * width
        return (rows + columns, rows + columns) if self.tilted else (rows, columns)

    @property
    def corners(self) -> tuple[tuple[int, int, int], ...]:
        """(row, column, weight) of each corner of the grid that counts; a value is the sum of weight × the entry there.

        Each cell gives 1, −1, −1, 1 to its four corners; where cells meet, that adds up or cancels out.
        """
        padded = np.pad(self.cells, 1)
        weights = padded[1:, 1:] - padded[1:, :-1] - padded[:-1, 1:] + padded[:-1, :-1]
        return tuple((row, column, int(weights[row, column])) for row, column in np.argwhere(weights).tolist())


TWO_BESIDE = Kind("two_beside", ((-1, 1),))
TWO_BELOW = Kind("two_below", ((1,), (-1,)))
THREE_BESIDE = Kind("three_beside", ((-1, 1, -1),))
THREE_BELOW = Kind("three_below", ((-1,), (1,), (-1,)))
FOUR = Kind("four", ((-1, 1), (1, -1)))
CENTRE = Kind("centre", ((-1, -1, -1), (-1, 1, -1), (-1, -1, -1)))
TILTED = tuple(
    Kind(f"tilted_{kind.name}", kind.cells, tilted=True)
    for kind in (TWO_BESIDE, TWO_BELOW, THREE_BESIDE, THREE_BELOW, CENTRE)
)
VIOLA_JONES = (TWO_BESIDE, TWO_BELOW, THREE_BESIDE, THREE_BELOW, FOUR)
KINDS = {kind.name: kind for kind in (*VIOLA_JONES, CENTRE, *TILTED)}
# Kind → its name in scikit-image; its value is black − white there too, except for OPPOSITE_IN_SKIMAGE.
SKIMAGE_NAMES = dict(zip(VIOLA_JONES, ("type-2-x", "type-2-y", "type-3-x", "type-3-y", "type-4"), strict=True))
OPPOSITE_IN_SKIMAGE = frozenset({TWO_BELOW})


class Feature(NamedTuple):
    """A kind with its cells' ``height`` × ``width``, at (``row``, ``column``) of the window.

    That is its top left corner; of a tilted one it is the top corner of its leftmost and highest place, from which its
    real top corner lies ``grid rows × height`` columns to the right.
    """

    kind: Kind
    row: int
    column: int
    height: int
    width: int

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that it takes."""
        return self.kind.size(self.height, self.width)

    def places(self) -> Iterator[tuple[int, int, int]]:
        """(row, column, weight) of each entry of the integral image, or the tilted one, that makes its value."""
        for down, right, weight in self.kind.corners:
            yield *self._corner(down, right), weight

    def cells(self) -> Iterator[tuple[int, np.ndarray]]:
        """Every cell's colour, 1 black and −1 white, and its outline: int (4, 2), (row, column) corner by corner."""
        for (down, right), colour in np.ndenumerate(np.array(self.kind.cells)):
            around = [(down, right), (down, right + 1), (down + 1, right + 1), (down + 1, right)]
            yield int(colour), np.array([self._corner(row, column) for row, column in around])

    def _corner(self, down: int, right: int) -> tuple[int, int]:
        """Row and column of a corner of the grid: ``down`` cells below and ``right`` cells beside its first."""
        tall, wide = down * self.height, right * self.width
        if self.kind.tilted:
            return self.row + tall + wide, self.column + self.kind.grid[0] * self.height - tall + wide
        return self.row + tall, self.column + wide

    def mask(self, window: tuple[int, int]) -> np.ndarray:
        """What each pixel of a window of (H, W) is multiplied by: int8 (H, W), 1 black, −1 white, 0 outside."""
        basis = np.eye(window[0] * window[1], dtype=np.uint8).reshape(-1, *window)
        return self.values(basis).reshape(window).astype(np.int8)

    def values(self, patches: np.ndarray) -> np.ndarray:
        """Its value in each of ``patches``, whole numbers (N, H, W), or one (H, W): int64 (N,) or a number.

        Raises ValueError where it reaches out of them.
        """
        height, width = patches.shape[-2:]
        if self._outside(height, width):
            raise ValueError(f"{self} reaches out of {height} × {width} pixels")
        single = patches.ndim == 2
        images = integral_stack(patches[None] if single else patches, self.kind.tilted)
        total = sum(weight * images[row, column] for row, column, weight in self.places())
        return total[0] if single else total

    def sums(self, patch: np.ndarray) -> tuple[int, int]:
        """The sum of its black cells and that of its white cells in a patch, whole numbers (H, W)."""

        def part(colour: int) -> int:
            cells = tuple(tuple(int(cell == colour) for cell in line) for line in self.kind.cells)
            return int(self._replace(kind=replace(self.kind, cells=cells)).values(patch))

        return part(1), part(-1)

    def _outside(self, height: int, width: int) -> bool:
        rows, columns = self.size
        return (
            min(self.row, self.column) < 0
            or min(self.height, self.width) < 1
            or self.row + rows > height
            or self.column + columns > width
        )

    def responses(self, gray: np.ndarray) -> np.ndarray:
        """Its value at every place of a picture, whole numbers (H, W), that has room for it.

        The result is int64 (H − rows + 1, W − columns + 1); entry (r, c) is the value with its top left at (r, c),
        wherever it stands in the window.
        """
        here = self._replace(row=0, column=0)
        rows, columns = (max(side - size + 1, 0) for side, size in zip(gray.shape, self.size, strict=True))
        image = tilted_integral(gray) if self.kind.tilted else integral_image(gray)
        found = np.zeros((rows, columns), np.int64)
        for row, column, weight in here.places():
            found += weight * image[row : row + rows, column : column + columns]
        return found


def integral_stack(patches: np.ndarray, tilted: bool) -> np.ndarray:
    """The integral images, or the tilted ones, of ``patches`` (N, H, W): int64 (H + 1, W + 1, N), the patch last."""
    make = tilted_integral if tilted else integral_image
    return np.stack([make(patch) for patch in patches], axis=-1)


def count_features(kind: Kind, height: int, width: int) -> int:
    """How many features of a kind a window of ``height`` × ``width`` pixels holds.

    There is one for every size of its cells and every place that leaves room. Upright with R × C cells that is
    ΣΣ (height − R·h + 1)(width − C·w + 1) = XY (width + 1 − C (X + 1) / 2)(height + 1 − R (Y + 1) / 2), where
    X = ⌊width / C⌋ and Y = ⌊height / R⌋ (Lienhart and Maydt, section 2.1); tilted ones are added up.

    >>> [count_features(kind, 24, 24) for kind in VIOLA_JONES]
    [43200, 43200, 27600, 27600, 20736]
    >>> sum(count_features(kind, 24, 24) for kind in VIOLA_JONES)
    162336
    """
    rows, columns = kind.grid
    if kind.tilted:
        sizes = (rows * tall + columns * wide for tall in range(1, height) for wide in range(1, width))
        return sum((height - size + 1) * (width - size + 1) for size in sizes if size <= min(height, width))
    many, deep = width // columns, height // rows
    return many * (2 * width + 2 - columns * (many + 1)) * deep * (2 * height + 2 - rows * (deep + 1)) // 4
