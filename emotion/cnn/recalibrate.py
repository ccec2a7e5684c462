"""Calibration of a whole bundle, after it was made."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from emotion.cnn.bundle import CARD, TFLITE, Bundle, load_bundle, scan_bundles
from emotion.cnn.checks import insist_on_enough_to_scale
from emotion.cnn.classifier import Classifier
from emotion.cnn.edited import is_number
from emotion.cnn.evaluation import outputs_of
from emotion.cnn.importing import free_bundle_folder, place_bundle
from emotion.cnn.making import calibrate, versions, write_card, write_network
from emotion.cnn.targets import soft_targets, usable_votes
from emotion.cnn.workers import one_at_a_time
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from emotion.files import folder_in_the_making, hidden_name, write_json, writing
from emotion.homes import user_models_folder


def calibrate_bundle(bundle: Bundle, dataset: Dataset, by_class: float | None = None) -> Bundle:
    """Fit a bundle's temperature anew, measure it, and put the result in its place; what is not the user's gets a copy.

    On the dataset's validation split, which should be none that it was trained on. ``by_class``, 0 to 1, scales each
    class before, towards the labels with so large a share of FER+ votes (``calibration.fit_class_scaling``): answers
    change. Heads that read the bundle's embedding are told of its new file, where that is still the same. UserError for
    a head bundle, which has no network of its own, for other classes, for drawn faces where it learned real ones, too
    few images to scale classes by, and where votes are asked for and the dataset has none.
    """
    from emotion.cnn.export import load_network  # Every worker would load ONNX.

    if dataset.synthetic and not bundle.card.synthetic:
        raise UserError(
            "{title} holds drawn faces, and “{model}” reads real ones: its figures would mean nothing. Calibrate it on "
            "photos.",
            title=dataset.title,
            model=bundle.card.name,
        )
    before = Classifier(bundle)  # The files may be replaced below.
    card, model = bundle.card, load_network(bundle)
    outputs = outputs_of(dataset, card)
    made = hidden_name(user_models_folder() / card.name)
    with folder_in_the_making(made) as folder:
        temperature = calibrate_network(model, dataset, outputs, by_class)
        stated = card.measured.get("temperature")
        temperature *= stated if is_number(stated) else 1.0
        training = card.training | scaled(by_class, dataset)
        card = replace(card, files=write_network(folder, model), training=training, versions=versions())
        card = write_card(folder, card, model, dataset, temperature).card
    with one_at_a_time():
        own = bundle.path.parent == user_models_folder().resolve()
        final = place_bundle(made, bundle.path if own else free_bundle_folder(card.name), card.to_json())
    again = load_bundle(final)
    if own and _embed_alike(before, again):
        _rebase_heads(bundle.network_digest, again.network_digest)
    return again


def scaled(by_class: float | None, dataset: Dataset) -> dict[str, Any]:
    """What a card's ``training`` says of it."""
    return {} if by_class is None else {"by_class": by_class, "by_class_on": dataset.title}


def calibrate_network(model: keras.Model, dataset: Dataset, outputs: np.ndarray, by_class: float | None) -> float:
    """``making.calibrate`` for a network with the ``outputs`` int64 (K,) for the dataset's classes."""
    validation = dataset.load("validation", model.input_shape[1:3])
    targets = None if by_class is None else _targets(dataset, validation, outputs, model.output_shape[-1], by_class)
    return calibrate(model, replace(validation, labels=outputs[validation.labels]), targets)


def _targets(dataset: Dataset, validation: Images, outputs: np.ndarray, classes: int, share: float) -> np.ndarray:
    """What to scale each class by, float32 (N, classes); UserError where that is too little."""
    insist_on_enough_to_scale(dataset, classes, share)
    counts = usable_votes(dataset, validation) if share else None
    targets = np.zeros((len(validation.labels), classes), np.float32)
    targets[:, outputs] = soft_targets(validation.labels, len(outputs), counts=counts, share=share)
    if not targets.any(axis=0).all():
        raise UserError(
            "{root} has no validation images of some of the model's classes, so they can't be scaled. Calibrate "
            "without scaling each class, or on a dataset with images of all of them.",
            root=dataset.root,
        )
    return targets


def _embed_alike(before: Classifier, now: Bundle) -> bool:
    """Whether the embedding is the same: of a network whose last layers hold no weights it is the sums themselves."""
    spec = now.card.input
    faces = np.random.default_rng(0).integers(0, 256, (8, spec.height, spec.width), np.uint8)
    return np.allclose(before.embed(faces), Classifier(now).embed(faces), rtol=1e-4, atol=1e-5)


def _rebase_heads(before: str, now: str) -> None:
    """Tell the user's heads that the network with the SHA-256 ``before`` has ``now``, unless there is another copy."""
    bundles = scan_bundles()[0]
    if any(bundle.card.files.get(TFLITE) == before for bundle in bundles):
        return
    for bundle in bundles:
        if bundle.card.base.get("sha256") == before:
            with writing(bundle.path):
                write_json(bundle.path / CARD, bundle.card.to_json() | {"base": bundle.card.base | {"sha256": now}})
