"""Bundles are calibrated: checked on a network whose temperature is known. They are made with TensorFlow."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cli.train import _publisher
from emotion.cnn.bundle import find_bundle, load_bundle
from emotion.cnn.calibration import fit_class_scaling, with_temperature
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import TrainConfig
from emotion.cnn.export import load_network
from emotion.cnn.head import fit_head
from emotion.cnn.making import calibrate, measure, to_tflite
from emotion.cnn.model_files import import_model_files
from emotion.cnn.recalibrate import calibrate_bundle
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


LAYERS = {
    "a dense layer": (keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")),
    "a softmax of its own": (keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Softmax()),
    "an activation": (keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Activation("softmax")),
    "a convolution": (keras.layers.Conv2D(3, 2), keras.layers.GlobalAveragePooling2D(), keras.layers.Softmax()),
}


@pytest.mark.parametrize("by_class", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_whatever_layer_gives_the_sums_they_are_scaled(kind: str, by_class: bool) -> None:
    keras.utils.set_random_seed(0)
    model = keras.models.clone_model(keras.Sequential([keras.Input((4, 4, 1)), *LAYERS[kind]]))
    model.set_weights([weights / 50 for weights in model.get_weights()])
    random = np.random.default_rng(0)
    images = Images(random.integers(0, 256, (600, 4, 4), np.uint8), random.integers(0, 3, 600), ("",) * 600, ())
    before = model.predict(images.pixels[..., np.newaxis], verbose=0).astype(np.float64)
    targets = random.dirichlet([1, 2, 4], 600)
    temperature = calibrate(model, images, targets if by_class else None)
    sums = np.log(before) - np.log(before).mean(axis=1, keepdims=True)
    if by_class:
        factors, shifts = fit_class_scaling(targets, before)
        sums = sums * factors + shifts
    expected = np.exp(sums / temperature) / np.exp(sums / temperature).sum(axis=1, keepdims=True)
    assert np.abs(expected - before).max() > 0.01
    assert model.predict(images.pixels[..., np.newaxis], verbose=0) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("layers", "by_class"),
    [
        ([keras.layers.Dense(2, activation="relu"), keras.layers.Softmax()], False),
        ([keras.layers.Dense(2), keras.layers.BatchNormalization(), keras.layers.Softmax()], False),
        ([keras.layers.Dense(2, use_bias=False, activation="softmax")], True),
        ([keras.layers.Dense(2), keras.layers.Activation("tanh"), keras.layers.Softmax()], False),
        ([keras.layers.Dense(2), keras.layers.Softmax(), keras.layers.Softmax()], False),
        ([keras.layers.Dense(2, activation="softmax"), keras.layers.Softmax()], False),
        ([keras.layers.Reshape((1, 1, 1)), keras.layers.ZeroPadding2D(((0, 1), (0, 0))), keras.layers.Conv2D(1, 1),
          keras.layers.Flatten(), keras.layers.Softmax()], False),
    ],
)  # fmt: skip
def test_sums_that_can_t_be_scaled_are_refused(layers: list[keras.Layer], by_class: bool) -> None:
    model, images = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), *layers]), _images(1000)
    before = model.get_weights()
    with pytest.raises(UserError, match="can't be calibrated so: its softmax gets its sums from the layer"):
        calibrate(model, images, np.eye(2)[images.labels] if by_class else None)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(("share", "happy"), [("0", 200), ("1", 1000)])
def test_each_class_is_scaled_towards_labels_or_votes(
    share: str, happy: int, bundle_copy: Path, home: Path, tmp_path: Path
) -> None:
    """Folders call 200 of 1,400 pictures of noise happy, taggers 1,000: the mean answer follows whom it is told to."""
    made, faces = load_bundle(bundle_copy), tmp_path / "faces"
    counts = {part: dict.fromkeys(made.card.classes, number) for part, number in (("train", 1), ("validation", 200))}
    data = open_dataset(write_faces(faces, counts, size=48))
    calm = [path for path in data.part("validation").paths if "happy" not in path][:800]
    sure = ",".join(str(10 * (column == "happiness")) for column in COLUMNS)
    lines = [",".join(["file", *COLUMNS]), *(f"{path},{sure}" for path in calm)]
    (tmp_path / "votes.csv").write_text("\n".join(lines), encoding="utf-8")
    attach_votes(data, tmp_path / "votes.csv")
    done = CliRunner().invoke(main, ["calibrate", "tiny", "--data", str(faces), "--by-class", share, "--json"])
    assert done.exit_code == 0, done.output
    again = load_bundle(bundle_copy)
    assert again.card.training["by_class"] == float(share) and again.card.training["epochs"] == 2
    assert again.card.measured["protocol"].endswith("classes scaled on these images")
    temperature = again.card.measured["temperature"] / made.card.measured["temperature"]
    answers = Classifier(again).predict(data.load("validation", (48, 48)).pixels)
    # Where the targets are likeliest, their mean is the mean answer: C. Bishop, "Pattern Recognition", 4.3.
    expected = with_temperature(answers, 1 / temperature)[:, again.card.classes.index("happy")].mean()
    assert expected == pytest.approx(happy / 1400, abs=0.02)


@pytest.mark.parametrize(
    ("sad", "share", "says"),
    [
        (699, "0", "To scale 7 classes 1400 validation images are needed, or chance would move them"),
        (700, "0", "no validation images of some of the model's classes"),
        (700, "0.5", "has no FER+ votes"),
    ],
)
def test_too_few_images_scale_no_class(
    sad: int, share: str, says: str, bundle_copy: Path, home: Path, tmp_path: Path
) -> None:
    counts = {"train": {"happy": 1, "sad": 1}, "validation": {"happy": 700, "sad": sad}}
    data, before = write_faces(tmp_path / "data", counts), (bundle_copy / "model.weights.h5").read_bytes()
    done = CliRunner().invoke(main, ["calibrate", "tiny", "--data", str(data), "--by-class", share])
    assert done.exit_code == 2 and says in done.stderr
    assert (bundle_copy / "model.weights.h5").read_bytes() == before


def test_heads_go_on_with_a_bundle_that_was_calibrated(bundle_copy: Path, home: Path, tmp_path: Path) -> None:
    glasses = open_dataset(write_faces(tmp_path / "glasses", {"train": {"on": 20, "off": 20}}, size=48))
    head, _report = fit_head(Classifier(load_bundle(bundle_copy)), glasses, "glasses")
    card = json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    card["measured"]["temperature"] = "1.2"  # Somebody wrote it by hand.
    (bundle_copy / "card.json").write_text(json.dumps(card), encoding="utf-8")
    faces = np.random.default_rng(0).integers(0, 256, (20, 48, 48), np.uint8)
    before = Classifier(load_bundle(head)).predict(faces)
    data = open_dataset(write_faces(tmp_path / "data", {"train": {"happy": 1}, "validation": {"happy": 210}}, size=48))
    made = calibrate_bundle(load_bundle(bundle_copy), data)
    assert made.card.measured["temperature"] != 1 and made.card.measured["dataset"] == data.title
    assert Classifier(load_bundle(head)).predict(faces) == pytest.approx(before, abs=1e-6)


def test_heads_on_the_sums_themselves_are_not_told(home: Path, tmp_path: Path) -> None:
    """Scaled sums are another embedding: such a head would answer nonsense without a word."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D(), keras.layers.Softmax()]
    model = keras.Sequential([keras.Input((16, 16, 1)), *layers])
    model.save(tmp_path / "sums.keras")
    bundle = import_model_files(tmp_path / "sums.keras", None, ("a", "b"))
    glasses = open_dataset(write_faces(tmp_path / "glasses", {"train": {"on": 20, "off": 20}}, size=16))
    head, _report = fit_head(Classifier(bundle), glasses, "glasses")
    counts = {split: {"a": 120, "b": 120} for split in ("train", "validation")}
    calibrate_bundle(bundle, open_dataset(write_faces(tmp_path / "data", counts, size=16)))
    with pytest.raises(UserError, match="was trained anew"):
        Classifier(load_bundle(head))


def test_drawn_faces_say_nothing_of_a_model_of_real_ones(trained: Path, home: Path) -> None:
    drawn = open_dataset(trained / "datasets" / "sample")
    with pytest.raises(UserError, match="holds drawn faces, and “emotion” reads real ones"):
        calibrate_bundle(find_bundle("emotion"), drawn)


def test_what_ships_is_copied(home: Path, tmp_path: Path) -> None:
    ships = find_bundle("gender")
    before = {path.name: path.read_bytes() for path in ships.path.iterdir()}
    counts = {split: {"female": 120, "male": 120} for split in ("train", "validation")}
    data = open_dataset(write_faces(tmp_path / "data", counts, size=48))
    made = calibrate_bundle(ships, data)
    assert made.path == home / "models" / "gender-2" and made.card.name == "gender-2"
    assert {path.name: path.read_bytes() for path in ships.path.iterdir()} == before


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
