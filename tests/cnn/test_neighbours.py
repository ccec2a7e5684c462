"""Nearest training images, against cosines worked out one by one."""

from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.neighbours import is_known, nearest
from emotion.dataset.folder import open_dataset
from emotion.files import read_image, write_image
from emotion.jobs import Cancelled
from tests.conftest import write_faces


@pytest.fixture(scope="module")
def classifier(trained: Path) -> Classifier:
    return Classifier(load_bundle(trained / "models" / "tiny"))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum() / ((one**2).sum() * (other**2).sum()) ** 0.5)


def test_the_nearest_by_hand_and_kept_for_the_next_time(classifier: Classifier, tmp_path: Path, home: Path) -> None:
    root = write_faces(tmp_path / "데이터", {"train": {"happy": 5, "sad": 4}, "test": {"sad": 1}}, size=48)
    dataset = open_dataset(root)
    face = read_image(root / "test" / "sad" / "000.png", gray=True)
    told: list[tuple[int, int]] = []
    assert not is_known(classifier, dataset)
    found = nearest(classifier, dataset, face, 3, lambda *done: told.append(done))
    part = dataset.part("train")
    assert is_known(classifier, dataset)
    assert told[-1] == (len(part.paths), len(part.paths))
    own = classifier.embed(face[None])[0]
    cosines = [cosine(own, classifier.embed(read_image(root / path, gray=True)[None])[0]) for path in part.paths]
    best = np.argsort(cosines)[::-1][:3]
    assert found.similarity == pytest.approx([cosines[row] for row in best], abs=0.02)
    assert found.paths[0] == part.paths[best[0]] and found.labels[0] == part.labels[best[0]]
    again = nearest(classifier, dataset, face, 3, lambda *done: pytest.fail("they were kept"))
    assert again.paths == found.paths and np.array_equal(again.similarity, found.similarity)
    # A training image is its own nearest; one that changed is looked at anew.
    changed = root / part.paths[2]
    write_image(changed, face)
    found = nearest(classifier, open_dataset(root), face, 1)
    assert found.paths == (part.paths[2],) and found.similarity[0] == pytest.approx(1, abs=0.01)


def test_cancelled_half_way_nothing_is_kept(classifier: Classifier, tmp_path: Path, home: Path) -> None:
    root = write_faces(tmp_path / "data", {"train": {"happy": 3, "sad": 3}})

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        nearest(classifier, open_dataset(root), np.zeros((48, 48), np.uint8), progress=cancel)
    assert not list((home / "cache").glob("embeddings/*"))


def test_a_damaged_copy_is_made_again(classifier: Classifier, tmp_path: Path, home: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "data", {"train": {"happy": 3, "sad": 3}}))
    face = np.full((48, 48), 99, np.uint8)
    found = nearest(classifier, dataset, face)
    next((home / "cache" / "embeddings").iterdir()).write_bytes(b"\x93NUMPY")
    assert nearest(classifier, dataset, face).paths == found.paths
