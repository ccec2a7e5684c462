"""Groups by what models and detectors say of a face, against asking each of them for each face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.cnn import whom as groups
from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, evaluate
from emotion.cnn.whom import FROM_THE_SIDE, FRONT, NOT_FOUND, whom
from emotion.dataset.folder import Dataset, open_dataset
from emotion.haar.crop import crop_face
from emotion.haar.photos import astronaut


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A woman's face, happy and also called sad, among noise."""
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    face = crop_face(gray, (170, 70, 290, 190), 96)
    noise = np.random.default_rng(0).integers(0, 256, (2, 96, 96), np.uint8)
    for name, picture in {"happy/a": face, "happy/b": noise[0], "sad/a": cv2.flip(face, 1), "sad/b": noise[1]}.items():
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
    found = whom(dataset, asked(dataset), (), lambda done, total: told.append((done, total)))
    assert {name: (metric.n, metric.value) for name, metric in found.items()} == {FRONT: (2, 0.5), NOT_FOUND: (2, 0.5)}
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_profile_is_looked_for_both_ways(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dataset.load("validation", (192, 192)).pixels[0]
    finds = {"frontalface_default": lambda gray: False, "profileface": lambda gray: gray[100, 100] == first[52, -53]}
    monkeypatch.setattr(groups, "_finder", finds.__getitem__)
    assert first[52, 52] != first[52, -53]
    found = whom(dataset, asked(dataset), ())
    assert FRONT not in found and found[FROM_THE_SIDE].n >= 2  # The face as it is, and its mirror image.


def test_the_groups_are_the_answers_of_the_models(trained: Path) -> None:
    sample = open_dataset(trained / "datasets" / "sample")
    found = evaluate(Classifier(find_bundle(str(trained / "models" / "tiny"))), sample, "validation")
    by_group = whom(sample, found, ("gender",))
    gender = Classifier(find_bundle("gender"))
    answers = gender.predict(sample.load("validation").pixels).argmax(axis=1)
    right = found.answers == found.labels
    for place, key in enumerate(gender.bundle.card.classes):
        rows = answers == place
        if rows.any():
            assert (by_group[f"gender {key}"].n, by_group[f"gender {key}"].value) == (rows.sum(), right[rows].mean())
    assert sum(metric.n for name, metric in by_group.items() if name.startswith("gender")) == found.n
