"""Worse pictures: what is done to them, by hand, and what it costs, by asking for each."""

from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import evaluate
from emotion.cnn.hardship import HARDSHIPS, in_hardship
from emotion.dataset.folder import open_dataset

RAMP = np.repeat(np.linspace(0, 255, 48).round().astype(np.uint8)[:, np.newaxis], 48, axis=1)


@pytest.mark.parametrize("name", HARDSHIPS)
def test_each_changes_a_face_and_keeps_its_shape(name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    worse = HARDSHIPS[name](noise)
    assert worse.shape == (48, 48) and worse.dtype == np.uint8 and (worse != noise).any()


def test_what_is_done_by_hand() -> None:
    assert HARDSHIPS["dark"](RAMP)[[0, -1], 0].tolist() == [5, 81]  # ±128 × .3 + 128 − 85, rounded.
    assert HARDSHIPS["flat"](RAMP)[[0, -1], 0].tolist() == [90, 166]
    eyes = HARDSHIPS["eyes covered"](RAMP)
    assert (eyes[12:24] == 128).all() and (eyes[[11, 24]] == RAMP[[11, 24]]).all()
    assert (HARDSHIPS["mouth covered"](RAMP)[31:46] == 128).all()
    blocks = np.kron(np.arange(144, dtype=np.uint8).reshape(12, 12), np.ones((4, 4), np.uint8))
    assert HARDSHIPS["small"](blocks)[0, 0] == 0 and HARDSHIPS["small"](blocks)[-1, -1] == 143


def test_the_accuracy_is_that_of_the_worse_images(trained: Path) -> None:
    tiny = Classifier(load_bundle(trained / "models" / "tiny"))
    sample = open_dataset(trained / "datasets" / "sample")
    found = evaluate(tiny, sample, "validation").take(np.arange(1, 20, 2))
    worse = in_hardship(tiny, sample, found)
    assert list(worse) == list(HARDSHIPS)
    faces = sample.load("validation").pixels[1:20:2]
    for name, worsen in HARDSHIPS.items():
        right = [int(tiny.predict(worsen(face)[np.newaxis]).argmax()) for face in faces] == found.labels
        assert (worse[name].n, worse[name].value, worse[name].name) == (10, right.mean(), name)
