"""All features that a window holds, and their values on many patches in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emotion.haar.features import VIOLA_JONES, Feature, Kind
from emotion.haar.patches import Patches, net_area


class Block(NamedTuple):
    """Features of one kind and cell size: ``rows`` × ``columns`` places, of which ``first`` is the first's number."""

    kind: Kind
    height: int
    width: int
    rows: int
    columns: int
    first: int

    @property
    def numbers(self) -> slice:
        """Its features among all."""
        return slice(self.first, self.first + self.rows * self.columns)


@dataclass(frozen=True)
class FeatureBank:
    """The features of ``kinds`` in a window of ``height`` × ``width`` pixels, numbered from 0.

    A ``step`` above 1 takes every such cell size, from 1 on, and every such place: about 1 / step⁴ of them.

    >>> len(FeatureBank(24, 24))
    162336
    """

    height: int
    width: int
    kinds: tuple[Kind, ...] = VIOLA_JONES
    step: int = 1

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The features, sorted by kind and size of their cells."""
        found: list[Block] = []
        first = 0
        for kind in self.kinds:
            for tall in range(1, self.height + 1, self.step):
                for wide in range(1, self.width + 1, self.step):
                    rows, columns = self._places(kind, tall, wide)
                    if rows > 0 and columns > 0:
                        found.append(Block(kind, tall, wide, rows, columns, first))
                        first += rows * columns
        return tuple(found)

    def _places(self, kind: Kind, tall: int, wide: int) -> tuple[int, int]:
        taken = kind.size(tall, wide)
        rows, columns = self.height - taken[0], self.width - taken[1]
        return rows // self.step + 1, columns // self.step + 1

    def __len__(self) -> int:
        return self.blocks[-1].numbers.stop if self.blocks else 0

    @cached_property
    def _firsts(self) -> np.ndarray:
        return np.array([block.first for block in self.blocks])

    def __getitem__(self, number: int) -> Feature:
        """The feature of a number; IndexError past the last."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        block = self.blocks[int(np.searchsorted(self._firsts, number, side="right")) - 1]
        row, column = divmod(number - block.first, block.columns)
        return Feature(block.kind, row * self.step, column * self.step, block.height, block.width)

    def block_values(self, block: Block, patches: Patches) -> np.ndarray:
        """Black − white of a block's features, int32 (features, N): each corner is a slice over all places."""
        image = patches.integral_for(block.kind)
        total = np.zeros((block.rows, block.columns, len(patches)), np.int32)
        for row, column, weight in Feature(block.kind, 0, 0, block.height, block.width).places():
            places = image[row:, column:][:: self.step, :: self.step][: block.rows, : block.columns]
            if abs(weight) == 1:
                (np.add if weight > 0 else np.subtract)(total, places, out=total)
            else:
                total += np.int32(weight) * places
        return total.reshape(-1, len(patches))

    def values(self, patches: Patches) -> np.ndarray:
        """Black − white of every feature in every patch: int32 (features, N).

        Raises ValueError for patches of another size.
        """
        if patches.shape != (self.height, self.width):
            raise ValueError(f"patches must have {self.height} × {self.width} pixels, not {patches.shape}")
        found = np.empty((len(self), len(patches)), np.int32)
        for block in self.blocks:
            found[block.numbers] = self.block_values(block, patches)
        return found

    def values_in_even_light(self, blocks: Sequence[Block], patches: Patches) -> np.ndarray:
        """The values of some ``blocks``, one after the other, as ``Patches.values`` has them: float32 (features, N)."""
        parts = []
        for block in blocks:
            net = net_area(Feature(block.kind, 0, 0, block.height, block.width))
            parts.append(patches.in_even_light(self.block_values(block, patches), net))
        return np.concatenate(parts)
