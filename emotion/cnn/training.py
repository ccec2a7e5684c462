"""Training, as a worker process does it: one run folder in, metrics and best weights out.

Nothing here is tied to a Keras backend; the pages never import this module, they launch it (``workers.start_run``).
"""

import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.cnn.architectures import build, take_weights
from emotion.cnn.batches import Batches
from emotion.cnn.callbacks import Confusion, EndOfEpoch, Report, StopOnRequest, Stopped, has_no_patience
from emotion.cnn.checks import insist_on_classes, insist_on_same_classes
from emotion.cnn.config import TrainConfig
from emotion.cnn.engine import Engine, engine_for
from emotion.cnn.origin import find_origin
from emotion.cnn.precision import precision_of
from emotion.cnn.runs import Run, Status
from emotion.cnn.state import BestWeights, EpochState
from emotion.cnn.targets import class_weights, soft_targets, stratified_rows, usable_votes
from emotion.cnn.teaching import Teachers
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from emotion.files import sha256, write_json, writing

log = logging.getLogger(__name__)
Publish = Callable[[Run, Dataset], Path]
_LONGEST = 0.99
"""Batch normalisation starts from nought and one; with a longer average a new network would show them for epochs."""


def train(run: Run, status: Status, publish: Publish | None, engine: Engine | None = None) -> Status:
    """Train ``run`` from where it stands to its last epoch, then ``publish`` it as a bundle.

    ``status`` is what ``workers.take_over`` gave; the ``engine`` is of itself the one that the run's settings ask for.
    Ends as ``finished``, ``stopped`` or ``failed`` in the run's status, which is returned; the error of a failed run is
    raised too.
    """
    # Ctrl-C and ``kill`` finish the batch too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: run.request_stop())
    try:
        with writing(run.path):
            status = _fit(run, status, engine or engine_for(run.config().distribute))
        if publish:
            run.write_status(replace(status, state="running", phase="publishing"))
            status = replace(status, bundle=str(publish(run, open_dataset(run.config().data))))
        status = replace(status, state="finished", phase="")
    except Stopped:
        status = replace(run.status(), state="stopped", phase="")
    except BaseException as error:
        with suppress(OSError, UserError):  # Where the whole folder is gone, the log says why.
            run.write_last_status(_failed(run.status(), error))
        raise
    finally:
        (run.path / "stop").unlink(missing_ok=True)
    run.write_status(status)
    log.info("%s", status.state)
    return status


def _failed(status: Status, error: BaseException) -> Status:
    if not isinstance(error, UserError):
        error = UserError("An unexpected error ended it: {what}", what=f"{type(error).__name__}: {error}")
    values = {name: str(value) for name, value in error.values.items()}
    return replace(status, state="failed", phase="", error=error.template, error_values=values)


def _fit(run: Run, status: Status, engine: Engine) -> Status:
    config = run.config()
    dataset = open_dataset(config.data)
    images, validation = _load(run, config, dataset)
    unlabelled = _load_unlabelled(run, config)
    classes = len(dataset.classes)
    _settle(config)
    batches = _batches(config, dataset, images, unlabelled, engine.shard)
    with engine.scope():  # Whatever makes variables.
        confusion = Confusion(classes)
        model = compiled(config, classes, len(batches), confusion, engine)
        best = BestWeights(run.path / "best.weights.h5")
        state, report = EpochState(run, best), Report(run, status, batches, confusion)
        state.set_model(model)
        finished = state.restore()
        if config.start_from and not finished:
            origin = find_origin(config.start_from)
            take_weights(model, origin, dataset.classes)
            write_json(run.path / "setting.json", run.setting() | {"start_sha256": sha256(origin.weights)})
    log.info("%s: %d images, %s, from epoch %d", config.name, len(images.labels), model.dtype_policy.name, finished + 1)
    engine.fit(
        model,
        batches,
        validation_data=(validation.pixels[..., np.newaxis], _targets(config, dataset, validation)),
        validation_batch_size=256,
        # Keras would shuffle the batches by a draw that a resumed run can't repeat; ``Batches`` has its own.
        shuffle=False,
        epochs=finished if has_no_patience(state.rows, config.patience) else config.epochs,
        initial_epoch=finished,
        callbacks=[report, best, state, EndOfEpoch(report, state), StopOnRequest(run), *_tensorboard(run)],
        verbose=0,
    )
    return report.status


def _settle(config: TrainConfig) -> None:
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(precision_of(config))


def _load(run: Run, config: TrainConfig, dataset: Dataset) -> tuple[Images, Images]:
    """The images of the training and the validation split, and a note of what was met in them."""
    if run.metrics():
        insist_on_same_classes(run.classes or dataset.classes, dataset)
    images, validation = (dataset.load(split, (config.size, config.size)) for split in ("train", "validation"))
    insist_on_classes(dataset, images.labels)  # Some may have no file that can be read.
    if config.images and config.images < len(images.labels):
        images = _take(images, stratified_rows(images.labels, config.images, config.seed))
    _write_setting(run, config, dataset, images, validation)
    return images, validation


def _load_unlabelled(run: Run, config: TrainConfig) -> np.ndarray:
    """The faces without labels, uint8 (N, H, W), and a note of them beside that of the others."""
    if not config.unlabelled:
        return np.empty((0, config.size, config.size), np.uint8)
    dataset = open_dataset(config.unlabelled)
    images = dataset.load("train", (config.size, config.size))
    _log_unreadable(images)
    note = {"title": dataset.title, "terms": dataset.terms, "images": len(images.labels), **dataset.fingerprint()}
    write_json(run.path / "setting.json", run.setting() | {"unlabelled": note})
    log.info("%d faces without labels", len(images.labels))
    return images.pixels


def _take(images: Images, rows: np.ndarray) -> Images:
    paths = tuple(images.paths[row] for row in rows)
    return Images(images.pixels[rows], images.labels[rows], paths, images.unreadable)


def _batches(
    config: TrainConfig, dataset: Dataset, images: Images, unlabelled: np.ndarray, shard: tuple[int, int]
) -> Batches:
    pixels, targets = images.pixels, _targets(config, dataset, images, config.label_smoothing, config.neighbours)
    weights = class_weights(images.labels, len(dataset.classes)) if config.class_weights else None
    teachers = Teachers(config.teachers, dataset.classes, config.size) if config.teachers else None
    if teachers:
        targets *= 1 - config.taught
    if len(unlabelled):
        pixels = np.concatenate([pixels, unlabelled])
        targets = np.pad(targets, ((0, len(unlabelled)), (0, 0)))  # Teachers alone say what these are.
        weights = None if weights is None else np.pad(weights, (0, len(unlabelled)), constant_values=1)
    return Batches(pixels, targets, config.batch_size, config.seed, config.augmentation, weights, shard, teachers)


def _targets(
    config: TrainConfig, dataset: Dataset, images: Images, smoothing: float = 0.0, neighbours: float = 0.0
) -> np.ndarray:
    """Labels and votes as the run mixes them, float32 (N, K): for both splits, so that their curves can be compared."""
    counts = usable_votes(dataset, images) if config.votes else None
    return soft_targets(images.labels, len(dataset.classes), smoothing, counts, config.votes, neighbours)


def compiled(config: TrainConfig, classes: int, steps: int, confusion: Confusion, engine: Engine) -> keras.Model:
    """The network of a run, ready to be trained by ``engine`` in epochs of ``steps`` batches."""
    model = engine.adapt(build(config.architecture, classes, config.size))
    if config.freeze:
        for layer in model.layers[:-1]:
            layer.trainable = False
    if config.ema:
        _average_as_long(model, min(config.ema, _LONGEST))
    model.compile(_optimizer(config, steps), "categorical_crossentropy", metrics=[confusion])
    return model


def _average_as_long(model: keras.Model, decay: float) -> None:
    """Give batch normalisation's averages the ``decay`` of the weights' that they serve, where their own is less."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = max(layer.momentum, decay)


def _optimizer(config: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    settings: dict[str, Any] = {"weight_decay": config.weight_decay}
    if config.ema:
        settings |= {"use_ema": True, "ema_momentum": config.ema}
    rate = learning_rate(config, steps)
    if config.optimiser == "sgd":
        optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **settings)
    else:
        kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[config.optimiser]
        optimizer = kind(rate, **settings)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def learning_rate(config: TrainConfig, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate, or its schedule over the run's ``config.epochs * steps`` batches."""
    if config.schedule != "cosine":
        return config.learning_rate
    warmup = min(round(config.warmup * steps), config.epochs * steps - 1)
    rest = config.epochs * steps - warmup
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(config.learning_rate, rest)
    return keras.optimizers.schedules.CosineDecay(0.0, rest, warmup_target=config.learning_rate, warmup_steps=warmup)


def _write_setting(run: Run, config: TrainConfig, dataset: Dataset, images: Images, validation: Images) -> None:
    """Keep what the run really met: classes, fingerprint, counts and the files that could not be read."""
    _log_unreadable(images)
    _log_unreadable(validation)
    setting = {
        "classes": dataset.classes,
        "synthetic": dataset.synthetic,
        "fingerprint": dataset.fingerprint(),
        "images": {"train": len(images.labels), "validation": len(validation.labels)},
        "unreadable": images.unreadable + validation.unreadable,
        "precision": precision_of(config),
    }
    begun = {name: value for name, value in run.setting().items() if name == "start_sha256"}
    write_json(run.path / "setting.json", setting | begun)


def _log_unreadable(images: Images) -> None:
    for path, reason in images.unreadable:
        log.warning("left out %s: %s", path, reason)


def _tensorboard(run: Run) -> list[keras.callbacks.Callback]:
    if keras.backend.backend() != "tensorflow":  # The callback writes through TensorFlow.
        return []
    return [keras.callbacks.TensorBoard(str(run.path / "tensorboard"))]
