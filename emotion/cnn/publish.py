"""From a run's best weights to a float32 model bundle."""

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras

from emotion.cnn.architectures import build
from emotion.cnn.bundle import Bundle, Card, load_bundle
from emotion.cnn.card import InputSpec
from emotion.cnn.config import task_of
from emotion.cnn.evaluation import outputs_of
from emotion.cnn.export import load_network
from emotion.cnn.history import own_bundle
from emotion.cnn.making import calibrate, versions, write_card, write_network
from emotion.cnn.runs import Run
from emotion.cnn.workers import insist_on_rest_and_weights, insist_on_weights
from emotion.dataset.folder import Dataset, open_dataset
from emotion.errors import UserError
from emotion.files import folder_in_the_making, writing
from emotion.homes import models_folders, user_models_folder

log = logging.getLogger(__name__)


def publish_run(run: Run, dataset: Dataset) -> Path:
    """Make the bundle of a run from its best weights, measured on the dataset's validation split.

    Returns the bundle's folder. A run published before keeps its name; a name that is taken gets a number. Raises
    UserError where the run has finished no epoch, and where the dataset has other classes by now.
    """
    insist_on_weights(run)
    _insist_on_classes(run, dataset)
    final = own_bundle(run) or _free_folder(run.config().name)
    with folder_in_the_making(final) as folder:
        model = _float32_model(run, len(dataset.classes))
        temperature = calibrate(model, dataset.load("validation", model.input_shape[1:3]))
        card = _card(run, dataset, model, write_network(folder, model), final.name)
        bundle = write_card(folder, card, model, dataset, temperature)
    accuracy = bundle.card.metrics[0]
    log.info("bundle %s: accuracy %.4f on %d images of validation", final.name, accuracy.value, accuracy.n)
    return final


def publish_best(run: Run) -> Path:
    """``publish_run`` for a run that is not finished: a bundle of what is best so far. UserError while it is at it."""
    insist_on_rest_and_weights(run)
    bundle = publish_run(run, open_dataset(run.config().data))
    run.write_status(replace(run.status(), bundle=str(bundle)))
    return bundle


def calibrate_bundle(bundle: Bundle, dataset: Dataset) -> Bundle:
    """Fit a bundle's temperature anew, measure it, and put the result in its place.

    On the dataset's validation split, which should be none that it was trained on. UserError for a head bundle, which
    has no network of its own, and for other classes.
    """
    card = bundle.card
    positions = outputs_of(dataset, card)
    model = load_network(bundle)
    validation = dataset.load("validation", (card.input.height, card.input.width))
    with writing(bundle.path), folder_in_the_making(bundle.path) as folder:
        temperature = calibrate(model, replace(validation, labels=positions[validation.labels]))
        temperature *= card.measured.get("temperature", 1.0)
        files = write_network(folder, model)
        write_card(folder, replace(card, files=files), model, dataset, temperature)
    return load_bundle(bundle.path)


def _insist_on_classes(run: Run, dataset: Dataset) -> None:
    if run.classes != dataset.classes:
        raise UserError(
            "The run was trained on the classes {before}, but {root} now has {found}. Put the folders back, or start a "
            "new run.",
            before=", ".join(run.classes),
            root=dataset.root,
            found=", ".join(dataset.classes),
        )


def _float32_model(run: Run, classes: int) -> keras.Model:
    """The network under the float32 policy and uncompiled: mixed precision does not convert to TFLite."""
    config = run.config()
    keras.config.set_dtype_policy("float32")
    model = build(config.architecture, classes, config.size)
    model.load_weights(run.path / "best.weights.h5")
    return model


def _card(run: Run, dataset: Dataset, model: keras.Model, files: dict[str, str], name: str) -> Card:
    config = run.config()
    setting = {"fingerprint": {}, "images": {}, "precision": ""} | run.setting()
    return Card(
        name=name,
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
            "counts": setting["images"],
            "curve": run.metrics(),
        }
        | {"run": run.name},
        metrics=(),
        seed=config.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions(),
        files=files,
        largest_difference=0.0,
        terms=dataset.terms,
        notes=run.notes().strip(),
    )


def _names(teachers: str) -> str:
    return ",".join(Path(teacher.strip()).name for teacher in teachers.split(","))


def _free_folder(name: str) -> Path:
    number, free = 1, name
    while any((folder / free).exists() for folder in models_folders()):
        number += 1
        free = f"{name}-{number}"
    return user_models_folder() / free
