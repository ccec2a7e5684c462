"""Occlusion maps of a model whose answer can be known beforehand."""

from types import SimpleNamespace

import numpy as np
import pytest

from emotion.cnn.occlusion import occlusion_map


def brightness_of(place: tuple[slice, slice]) -> SimpleNamespace:
    """A model that is as sure of class 1 as one part of the face is bright."""

    def predict(faces: np.ndarray) -> np.ndarray:
        share = faces[:, *place].mean(axis=(1, 2), dtype=np.float64) / 255
        return np.stack([1 - share, share], axis=1).astype(np.float32)

    return SimpleNamespace(predict=predict)


def test_covering_what_counts_lowers_the_answer() -> None:
    face = np.zeros((20, 24), np.uint8)
    face[0:4, 20:24] = 255
    model = brightness_of((slice(0, 4), slice(20, 24)))
    fall = occlusion_map(model, face, 1, size=4, step=4)
    assert fall.shape == face.shape and fall.dtype == np.float32
    mean = round(255 * 16 / (20 * 24))
    assert fall[:4, 20:] == pytest.approx(np.full((4, 4), 1 - mean / 255), abs=1e-6)
    fall[:4, 20:] = 0
    assert not fall.any()
    # What one class loses the other gains.
    assert occlusion_map(model, face, 0, size=4, step=4).min() == pytest.approx(mean / 255 - 1, abs=1e-6)


def test_a_pixel_counts_all_squares_that_cover_it() -> None:
    face = np.zeros((4, 3), np.uint8)
    face[0] = 240  # In the mean 60.
    fall = occlusion_map(brightness_of((slice(0, 1), slice(0, 3))), face, 1, size=3, step=1)
    # Two squares: the upper takes the bright row to 60, the lower takes nothing.
    assert fall[:, 0] == pytest.approx([180 / 255, 90 / 255, 90 / 255, 0], abs=1e-6)


def test_a_square_larger_than_the_face_covers_all_of_it() -> None:
    fall = occlusion_map(brightness_of((slice(0, 1), slice(0, 1))), np.full((6, 5), 9, np.uint8), 1, size=12)
    assert fall.shape == (6, 5) and not fall.any()
