"""LiteRT's answers against Keras' own."""

import json
import shutil
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import open_dataset


@pytest.fixture(scope="module")
def classifier(trained: Path) -> Classifier:
    return Classifier(load_bundle(trained / "models" / "tiny"))


@pytest.fixture(scope="module")
def faces(trained: Path) -> np.ndarray:
    return open_dataset(trained / "datasets" / "sample").load("train").pixels


def test_it_answers_as_keras_does(trained: Path, classifier: Classifier, faces: np.ndarray) -> None:
    folder = trained / "models" / "tiny"
    model = keras.models.model_from_json((folder / "model.json").read_text(encoding="utf-8"))
    model.load_weights(folder / "model.weights.h5")
    expected = model.predict(faces[..., np.newaxis], verbose=0)
    found = classifier.predict(faces)
    assert found.dtype == np.float32 and found.shape == (len(faces), 7)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-3)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert np.abs(found - expected).max() < max(2 * card["largest_difference"], 1e-3)
    # The very weights of the best epoch went into the bundle.
    best = np.abs(model.get_weights()[0]).sum()
    model.load_weights(next((trained / "runs").iterdir()) / "best.weights.h5")
    assert np.abs(model.get_weights()[0]).sum() == best


def test_embeddings_and_empty_batches(classifier: Classifier, faces: np.ndarray) -> None:
    assert classifier.embed(faces[:5]).shape == (5, 128)
    assert classifier.predict(faces[:0]).shape == (0, 7)
    assert classifier.embed(faces[:0]).shape == (0, 128)


def test_one_face_or_many_makes_no_difference(classifier: Classifier, faces: np.ndarray) -> None:
    alone = np.concatenate([classifier.predict(face[np.newaxis]) for face in faces[:70]])
    assert np.abs(alone - classifier.predict(faces[:70])).max() < 0.02  # Activations are quantised batch by batch.


def test_threads_do_not_disturb_each_other(classifier: Classifier, faces: np.ndarray) -> None:
    expected, wrong = classifier.predict(faces[:8]), []

    def ask() -> None:
        for _ in range(20):
            if not np.array_equal(classifier.predict(faces[:8]), expected):
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    "faces", [np.zeros((1, 48, 48)), np.zeros((1, 47, 48), np.uint8), np.zeros((48, 48), np.uint8)]
)
def test_anything_but_gray_bytes_of_the_right_size_is_refused(classifier: Classifier, faces: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        classifier.predict(faces)


def test_it_goes_on_when_its_bundle_is_deleted(bundle_copy: Path) -> None:
    classifier, face, answers = Classifier(load_bundle(bundle_copy)), np.zeros((1, 48, 48), np.uint8), []
    shutil.rmtree(bundle_copy)
    thread = threading.Thread(target=lambda: answers.append(classifier.predict(face)))  # A thread that never asked.
    thread.start()
    thread.join()
    assert np.array_equal(answers[0], classifier.predict(face))
