"""Shares, intervals and confusion."""

from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, evaluate, wilson_interval
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from tests.conftest import write_faces


# Newcombe 1998, Statistics in Medicine 17, table I, method 3 (the score interval without continuity correction).
@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(right: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=5e-5)


def test_accuracy_and_recall_by_hand() -> None:
    found = Evaluation(("a", "b", "c"), "test", np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]]))
    assert found.accuracy.value == 5 / 8 and found.accuracy.n == 8
    assert found.recall["a"] == 0.75 and found.recall["b"] == 0.5 and np.isnan(found.recall["c"])


def test_evaluate_counts_every_image(trained: Path) -> None:
    classifier = Classifier(load_bundle(trained / "models" / "tiny"))
    dataset = open_dataset(trained / "datasets" / "sample")
    found = evaluate(classifier, dataset, "validation")
    assert found.confusion.sum(axis=1).tolist() == [3] * 7
    assert found.accuracy.value == classifier.bundle.card.metrics[0].value


def test_another_task_s_dataset_is_refused(trained: Path, tmp_path: Path) -> None:
    classifier = Classifier(load_bundle(trained / "models" / "tiny"))
    write_faces(tmp_path, {"test": {"glasses": 1, "none": 1}})
    with pytest.raises(UserError, match="glasses, none"):
        evaluate(classifier, open_dataset(tmp_path), "test")
