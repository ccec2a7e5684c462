"""Bundles are calibrated: checked on a network whose temperature is known. They are made with TensorFlow."""

from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cli.train import _publisher
from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import TrainConfig
from emotion.cnn.export import load_network
from emotion.cnn.making import calibrate, measure, to_tflite
from emotion.cnn.publish import calibrate_bundle
from emotion.cnn.runs import list_runs
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from tests.conftest import write_faces


def _network(sureness: float) -> keras.Model:
    """Says of a picture of one pixel, 0 or 1, which it is, with odds of e to the ``sureness``."""
    inputs = keras.Input((1, 1, 1))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(flat))
    model.set_weights([np.array([[-2.0, 2.0]]) * sureness / 2, np.array([1.0, -1.0]) * sureness / 2])
    return model


def _images(count: int) -> Images:
    labels = np.arange(count) % 2
    shown = np.where(np.arange(count) % 10 < 2, 1 - labels, labels)  # Every fifth is labelled wrong: 4 to 1.
    return Images(shown.reshape(-1, 1, 1).astype(np.uint8), labels, ("",) * count, ())


def test_a_network_that_is_too_sure_becomes_as_sure_as_it_is_right() -> None:
    model, images = _network(sureness=5.0), _images(1000)
    assert calibrate(model, images) == pytest.approx(5 / np.log(4), rel=1e-3)
    probabilities = model.predict(images.pixels[..., np.newaxis], verbose=0)
    assert probabilities.max(axis=1) == pytest.approx(0.8, abs=1e-3)


def test_few_images_fit_no_temperature() -> None:
    model = _network(sureness=5.0)
    assert calibrate(model, _images(100)) == 1.0
    assert model.predict(np.ones((1, 1, 1, 1)), verbose=0)[0, 1] == pytest.approx(1 / (1 + np.exp(-5)), abs=1e-6)


def test_a_bundle_calibrated_again_gives_the_same_answers(trained: Path, bundle_copy: Path) -> None:
    before = load_bundle(bundle_copy)
    made = calibrate_bundle(before, open_dataset(trained / "datasets" / "sample"))
    faces = np.random.default_rng(0).integers(0, 256, (20, made.card.input.height, made.card.input.width, 1), np.uint8)
    old, new = (load_network(bundle).predict(faces, verbose=0) for bundle in (before, made))
    assert new.argmax(axis=1).tolist() == old.argmax(axis=1).tolist()
    assert made.card.measured["protocol"].startswith("one crop") and made.card.metrics == before.card.metrics


@pytest.mark.parametrize(("split", "figures"), [("validation", {"by_votes": 2, "by_clear_votes": 1}), ("train", {})])
def test_the_votes_are_measured_where_there_are_any(
    split: str, figures: dict[str, int], bundle_copy: Path, home: Path, tmp_path: Path
) -> None:
    data = write_faces(tmp_path / "data", {part: {"happy": 1, "sad": 1} for part in ("train", "validation")}, size=48)
    sure = ",".join(str(10 * (column == "happiness")) for column in COLUMNS)
    torn = ",".join({"sadness": "5", "anger": "4", "NF": "1"}.get(column, "0") for column in COLUMNS)
    lines = [",".join(["file", *COLUMNS]), f"{split}/happy/000.png,{sure}", f"{split}/sad/000.png,{torn}"]
    (tmp_path / "votes.csv").write_text("\n".join(lines), encoding="utf-8")
    attach_votes(open_dataset(data), tmp_path / "votes.csv")
    measured = measure(Classifier(load_bundle(bundle_copy)), open_dataset(data))["measured"]
    assert {name: measured[name]["accuracy"]["n"] for name in measured if name.startswith("by_")} == figures


@pytest.mark.parametrize(("backend", "publishes"), [("tensorflow", True), ("jax", False), ("torch", False)])
def test_a_bundle_is_made_where_keras_can_convert(
    backend: str, publishes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    assert (_publisher(TrainConfig("d", "n")) is not None) == publishes
    if not publishes:
        with pytest.raises(UserError, match=f"Keras runs on {backend} here. Set KERAS_BACKEND=tensorflow"):
            to_tflite(_network(1.0))


def test_a_training_that_can_t_make_its_bundle_tells_the_way_to_one(
    quick: TrainConfig, signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    options = ["--network", "tiny_cnn", "--epochs", "1", "--size", "16", "--precision", "float32"]
    done = CliRunner().invoke(main, ["train", "--data", quick.data, *options])
    run = list_runs()[0]
    assert done.exit_code == 0 and (run.status().state, run.status().bundle) == ("finished", "")
    assert f"KERAS_BACKEND=tensorflow python -m emotion train --publish {run.name}" in done.output
