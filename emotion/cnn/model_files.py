"""Networks of other making as model bundles: the course's ``model.json`` and ``.h5`` weights, of Keras 2 or 3."""

import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.cnn.architectures import recognise
from emotion.cnn.bundle import CARD, Bundle, Card, load_bundle
from emotion.cnn.card import InputSpec
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import ARCHITECTURES
from emotion.cnn.evaluation import evaluate
from emotion.cnn.export import probe_faces
from emotion.cnn.formats import SCALINGS, insist_on_names
from emotion.cnn.importing import make_bundle
from emotion.cnn.keras2 import check_hdf5, lists_layers, translate
from emotion.cnn.making import largest_difference, versions, write_network
from emotion.cnn.whole_model import parts_of
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.files import reading, write_json
from emotion.labels import EMOTIONS, GENDERS

_JSON_AT_MOST = 2**24


def import_model_files(
    network: Path,
    weights: Path | None,
    classes: Sequence[str],
    scaling: str = SCALINGS[0],
    name: str = "",
    task: str = "",
    dataset: Dataset | None = None,
) -> Bundle:
    """Make a bundle among the user's models of a network's ``model.json`` and its ``.h5`` weights.

    Without ``weights`` the ``network`` is a whole model in one file, ``.keras`` or ``.h5``, as ``model.save`` wrote it.
    ``classes`` stand in the order of the network's outputs, which the files do not tell: Keras lists folders by the
    alphabet, FER2013's csv has an order of its own. ``scaling`` is one of ``formats.SCALINGS``. With a ``dataset`` of
    these classes the bundle is measured on its validation split. Raises UserError for files that are no such network
    or would run code, for a number of classes that is not the number of outputs, for anything but one gray picture in
    and probabilities out; nothing is left then. One of our own networks, as the course's is, can be trained further.
    """
    if weights is None:
        with parts_of(network) as (inside, arrays):
            return import_model_files(inside, arrays, classes, scaling, name or network.stem, task, dataset)
    insist_on_names(classes)
    if scaling not in SCALINGS:
        raise UserError(
            "Scaling: expected one of {scalings}, found {found}.", scalings=" / ".join(SCALINGS), found=scaling
        )
    model = _load(network, weights, rescale=scaling == SCALINGS[0])
    _insist_on_shapes(model, classes)
    model = recognise(model)  # Then it can be trained further.
    if model.name not in ARCHITECTURES:
        _name_embedding(model)
    name = name or weights.stem.removesuffix(".weights")

    def fill(folder: Path) -> dict[str, Any]:
        card = _card(model, write_network(folder, model), name, tuple(classes), task)
        card["notes"] = f"Imported from {network.name} and {weights.name}; scaling: {scaling}."
        write_json(folder / CARD, card)
        bundle = load_bundle(folder)
        card["largest_difference"] = _insist_on_probabilities(model, bundle)
        if dataset:
            card["metrics"] = [vars(evaluate(Classifier(bundle), dataset, "validation").accuracy)]
        return card

    return make_bundle(name, fill)


def _load(network: Path, weights: Path, rescale: bool) -> keras.Model:
    translated = translate(_json(network), rescale)
    with reading(weights), tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / weights.name
        shutil.copyfile(weights, copy)
        check_hdf5(copy)
        # Keras goes by the name, and people by their own.
        copy = copy.rename(Path(folder) / ("by.h5" if lists_layers(copy) else "by.weights.h5"))
        keras.config.set_dtype_policy("float32")
        try:
            model = keras.models.model_from_json(json.dumps(translated))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise UserError(
                "{file} is no network that Keras can build ({reason}).", file=network.name, reason=_reason(error)
            ) from None
        try:
            with warnings.catch_warnings():  # Of another network's layers it warns first, and raises then.
                warnings.filterwarnings("ignore", "Skipping nested container", UserWarning)
                model.load_weights(copy)
        except (TypeError, ValueError, KeyError, OSError) as error:
            raise UserError(
                "The weights in {weights} are not those of the network in {network} ({reason}). Choose two files that "
                "were saved together.",
                weights=weights.name,
                network=network.name,
                reason=_reason(error),
            ) from None
    return model


def _json(path: Path) -> Any:
    with reading(path):
        if path.stat().st_size > _JSON_AT_MOST:
            raise UserError("{file} is too large for a model.json.", file=path.name)
        data = path.read_bytes()
    try:
        values = json.loads(data.decode("utf-8-sig"))
        # A network that went through json.dumps twice is a text in JSON: a common slip with to_json.
        values = json.loads(values) if isinstance(values, str) else values
        if not isinstance(values, dict):
            raise ValueError("{…} expected")
        return values
    except (ValueError, RecursionError) as error:
        raise UserError(
            "{file} is no model.json ({reason}). Choose the JSON file that Keras' to_json wrote.",
            file=path.name,
            reason=_reason(error),
        ) from None


def _insist_on_shapes(model: keras.Model, classes: Sequence[str]) -> None:
    taken, given = model.input_shape, model.output_shape
    square = isinstance(taken, tuple) and len(taken) == 4 and None not in taken[1:] and taken[1] == taken[2]
    if not square or taken[3] != 1 or taken[1] < 8:
        raise UserError(
            "The network takes {found}; expected square gray pictures of one size, (side, side, 1).", found=taken[1:]
        )
    if not isinstance(given, tuple) or len(given) != 2 or given[1] != len(classes):
        raise UserError(
            "{count} classes were named, but the network has {outputs} outputs. Name one class for each output, in "
            "their order.",
            count=len(classes),
            outputs=given[-1],
        )


def _insist_on_probabilities(model: keras.Model, bundle: Bundle) -> float:
    """Let the network answer; returns the largest difference of a probability between Keras and TFLite."""
    faces = probe_faces(bundle.card.input.height, bundle.card.input.width)
    answers = model.predict(faces[..., np.newaxis], verbose=0)
    if not (np.isfinite(answers).all() and (answers >= 0).all() and np.allclose(answers.sum(axis=1), 1, atol=1e-3)):
        raise UserError(
            "The network's outputs are no probabilities: for a face they should be 0 or more and make 1 together. Its "
            "last layer must be a softmax, and its weights whole."
        )
    return largest_difference(model, Classifier(bundle), faces)


def _name_embedding(model: keras.Model) -> None:
    """Call the layer before the last dense one ``embedding``; where there is none, the one before the last."""
    flat = [
        layer
        for layer in reversed(model.layers)
        if len(layer.output.shape) == 2 and not isinstance(layer, keras.layers.Dropout)
    ]
    head = next((place for place, layer in enumerate(flat) if isinstance(layer, keras.layers.Dense)), 0)
    flat[min(head + 1, len(flat) - 1)].name = "embedding"


def _card(model: keras.Model, files: dict[str, str], name: str, classes: tuple[str, ...], task: str) -> dict[str, Any]:
    return Card(
        name=name,
        task=task or _task(classes) or name,
        classes=classes,
        input=InputSpec(*model.input_shape[1:3]),
        architecture=model.name if model.name in ARCHITECTURES else "imported",
        parameters=model.count_params(),
        dataset="not stated",
        synthetic=False,
        fingerprint={},
        training={},
        metrics=(),
        seed=0,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
        files=files,
        largest_difference=0.0,
        terms="not stated",
    ).to_json()


def _task(classes: tuple[str, ...]) -> str:
    tasks = {"emotion": EMOTIONS, "gender": GENDERS}
    return next((task for task, labels in tasks.items() if set(classes) <= {label.key for label in labels}), "")


def _reason(error: Exception) -> str:
    """What an error says in a line; of one that only announces an example, the example."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return (lines[1] if lines[0].endswith(":") and len(lines) > 1 else lines[0])[:200]
