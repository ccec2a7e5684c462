"""From a run's best weights to a float32 model bundle. TFLite conversion is the one place that needs TensorFlow."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.cnn.architectures import build
from emotion.cnn.bundle import CARD, NETWORK, TFLITE, WEIGHTS, Bundle, Card, load_bundle
from emotion.cnn.card import FILES, InputSpec
from emotion.cnn.checks import insist_on_same_classes
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import task_of
from emotion.cnn.evaluation import evaluate
from emotion.cnn.history import own_bundle
from emotion.cnn.importing import free_bundle_folder
from emotion.cnn.runs import Run
from emotion.cnn.workers import insist_on_rest_and_weights, insist_on_weights, one_at_a_time
from emotion.dataset.folder import Dataset, open_dataset
from emotion.files import folder_in_the_making, hidden_name, replace_folder, sha256, write_json
from emotion.homes import user_models_folder

_COMPARED_IMAGES = 256
_PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "opencv-python-headless")
log = logging.getLogger(__name__)


def publish_run(run: Run, dataset: Dataset) -> Path:
    """Make the bundle of a run from its best weights, measured on the dataset's validation split.

    Returns the bundle's folder. A run published before keeps its name; a name that is taken gets a number. Raises
    UserError where the run has finished no epoch, and where the dataset has other classes by now.
    """
    insist_on_weights(run)
    insist_on_same_classes(run.classes, dataset)
    made = hidden_name(user_models_folder() / run.config().name)
    with folder_in_the_making(made) as folder:
        card = _make(run, dataset, folder)
    final = _settle(run, made, card)
    accuracy = card["metrics"][0]
    log.info("bundle %s: accuracy %.4f on %d images of validation", final.name, accuracy["value"], accuracy["n"])
    return final


def _make(run: Run, dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Fill the folder with the bundle, measure it, and return its card."""
    model = _float32_model(run, len(dataset.classes))
    (folder / NETWORK).write_text(model.to_json(), encoding="utf-8")
    model.save_weights(folder / WEIGHTS)
    (folder / TFLITE).write_bytes(to_tflite(model))
    card = _card(run, dataset, model, folder)
    write_json(folder / CARD, card)
    bundle = load_bundle(folder)
    card["metrics"] = [vars(evaluate(Classifier(bundle), dataset, "validation").accuracy)]
    card["largest_difference"] = _largest_difference(model, bundle, dataset)
    return card


def _settle(run: Run, made: Path, card: dict[str, Any]) -> Path:
    """Give the bundle its name and its place, and tell the run.

    Only now, and by one process at a time: two that end together would take the same name.
    """
    with one_at_a_time():
        final = own_bundle(run) or free_bundle_folder(run.config().name)
        write_json(made / CARD, {**card, "name": final.name})
        replace_folder(made, final)
        run.write_status(replace(run.status(), bundle=str(final)))
    return final


def publish_best(run: Run) -> Path:
    """``publish_run`` for a run that is not finished: a bundle of what is best so far. UserError while it is at it."""
    insist_on_rest_and_weights(run)
    return publish_run(run, open_dataset(run.config().data))


def to_tflite(model: keras.Model) -> bytes:
    """The network as a dynamic-range quantised TFLite file with two named outputs, probabilities and embedding."""
    import tensorflow as tf

    outputs = {"probabilities": model.outputs[0], "embedding": model.get_layer("embedding").output}
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(model.inputs, outputs))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def _float32_model(run: Run, classes: int) -> keras.Model:
    """The network under the float32 policy and uncompiled: mixed precision does not convert to TFLite."""
    config = run.config()
    keras.config.set_dtype_policy("float32")
    model = build(config.architecture, classes, config.size)
    model.load_weights(run.path / "best.weights.h5")
    return model


def _card(run: Run, dataset: Dataset, model: keras.Model, folder: Path) -> dict[str, Any]:
    config = run.config()
    setting = {"fingerprint": {}, "images": {}, "precision": ""} | run.setting()
    return Card(
        name=config.name,
        task=config.task or task_of(dataset),
        classes=dataset.classes,
        input=InputSpec(config.size, config.size),
        architecture=config.architecture,
        parameters=model.count_params(),
        dataset=dataset.title,
        synthetic=dataset.synthetic,
        fingerprint=setting["fingerprint"],
        training={**config.to_json(), "data": dataset.title, "split": "train", "precision": setting["precision"]}
        # Names, no paths: a bundle goes to other people.
        | {"start_from": Path(config.start_from).name, "counts": setting["images"], "curve": run.metrics()}
        | {"run": run.name},
        metrics=(),
        seed=config.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={package: version(package) for package in _PACKAGES},
        files={file: sha256(folder / file) for file in FILES},
        largest_difference=0.0,
        terms=dataset.terms,
        notes=run.notes().strip(),
    ).to_json()


def _largest_difference(model: keras.Model, bundle: Bundle, dataset: Dataset) -> float:
    """The largest difference of a probability between Keras and TFLite on images of validation."""
    spec = bundle.card.input
    faces = dataset.load("validation", (spec.height, spec.width)).pixels[:_COMPARED_IMAGES]
    expected = model.predict(faces[..., np.newaxis], verbose=0)
    return float(np.abs(expected - Classifier(bundle).predict(faces)).max())
