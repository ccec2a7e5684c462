"""The parts of a dataset: what is trained on, what choices are made on, what is measured on at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "validation", "test")
ALIASES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "publictest": "validation",
    "test": "test",
    "testing": "test",
    "privatetest": "test",
}
"""Folder name, in lower case → split."""

SHARES = {"validation": 0.1, "test": 0.1}
_SEED = 0


@dataclass(frozen=True)
class Split:
    """The files of one split: ``paths`` relative to the root, ``labels`` int64 (N,) positions in the classes."""

    paths: tuple[str, ...]
    labels: np.ndarray

    def take(self, rows: np.ndarray) -> "Split":
        """The files at ``rows`` (int positions)."""
        return Split(tuple(self.paths[row] for row in rows), self.labels[rows])


def one_spelling(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name of a class folder → class, for the (split, name) that were ``found``.

    Names that differ in case only are one class, called by the first of them, where no split has two of them.

    >>> one_spelling([("train", "Happy"), ("test", "happy"), ("train", "sad"), ("train", "SAD")])
    {'Happy': 'Happy', 'happy': 'Happy', 'SAD': 'SAD', 'sad': 'sad'}
    """
    alike: dict[str, set[tuple[str, str]]] = {}
    for split, name in found:
        alike.setdefault(name.casefold(), set()).add((split, name))
    classes: dict[str, str] = {}
    for group in alike.values():
        names = sorted({name for _split, name in group})
        apart = len({split for split, _name in group}) == len(group)
        classes |= {name: names[0] if apart else name for name in names}
    return classes


def stratified_parts(
    labels: np.ndarray, shares: Sequence[float], seed: int = _SEED, least: int = 0
) -> list[np.ndarray]:
    """Rows of ``labels`` dealt into a part for each share, class by class, and a last part with the rest; sorted.

    The first part gets ``least`` rows of a class, if one is left for the last: its share of a few is none.

    >>> [len(part) for part in stratified_parts(np.repeat([0, 1], 20), [0.1, 0.1])]
    [4, 4, 32]
    """
    random = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in range(len(shares) + 1)]
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        ends = np.round(np.cumsum(shares) * len(rows)).astype(int).clip(min(least, len(rows) - 1))
        for part, chosen in zip(parts, np.split(rows, ends), strict=True):
            part.extend(chosen)
    return [np.sort(np.array(part, np.int64)) for part in parts]
