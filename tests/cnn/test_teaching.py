"""Teachers, which are real bundles."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotion.cnn import training
from emotion.cnn.batches import Batches
from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.checks import cautions, check
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import MILD, TrainConfig
from emotion.cnn.publish import publish_run
from emotion.cnn.runs import Run
from emotion.cnn.targets import one_hot
from emotion.cnn.teaching import Teachers
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from tests.conftest import write_faces


def test_what_targets_lack_is_what_the_teacher_says_of_the_very_images_shown(bundle_copy: Path) -> None:
    classifier = Classifier(load_bundle(bundle_copy))
    card = classifier.bundle.card
    turned = card.classes[::-1]
    faces = np.random.default_rng(0).integers(0, 256, (6, card.input.height, card.input.width), np.uint8)
    shares = np.array([0.75, 0.75, 0.75, 1, 0, 0])[:, np.newaxis]  # The last two have no label.
    targets = (shares * one_hot(np.arange(6) % len(turned), len(turned))).astype(np.float32)
    weights = np.linspace(0.5, 1.5, 6, dtype=np.float32)
    teachers = Teachers(f"{bundle_copy}, {bundle_copy}", turned, card.input.height)
    made = Batches(faces, targets, 6, 1, MILD, weights, teachers=teachers)
    shown, mixed, counted = made[0]
    expected = targets + (1 - shares) * classifier.predict(shown[..., 0])[:, ::-1]
    assert mixed == pytest.approx(expected, abs=1e-6)
    assert counted == pytest.approx(weights)
    assert made.targets == pytest.approx(targets)  # A batch is a copy.


def test_a_teacher_of_something_else_is_refused(bundle_copy: Path) -> None:
    with pytest.raises(UserError, match="can't teach here"):
        Teachers(str(bundle_copy), ("glasses", "no glasses"), 48)
    with pytest.raises(UserError, match="can't teach here"):
        Teachers(str(bundle_copy), load_bundle(bundle_copy).card.classes, 64)


def test_the_targets_of_faces_without_labels_are_left_to_the_teacher(small_bundle: Bundle, quick: TrainConfig) -> None:
    config = replace(quick, teachers=str(small_bundle.path), taught=0.25, class_weights=True)
    dataset = open_dataset(quick.data)
    images, strangers = dataset.load("train", (16, 16)), np.full((5, 16, 16), 7, np.uint8)
    made = training._batches(config, dataset, images, strangers, (0, 1))
    known = np.where(images.labels == 0, [[0.75], [0]], [[0], [0.75]]).T
    assert made.targets == pytest.approx(np.concatenate([known, np.zeros((5, 2))]))
    assert (made.pixels[24:] == 7).all() and (made.pixels[:24] == images.pixels).all()
    # Of 16 and 8 images the rare ones count twice as much, the others 1.
    assert made.weights is not None and sorted(set(made.weights[:24].round(3))) == [0.75, 1.5]
    assert (made.weights[24:] == 1).all()


def test_a_run_with_faces_without_labels_notes_them(
    small_bundle: Bundle, quick: TrainConfig, train_here: Callable[[TrainConfig], Run], tmp_path: Path
) -> None:
    more = write_faces(tmp_path / "more", {"train": {"who": 40}, "validation": {"who": 3}})
    about = {"title": "Strangers", "terms": "For this test only."}
    (more / "dataset.json").write_text(json.dumps(about), encoding="utf-8")
    taught = replace(quick, teachers=str(small_bundle.path))
    alone, both = train_here(taught), train_here(replace(taught, unlabelled=str(more)))
    # 24 images and 40 faces in batches of 8, validated on the same 8.
    assert [run.status().steps for run in (alone, both)] == [3, 8]
    assert both.setting()["images"] == {"train": 24, "validation": 8} and "unlabelled" not in alone.setting()
    noted = both.setting()["unlabelled"]
    assert (noted["title"], noted["images"], noted["counts"]) == ("Strangers", 40, {"train": 40, "validation": 3})
    card = load_bundle(publish_run(both, open_dataset(quick.data))).card
    assert card.training["unlabelled"] == "more"
    assert card.training["unlabelled_data"] == noted
    assert card.terms.endswith(" · Faces without labels, of Strangers: For this test only.")


def test_faces_without_labels_want_a_teacher(quick: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Choose a teacher"):
        replace(quick, unlabelled=str(tmp_path))
    with pytest.raises(UserError, match="is no folder"):
        check(replace(quick, teachers="emotion", unlabelled=str(tmp_path / "gone")), open_dataset(quick.data))
    with pytest.raises(UserError, match="already"):
        check(replace(quick, teachers="emotion", unlabelled=quick.data), open_dataset(quick.data))


def test_they_count_among_the_images_of_an_epoch(quick: TrainConfig, tmp_path: Path) -> None:
    dataset, few = open_dataset(quick.data), replace(quick, batch_size=32, teachers="emotion")
    assert "single step" in cautions(few, dataset)[0].template
    more = write_faces(tmp_path / "more", {"train": {"who": 9}, "validation": {"who": 1}})
    assert "single step" not in cautions(replace(few, unlabelled=str(more)), dataset)[0].template
