"""Patches to learn from: faces and what is none, of a window's size, and the values that features have on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from emotion.errors import UserError
from emotion.haar.features import Feature, Kind, integral_stack


@dataclass(frozen=True, eq=False)
class Patches:
    """N patches, ``gray`` uint8 (N, H, W); what is computed of them is computed once."""

    gray: np.ndarray

    def __post_init__(self) -> None:
        if self.gray.ndim != 3 or self.gray.dtype != np.uint8 or 0 in self.gray.shape[1:]:
            raise ValueError(f"patches must be uint8 (N, H, W), not {self.gray.dtype} {self.gray.shape}")

    def __len__(self) -> int:
        return len(self.gray)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of each."""
        return self.gray.shape[1], self.gray.shape[2]

    @cached_property
    def integral(self) -> np.ndarray:
        """The integral images, int32 (H + 1, W + 1, N): the patch last, so that a feature adds up all at once."""
        return integral_stack(self.gray, tilted=False).astype(np.int32)

    @cached_property
    def tilted(self) -> np.ndarray:
        """The tilted integral images, int32 (H + 1, W + 1, N)."""
        return integral_stack(self.gray, tilted=True).astype(np.int32)

    def integral_for(self, kind: Kind) -> np.ndarray:
        """The integral images that features of a kind look up."""
        return self.tilted if kind.tilted else self.integral

    @cached_property
    def _light(self) -> tuple[np.ndarray, np.ndarray]:
        mean, deviation = self.gray.mean(axis=(1, 2)), self.gray.std(axis=(1, 2))
        return mean.astype(np.float32), np.divide(1, deviation, where=deviation > 0, out=np.ones(len(self))).astype(
            np.float32
        )

    def in_even_light(self, values: np.ndarray, net: int) -> np.ndarray:
        """Feature values, whole numbers (…, N), as if each patch had mean 0 and standard deviation 1: float32 (…, N).

        ``net`` is the feature's black area − its white area. Viola and Jones correct for the light in the same way
        (IJCV 2004, section 5.1); an even patch keeps its deviation of 0.
        """
        mean, factor = self._light
        return (values - net * mean).astype(np.float32) * factor

    def values(self, feature: Feature) -> np.ndarray:
        """A feature's value in each patch, in even light: float32 (N,)."""
        total = np.zeros(len(self), np.int32)
        for row, column, weight in feature.places():
            total += np.int32(weight) * self.integral_for(feature.kind)[row, column]
        return self.in_even_light(total, net_area(feature))


def net_area(feature: Feature) -> int:
    """Black pixels − white pixels of a feature."""
    cell = feature.height * feature.width * (2 if feature.kind.tilted else 1)
    return int(np.sum(feature.kind.cells)) * cell


def lfw_patches(size: int = 24) -> tuple[Patches, Patches]:
    """100 faces and 100 patches that are none, ``size`` pixels square, as they come with scikit-image.

    A part of G. Huang et al., "Labeled faces in the wild", University of Massachusetts 07-49, 2007.
    """
    from skimage import data  # Here, because scikit-image takes a third of a second to import.

    gray = np.rint(data.lfw_subset() * 255).astype(np.uint8)
    scaled = np.stack([cv2.resize(patch, (size, size), interpolation=cv2.INTER_AREA) for patch in gray])
    return Patches(scaled[:100]), Patches(scaled[100:])


def face_patches(faces: Iterable[np.ndarray], size: int = 24) -> Patches:
    """Faces of a dataset, each uint8 (H, W), one at least, shrunk to patches."""
    return Patches(np.stack([cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA) for face in faces]))


def background_patches(photos: Sequence[np.ndarray], count: int, size: int = 24, seed: int = 0) -> Patches:
    """``count`` random squares of gray ``photos``, uint8 (H, W), without faces, shrunk to patches.

    Their sides lie between ``size`` and the photo's shorter side, small ones more often. UserError where no photo is
    large enough.
    """
    photos = [photo for photo in photos if min(photo.shape) >= size]
    if not photos:
        raise UserError("No photo has {size} × {size} pixels. Choose larger ones.", size=size)
    random = np.random.default_rng(seed)
    return face_patches([_square(photos[random.integers(len(photos))], size, random) for _ in range(count)], size)


def _square(photo: np.ndarray, smallest: int, random: np.random.Generator) -> np.ndarray:
    largest = min(photo.shape)
    side = round(smallest * (largest / smallest) ** random.random())
    row, column = (int(random.integers(0, length - side + 1)) for length in photo.shape)
    return photo[row : row + side, column : column + side]
