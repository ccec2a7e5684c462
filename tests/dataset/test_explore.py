"""Averages and planes against NumPy and scikit-image's textbook ways."""

from pathlib import Path

import numpy as np
import pytest

from emotion.dataset.explore import class_faces, matching_rows, plane_of
from emotion.dataset.folder import Dataset, open_dataset
from tests.conftest import write_faces


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(write_faces(tmp_path / "set", {"train": {"a": 30, "b": 20}, "val": {"a": 3, "b": 2}}, size=8))


def test_everything_stands_in_the_order_of_the_splits(dataset: Dataset) -> None:
    assert dataset.split_of.tolist() == [0] * 50 + [1] * 5
    assert dataset.everything.paths[50:53] == ("val/a/000.png", "val/a/001.png", "val/a/002.png")
    assert dataset.everything.labels.tolist() == [0] * 30 + [1] * 20 + [0] * 3 + [1] * 2


def test_rows_by_split_class_and_text(dataset: Dataset) -> None:
    assert matching_rows(dataset, [1], [1]).tolist() == [53, 54]
    assert matching_rows(dataset, [0, 1], [0], "VAL/A/00").tolist() == [50, 51, 52]
    assert matching_rows(dataset, [0, 1], [0, 1], "001").tolist() == [1, 31, 51, 54]
    assert matching_rows(dataset, [0], [0, 1], "nowhere").tolist() == []
    assert matching_rows(dataset, [], [0]).tolist() == []


def test_mean_and_variance_of_every_pixel(dataset: Dataset) -> None:
    faces = class_faces(dataset, (8, 8))
    parts = [dataset.load(split, (8, 8)) for split in ("train", "validation")]
    pixels = np.concatenate([part.pixels for part in parts]).astype(float)
    labels = np.concatenate([part.labels for part in parts])
    for label in (0, 1):
        np.testing.assert_allclose(faces.mean[label], pixels[labels == label].mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(faces.variance[label], pixels[labels == label].var(axis=0), rtol=1e-3)


def test_a_class_without_readable_images_has_no_average(dataset: Dataset) -> None:
    for path in (*(dataset.root / "train" / "b").iterdir(), *(dataset.root / "val" / "b").iterdir()):
        path.write_bytes(b"")
    faces = class_faces(dataset)
    assert np.isnan(faces.mean[1]).all() and np.isfinite(faces.mean[0]).all()


def test_the_plane_is_that_of_the_singular_value_decomposition(dataset: Dataset) -> None:
    plane = plane_of(dataset, 1000, (8, 8))
    assert plane.rows.tolist() == list(range(55))
    parts = [dataset.load(split, (8, 8)).pixels for split in ("train", "validation")]
    vectors = np.concatenate(parts).reshape(55, -1) / 255
    centred = vectors - vectors.mean(axis=0)
    u, s, _v = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(plane.xy), np.abs(u[:, :2] * s[:2]), atol=0.15)
    np.testing.assert_allclose(plane.explained, s[:2] ** 2 / (s**2).sum(), rtol=0.02)


def test_the_plane_of_some_images_and_of_what_a_network_makes_of_them(dataset: Dataset) -> None:
    (dataset.root / "train" / "a" / "000.png").write_bytes(b"")

    def embed(faces: np.ndarray) -> np.ndarray:
        return np.stack([faces.mean(axis=(1, 2)), np.arange(len(faces)), np.ones(len(faces))], axis=1)

    told: list[int] = []
    plane = plane_of(dataset, 40, (8, 8), embed, lambda done, total: told.append(total))
    assert len(set(plane.rows.tolist())) == len(plane.rows) == len(plane.xy) in {39, 40}
    assert 0 not in plane.rows and told
    assert sum(plane.explained) == pytest.approx(1)  # Two numbers that differ, so two axes say all.
    assert plane.rows.tolist() == plane_of(dataset, 40, (8, 8), embed).rows.tolist()


def test_images_that_are_all_the_same_lie_on_one_point(dataset: Dataset) -> None:
    plane = plane_of(dataset, 50, (8, 8), lambda faces: np.ones((len(faces), 3), np.float32))
    assert np.abs(plane.xy).max() < 1e-6 and plane.explained == (0.0, 0.0)
