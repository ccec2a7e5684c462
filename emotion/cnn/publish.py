"""From a run's best weights to a float32 model bundle."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.cnn.architectures import build, take_weights
from emotion.cnn.bundle import Card
from emotion.cnn.callbacks import Confusion
from emotion.cnn.card import InputSpec
from emotion.cnn.checks import insist_on_same_classes
from emotion.cnn.config import task_of
from emotion.cnn.engine import Engine
from emotion.cnn.history import own_bundle
from emotion.cnn.importing import free_bundle_folder, place_bundle
from emotion.cnn.making import versions, write_card, write_network
from emotion.cnn.origin import find_origin
from emotion.cnn.recalibrate import calibrate_network, scaled
from emotion.cnn.runs import Run
from emotion.cnn.state import load_newest
from emotion.cnn.training import compiled
from emotion.cnn.workers import insist_on_rest_and_weights, insist_on_weights, one_at_a_time
from emotion.dataset.folder import Dataset, open_dataset
from emotion.errors import UserError
from emotion.files import folder_in_the_making, hidden_name, sha256
from emotion.homes import user_models_folder

log = logging.getLogger(__name__)


def publish_run(run: Run, dataset: Dataset, averaged: str = "", by_class: float | None = None) -> Path:
    """Make the bundle of a run from its best weights, measured on the dataset's validation split.

    ``averaged``: from the mean of its best epoch's weights and those of its ``newest`` epoch, which is often better
    than either (P. Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI 2018), or
    of the ``start`` (M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). ``by_class``: with each
    class scaled, as ``recalibrate.calibrate_bundle`` has it. Returns the bundle's folder. A run published before keeps
    its name; a name that is taken gets a number. Raises UserError where the run has finished no epoch, kept no state of
    it or had no start to average, and where the dataset has other classes by now or lacks the votes that are asked for.
    """
    insist_on_weights(run)
    insist_on_same_classes(run.classes, dataset)
    made = hidden_name(user_models_folder() / run.config().name)
    with folder_in_the_making(made) as folder:
        card = _make(run, dataset, folder, averaged, by_class)
    final = _settle(run, made, card)
    accuracy = card.metrics[0]
    log.info("bundle %s: accuracy %.4f on %d images of validation", final.name, accuracy.value, accuracy.n)
    return final


def _make(run: Run, dataset: Dataset, folder: Path, averaged: str, by_class: float | None) -> Card:
    """Fill the folder with the bundle, calibrated and measured, and return its card."""
    model = _float32_model(run, len(dataset.classes))
    if averaged:
        others = _newest(run, dataset) if averaged == "newest" else _start(run, dataset)
        model.set_weights([(one + other) / 2 for one, other in zip(model.get_weights(), others, strict=True)])
    temperature = calibrate_network(model, dataset, np.arange(len(dataset.classes)), by_class)
    card = _card(run, dataset, model, write_network(folder, model), averaged, by_class)
    return write_card(folder, card, model, dataset, temperature).card


def _settle(run: Run, made: Path, card: Card) -> Path:
    """Give the bundle its name and its place, and tell the run.

    Only now, and by one process at a time: two that end together would take the same name.
    """
    with one_at_a_time():
        own = own_bundle(run)  # Its status may have come from elsewhere, and name a folder that is no model of ours.
        final = own if own and own.parent == user_models_folder() else free_bundle_folder(run.config().name)
        place_bundle(made, final, card.to_json())
        run.write_status(replace(run.status(), bundle=str(final)))
    return final


def publish_best(run: Run, averaged: str = "", by_class: float | None = None) -> Path:
    """``publish_run`` for a run that is not at work: a bundle of what is best so far. UserError while it is at it."""
    insist_on_rest_and_weights(run)
    return publish_run(run, open_dataset(run.config().data), averaged, by_class)


def _float32_model(run: Run, classes: int) -> keras.Model:
    """The network under the float32 policy and uncompiled: mixed precision does not convert to TFLite."""
    config = run.config()
    keras.config.set_dtype_policy("float32")
    model = build(config.architecture, classes, config.size)
    model.load_weights(run.path / "best.weights.h5")
    return model


def _newest(run: Run, dataset: Dataset) -> list[np.ndarray]:
    """The weights that the run's newest epoch was validated with."""
    classes = len(dataset.classes)
    newest = compiled(run.config(), classes, 1, Confusion(classes), Engine())
    load_newest(run, newest)
    return newest.get_weights()


def _start(run: Run, dataset: Dataset) -> list[np.ndarray]:
    """The weights that the run began with; UserError where a part of them was new, or where they have changed since."""
    config = run.config()
    origin = find_origin(config.start_from) if config.start_from else None
    if origin is None or origin.classes != dataset.classes:
        raise UserError(
            "{run} did not begin with the weights of a model of the same classes. Average its best epoch with its "
            "newest one.",
            run=run.name,
        )
    noted = run.setting().get("start_sha256")
    if noted and noted != sha256(origin.weights):
        raise UserError(
            "“{start}” is not any more what {run} began with: it was trained on or calibrated since. Average its best "
            "epoch with its newest one.",
            start=Path(config.start_from).name,
            run=run.name,
        )
    start = build(config.architecture, len(dataset.classes), config.size)
    take_weights(start, origin, dataset.classes)
    return start.get_weights()


def _card(
    run: Run, dataset: Dataset, model: keras.Model, files: dict[str, str], averaged: str, by_class: float | None
) -> Card:
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
        | {
            "start_from": Path(config.start_from).name,
            "teachers": _names(config.teachers),
            "unlabelled": Path(config.unlabelled).name,
            "counts": setting["images"],
            "curve": run.metrics(),
        }
        | {"run": run.name, "averaged": averaged}
        | scaled(by_class, dataset)
        | ({"unlabelled_data": setting["unlabelled"]} if "unlabelled" in setting else {}),
        metrics=(),
        seed=config.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
        files=files,
        largest_difference=0.0,
        terms=dataset.terms + _terms_of_more(setting.get("unlabelled")),
        notes=run.notes().strip(),
    )


def _terms_of_more(unlabelled: dict[str, Any] | None) -> str:
    """The terms of the faces without labels, where the run had some."""
    return f" · Faces without labels, of {unlabelled['title']}: {unlabelled['terms']}" if unlabelled else ""


def _names(teachers: str) -> str:
    return ",".join(Path(teacher.strip()).name for teacher in teachers.split(","))
