"""A network on its way into a bundle: calibrated, converted, measured. Conversion is all that needs TensorFlow."""

import io
import statistics
from contextlib import redirect_stdout
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import h5py
import keras
import numpy as np

from emotion.cnn.bundle import CARD, NETWORK, TFLITE, WEIGHTS, Bundle, Card, load_bundle
from emotion.cnn.calibration import fit_class_scaling, fit_temperature, reliability
from emotion.cnn.card import FILES, PACKAGES
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, by_votes, evaluate
from emotion.cnn.people import people_figures
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import votes_of
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from emotion.files import sha256, write_json

_LEAST_IMAGES = 200
"""A temperature fitted on fewer would be chance."""
_COMPARED_IMAGES = 256
_LEAST_PACKED = 1000  # Numbers; compressing fewer takes more room than it saves.
_FACES_TIMED = 60
_PASSING = keras.layers.Dropout, keras.layers.GlobalAveragePooling2D, keras.layers.Flatten, keras.layers.Reshape
"""What may stand between the sums and a softmax of its own: scaled sums leave it scaled."""


def versions() -> dict[str, str]:
    """The libraries that a bundle is made with."""
    return {package: version(package) for package in PACKAGES}


def calibrate(model: keras.Model, validation: Images, targets: np.ndarray | None = None) -> float:
    """Make the network as sure as it is right: its last sums are divided by the temperature that fits ``validation``.

    With ``targets`` float (N, K) each class's sums are scaled before, towards them, which may change answers. Both are
    folded into the weights of the last layer. Returns the temperature; 1, and nothing is done, with fewer than 200
    images. Raises UserError where something else than a dense layer or a convolution, which has a bias if classes are
    to be scaled, gives the sums.
    """
    if len(validation.labels) < _LEAST_IMAGES:
        return 1.0
    last, faces = _of_sums(model), validation.pixels[..., np.newaxis]
    if targets is not None:
        _scale_classes(last, *fit_class_scaling(targets, model.predict(faces, batch_size=256, verbose=0)))
    temperature = fit_temperature(validation.labels, model.predict(faces, batch_size=256, verbose=0))
    last.set_weights([weights / temperature for weights in last.get_weights()])
    return temperature


def _scale_classes(last: keras.Layer, factors: np.ndarray, shifts: np.ndarray) -> None:
    """Take the mean over the classes, to which the softmax is blind, off a layer's sums; then scale and shift these."""
    if not last.use_bias:
        raise _not_so(last)
    kernel, bias = (factors * (weights - weights.mean(axis=-1, keepdims=True)) for weights in last.get_weights())
    last.set_weights([kernel, bias + shifts])


def _of_sums(model: keras.Model) -> keras.Layer:
    """The layer with the weights of the sums that the network's softmax takes."""
    *layers, end = model.layers
    own_softmax = isinstance(end, keras.layers.Softmax) or _has(end, "softmax", keras.layers.Activation)
    last = next(layer for layer in reversed(layers) if not isinstance(layer, _PASSING)) if own_softmax else end
    fits = _has(last, "linear" if own_softmax else "softmax", keras.layers.Dense, keras.layers.Conv2D)
    if not fits or last.kernel.shape[-1] != model.output_shape[-1]:
        raise _not_so(last)
    return last


def _has(layer: keras.Layer, activation: str, *kinds: Any) -> bool:
    return isinstance(layer, kinds) and layer.activation is keras.activations.get(activation)


def _not_so(layer: keras.Layer) -> UserError:
    return UserError(
        "This network can't be calibrated so: its softmax gets its sums from the layer {layer}; expected a dense layer "
        "or a convolution with an output for each class, a bias, and no other activation.",
        layer=layer.name,
    )


def can_convert() -> bool:
    """Whether a bundle can be made with the Keras backend of this process."""
    return keras.backend.backend() == "tensorflow"


def to_tflite(model: keras.Model) -> bytes:
    """The network as a dynamic-range quantised TFLite file with two named outputs, probabilities and embedding.

    Raises UserError on another Keras backend than TensorFlow.
    """
    if not can_convert():
        raise UserError(
            "A model bundle is made with TensorFlow, but Keras runs on {backend} here. Set KERAS_BACKEND=tensorflow "
            "and publish the run again.",
            backend=keras.backend.backend(),
        )
    import tensorflow as tf

    outputs = {"probabilities": model.outputs[0], "embedding": model.get_layer("embedding").output}
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(model.inputs, outputs))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    with redirect_stdout(io.StringIO()):  # Keras lists every variable.
        return converter.convert()


def write_network(folder: Path, model: keras.Model) -> dict[str, str]:
    """Write a bundle's files but for the card into ``folder``; returns their SHA-256, as the card holds them."""
    (folder / NETWORK).write_text(model.to_json(), encoding="utf-8")
    model.save_weights(folder / WEIGHTS)
    _pack(folder / WEIGHTS)
    (folder / TFLITE).write_bytes(to_tflite(model))
    return {file: sha256(folder / file) for file in FILES}


def _pack(weights: Path) -> None:
    """Compress an HDF5 file's arrays, without loss: a tenth smaller."""
    loose = weights.rename(weights.with_suffix(".loose"))
    with h5py.File(loose) as old, h5py.File(weights, "w") as new:

        def copy(name: str, node: h5py.Group | h5py.Dataset) -> None:
            if isinstance(node, h5py.Group):
                made = new.require_group(name)
            elif node.size < _LEAST_PACKED:
                made = new.create_dataset(name, data=node[...])
            else:
                made = new.create_dataset(name, data=node[...], compression="gzip", shuffle=True)
            made.attrs.update(node.attrs)

        old.visititems(copy)
        new.attrs.update(old.attrs)
    loose.unlink()


def write_card(folder: Path, card: Card, model: keras.Model, dataset: Dataset, temperature: float) -> Bundle:
    """Measure the bundle in ``folder`` on the dataset's validation split, write its card, and open it."""
    write_json(folder / CARD, card.to_json())
    classifier = Classifier(load_bundle(folder))
    figures = measure(classifier, dataset)
    figures["measured"]["temperature"] = round(temperature, 4)
    spec = card.input
    faces = dataset.load("validation", (spec.height, spec.width)).pixels[:_COMPARED_IMAGES]
    difference = {"largest_difference": largest_difference(model, classifier, faces)}
    write_json(folder / CARD, card.to_json() | figures | difference)
    return load_bundle(folder)


def measure(classifier: Classifier, dataset: Dataset) -> dict[str, Any]:
    """The card's ``metrics`` and ``measured`` for a bundle on the validation split, as JSON values."""
    found = evaluate(classifier, dataset, "validation")
    on_these = classifier.bundle.card.training.get("by_class_on") == dataset.title
    measured = {
        "split": found.split,
        "dataset": dataset.title,
        "protocol": "one crop, no test-time augmentation" + "; classes scaled on these images" * on_these,
        **_figures(found),
        **people_figures(found, dataset),
        "milliseconds_a_face": milliseconds_a_face(classifier),
    }
    if votes := votes_of(dataset):
        for name, clear in (("by_votes", False), ("by_clear_votes", True)):
            if (votes.majority(found.classes, clear)[found.rows] >= 0).any():
                measured[name] = _figures(by_votes(found, votes, clear))
    return {"metrics": [asdict(found.accuracy)], "measured": measured}


def _figures(found: Evaluation) -> dict[str, Any]:
    return {
        "accuracy": asdict(found.accuracy),
        "recall": {key: round(value, 4) for key, value in found.recall.items() if np.isfinite(value)},
        "calibration_error": round(reliability(found.labels, found.probabilities).expected_error, 4),
    }


def milliseconds_a_face(classifier: Classifier) -> float:
    """The median time of an answer for one face on one core, in milliseconds; on this computer, as busy as it is."""
    spec = classifier.bundle.card.input
    face = np.random.default_rng(0).integers(0, 256, (1, spec.height, spec.width), np.uint8)
    times = []
    for _ in range(_FACES_TIMED):
        started = perf_counter()
        classifier.predict(face)
        times.append(1000 * (perf_counter() - started))
    return round(statistics.median(times), 3)


def largest_difference(model: keras.Model, classifier: Classifier, faces: np.ndarray) -> float:
    """The largest difference of a probability between Keras and TFLite on faces uint8 (N, H, W)."""
    expected = model.predict(faces[..., np.newaxis], verbose=0)
    return float(np.abs(expected - classifier.predict(faces)).max())
