"""Shares, intervals and confusion."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score, top_k_accuracy_score

from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import (
    Evaluation,
    by_votes,
    evaluate,
    on_all_cores,
    roc,
    wilson_interval,
    without_training_copies,
)
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, Votes
from emotion.errors import UserError
from emotion.files import read_image, write_image
from emotion.jobs import Cancelled
from tests.conftest import write_faces


def evaluation(labels: list[int], probabilities: list[list[float]]) -> Evaluation:
    keys = ("a", "b", "c")
    return Evaluation(keys, "test", np.arange(len(labels)), np.array(labels), np.array(probabilities, np.float32))


A, B, C = [0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.1, 0.4, 0.5]


@pytest.fixture(scope="module")
def classifier(trained: Path) -> Classifier:
    return Classifier(load_bundle(trained / "models" / "tiny"))


@pytest.fixture(scope="module")
def noisy() -> Evaluation:
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 400)
    scores = random.random((400, 3)) + 0.5 * np.eye(3)[labels]
    return evaluation(labels.tolist(), (scores / scores.sum(axis=1, keepdims=True)).tolist())


# Newcombe 1998, Statistics in Medicine 17, table I, method 3 (the score interval without continuity correction).
@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(right: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=5e-5)


def test_no_interval_leaves_the_shares() -> None:
    for n in range(1, 400):
        assert wilson_interval(0, n)[0] >= 0 and wilson_interval(n, n)[1] <= 1


def test_figures_by_hand() -> None:
    found = evaluation([0, 0, 0, 0, 1, 1, 1, 1], [A, A, A, B, B, B, C, C])
    assert found.confusion.tolist() == [[3, 1, 0], [0, 2, 2], [0, 0, 0]]
    assert found.accuracy.value == 5 / 8 and found.accuracy.n == 8
    assert found.worst_confusion == (1, 2) and found.take(np.arange(3)).worst_confusion == (0, 0)
    assert found.top_2.value == 1  # Class a stands second in B, class b in C.
    assert found.recall["a"] == 0.75 and found.recall["b"] == 0.5 and np.isnan(found.recall["c"])
    assert found.precision == {"a": 1, "b": 2 / 3, "c": 0}
    assert found.f1 == pytest.approx({"a": 6 / 7, "b": 4 / 7, "c": 0})
    assert found.macro_f1 == pytest.approx((6 / 7 + 4 / 7) / 3)
    assert found.row_shares[:2].tolist() == [[0.75, 0.25, 0], [0, 0.5, 0.5]] and np.isnan(found.row_shares[2]).all()


def test_figures_as_scikit_learn_has_them(noisy: Evaluation) -> None:
    precision, recall, f1, _ = precision_recall_fscore_support(noisy.labels, noisy.answers)
    assert list(noisy.precision.values()) == pytest.approx(precision.tolist())
    assert list(noisy.recall.values()) == pytest.approx(recall.tolist())
    assert list(noisy.f1.values()) == pytest.approx(f1.tolist()) and noisy.macro_f1 == pytest.approx(f1.mean())
    assert noisy.top_2.value == pytest.approx(top_k_accuracy_score(noisy.labels, noisy.probabilities, k=2))


def test_the_area_under_a_curve_is_the_share_of_pairs_in_order(noisy: Evaluation) -> None:
    for position, curve in enumerate(roc(noisy)):
        scores = noisy.probabilities[:, position]
        own, others = scores[noisy.labels == position], scores[noisy.labels != position]
        assert curve.area == pytest.approx((own[:, None] > others).mean() + (own[:, None] == others).mean() / 2)
        assert curve.false_positive[0] == 0 and curve.true_positive[-1] == 1
    areas = [curve.area for curve in roc(noisy)]
    expected = roc_auc_score(noisy.labels, noisy.probabilities, multi_class="ovr", average="macro")
    assert np.mean(areas) == pytest.approx(expected, abs=1e-6)


def test_a_class_without_others_has_no_curve() -> None:
    areas = [curve.area for curve in roc(evaluation([0, 0], [A, B]))]
    assert np.isnan(areas).all()


def test_a_cell_s_images_come_most_confident_first() -> None:
    found = evaluation([0, 0, 0, 1], [[0.4, 0.5, 0.1], [0.1, 0.8, 0.1], A, B])
    assert found.cell(0, 1).tolist() == [1, 0] and found.cell(2, 2).tolist() == []


def test_evaluate_counts_every_image(trained: Path, classifier: Classifier) -> None:
    dataset, told = open_dataset(trained / "datasets" / "sample"), []
    found = evaluate(classifier, dataset, "validation", lambda *done: told.append(done))
    assert found.confusion.sum(axis=1).tolist() == [3] * 7 and told[-1] == (21, 21)
    assert found.accuracy.value == classifier.bundle.card.metrics[0].value
    images = [read_image(dataset.root / dataset.everything.paths[row], gray=True) for row in found.rows]
    assert np.array_equal(classifier.predict(np.array(images)), found.probabilities)
    assert dataset.everything.labels[found.rows].tolist() == found.labels.tolist()


def test_many_images_are_asked_in_order_and_can_be_cancelled(classifier: Classifier) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (80, 48, 48), np.uint8)  # Two batches.
    assert np.array_equal(on_all_cores(classifier.predict, faces), classifier.predict(faces))

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        on_all_cores(classifier.embed, faces, cancel)


def test_classes_in_another_order_are_told_apart_by_name(trained: Path, classifier: Classifier) -> None:
    dataset, bundle = open_dataset(trained / "datasets" / "sample"), classifier.bundle
    turned = Bundle(bundle.path, replace(bundle.card, classes=bundle.card.classes[::-1]))
    found = evaluate(Classifier(turned), dataset, "validation")
    assert [found.classes[label] for label in found.labels] == [
        dataset.classes[label] for label in dataset.everything.labels[found.rows]
    ]


def test_another_task_s_dataset_is_refused(classifier: Classifier, tmp_path: Path) -> None:
    write_faces(tmp_path, {"test": {"glasses": 1, "none": 1}})
    with pytest.raises(UserError, match="glasses, none"):
        evaluate(classifier, open_dataset(tmp_path), "test")


def test_copies_of_training_images_can_be_left_out(classifier: Classifier, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "얼굴", {"train": {"happy": 3}, "test": {"sad": 2, "happy": 1}})
    # The same pixels, compressed otherwise, under another label.
    write_image(data / "test" / "sad" / "copy.bmp", read_image(data / "train" / "happy" / "000.png", gray=True))
    dataset = open_dataset(data)
    found = evaluate(classifier, dataset, "test")
    left = without_training_copies(found, dataset)
    assert sorted({*found.rows} - {*left.rows}) == [dataset.everything.paths.index("test/sad/copy.bmp")]
    assert left.n == len(left.labels) == len(left.probabilities) == found.n - 1
    with pytest.raises(UserError, match="No image of train is left"):
        without_training_copies(evaluate(classifier, dataset, "train"), dataset)


def test_the_majority_s_labels_instead_of_the_folder_s() -> None:
    counts = np.zeros((4, len(COLUMNS)), np.int16)
    counts[1, COLUMNS.index("happiness")] = 8
    counts[2, [COLUMNS.index("sadness"), COLUMNS.index("anger")]] = 5  # Nobody knows.
    counts[3, COLUMNS.index("sadness")] = 9
    found = replace(evaluation([0, 1, 1], [A, B, C]), classes=("angry", "happy", "sad"), rows=np.array([1, 2, 3]))
    judged = by_votes(found, Votes(counts))
    assert judged.rows.tolist() == [1, 3] and judged.labels.tolist() == [1, 2]
    assert judged.accuracy.value == 0.5  # A says angry, C says sad.
    counts[3, COLUMNS.index("neutral")] = 8  # The most still, but not more than half: of 9 + 8 + 1.
    counts[3, COLUMNS.index("NF")] = 1
    assert by_votes(found, Votes(counts)).rows.tolist() == [1, 3]
    assert by_votes(found, Votes(counts), clear=True).rows.tolist() == [1]
    with pytest.raises(UserError, match="No image of test is left"):
        by_votes(found, Votes(np.zeros_like(counts)))
