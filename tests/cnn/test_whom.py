"""Groups by what models and detectors say of a face, against asking each of them for each face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.cnn import whom
from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, evaluate
from emotion.cnn.whom import FROM_THE_SIDE, FRONT, NOT_FOUND, by_guess
from emotion.dataset.folder import Dataset, open_dataset
from emotion.haar.crop import crop_face
from emotion.haar.photos import astronaut


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A woman's face, happy and once called sad, among noise."""
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    face = crop_face(gray, (170, 70, 290, 190), 96)
    noise = np.random.default_rng(0).integers(0, 256, (2, 96, 96), np.uint8)
    pictures = {"happy/a": noise[0], "happy/b": face, "happy/c": face, "sad/a": cv2.flip(face, 1), "sad/b": noise[1]}
    for name, picture in pictures.items():
        path = tmp_path / "faces" / "validation" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return open_dataset(tmp_path / "faces")


def asked(dataset: Dataset) -> Evaluation:
    """As if a model had called all of them happy."""
    labels = dataset.part("validation").labels.astype(np.int64)
    rows, probabilities = np.arange(len(labels)), np.tile(np.array([0.9, 0.1], np.float32), (len(labels), 1))
    return Evaluation(dataset.classes, "validation", rows, labels, probabilities)


def test_a_face_from_the_front_is_found_and_noise_is_not(dataset: Dataset) -> None:
    told: list[tuple[int, int]] = []
    found = by_guess(dataset, asked(dataset), (), lambda done, total: told.append((done, total)))
    assert {name: (metric.n, metric.value) for name, metric in found.items()} == {
        FRONT: (3, pytest.approx(2 / 3)), NOT_FOUND: (2, 0.5),
    }  # fmt: skip
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    some = by_guess(dataset, asked(dataset).take(np.array([4, 1, 0])), ())  # As by votes, and in another order.
    assert {name: (metric.n, metric.value) for name, metric in some.items()} == {FRONT: (1, 1), NOT_FOUND: (2, 0.5)}


def test_a_profile_is_looked_for_both_ways(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    finds = {"frontalface_default": lambda gray: False, "profileface": lambda gray: gray[:, 48].mean() > 200}
    monkeypatch.setattr(whom, "_finder", finds.__getitem__)
    bright = np.zeros((3, 48, 48), np.uint8)
    bright[0, :, :3] = bright[1, :, -3:] = 255  # At the left, at the right, nowhere.
    assert whom._seen(bright, None).tolist() == [FROM_THE_SIDE, FROM_THE_SIDE, NOT_FOUND]


def test_the_groups_are_the_answers_of_the_models(trained: Path) -> None:
    sample = open_dataset(trained / "datasets" / "sample")
    found = evaluate(Classifier(find_bundle(str(trained / "models" / "tiny"))), sample, "validation")
    by_group = by_guess(sample, found, ("gender",))
    gender = Classifier(find_bundle("gender"))
    answers = gender.predict(sample.load("validation").pixels).argmax(axis=1)
    right = found.answers == found.labels
    for place, key in enumerate(gender.bundle.card.classes):
        rows = answers == place
        if rows.any():
            assert (by_group[f"gender {key}"].n, by_group[f"gender {key}"].value) == (rows.sum(), right[rows].mean())
    assert sum(metric.n for name, metric in by_group.items() if name.startswith("gender")) == found.n
