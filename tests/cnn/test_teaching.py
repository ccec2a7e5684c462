"""Teachers, which are real bundles."""

from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.batches import Batches
from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import MILD
from emotion.cnn.targets import one_hot
from emotion.cnn.teaching import Teachers
from emotion.errors import UserError


def test_the_targets_hold_what_the_teacher_says_of_the_very_images_shown(bundle_copy: Path) -> None:
    classifier = Classifier(load_bundle(bundle_copy))
    card = classifier.bundle.card
    turned = card.classes[::-1]
    faces = np.random.default_rng(0).integers(0, 256, (6, card.input.height, card.input.width), np.uint8)
    targets = one_hot(np.arange(6) % len(turned), len(turned))
    weights = np.linspace(0.5, 1.5, 6, dtype=np.float32)
    teachers = Teachers(f"{bundle_copy}, {bundle_copy}", turned, card.input.height)
    made = Batches(faces, targets, 6, 1, MILD, weights, teachers=teachers, taught=0.25)
    shown, mixed, counted = made[0]
    expected = 0.75 * targets + 0.25 * classifier.predict(shown[..., 0])[:, ::-1]
    assert mixed == pytest.approx(expected, abs=1e-6)
    assert counted == pytest.approx(weights)
    assert made.targets == pytest.approx(targets)  # A batch is a copy.


def test_a_teacher_of_something_else_is_refused(bundle_copy: Path) -> None:
    with pytest.raises(UserError, match="can't teach here"):
        Teachers(str(bundle_copy), ("glasses", "no glasses"), 48)
    with pytest.raises(UserError, match="can't teach here"):
        Teachers(str(bundle_copy), load_bundle(bundle_copy).card.classes, 64)
