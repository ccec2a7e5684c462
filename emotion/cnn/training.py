"""Training, as a worker process does it: one run folder in, metrics and best weights out.

Nothing here is tied to a Keras backend; the pages never import this module, they launch it (``workers.start_run``).
"""

import json
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from emotion.cnn.architectures import build
from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, Status
from emotion.cnn.state import BestWeights, EpochState
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from emotion.files import write_json

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody asked the run to stop; the batch at hand is finished."""


class Batches(keras.utils.PyDataset):
    """Shuffled batches: uint8 (B, H, W, 1) and one-hot float32 (B, K).

    The order of epoch ``e`` is drawn from (seed, e), so that a resumed epoch repeats the very same batches.
    """

    def __init__(self, images: Images, classes: int, batch_size: int, seed: int) -> None:
        super().__init__()
        self.images, self.batch_size, self.seed = images, batch_size, seed
        self.targets = one_hot(images.labels, classes)
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of an epoch, which counts from 0."""
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.targets))

    def __len__(self) -> int:
        return -(-len(self.targets) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.sort(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        return self.images.pixels[rows, ..., np.newaxis], self.targets[rows]


class Report(keras.callbacks.Callback):
    """Write the run's status and progress at most twice a second, and end the run when it is asked to stop."""

    def __init__(self, run: Run, status: Status, batches: Batches) -> None:
        super().__init__()
        self.run, self.status, self.batches = run, status, batches
        self.written = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.batches.start_epoch(epoch)
        self.started = time.monotonic()
        self.say(epoch=epoch, step=0, steps=len(self.batches), phase="training")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self.run.stop_requested:
            raise Stopped
        if time.monotonic() - self.written > 0.5:
            seconds = time.monotonic() - self.started
            self.say(step=batch + 1, images_per_second=round((batch + 1) * self.batches.batch_size / seconds, 1))
            self._note((batch + 1) / len(self.batches), logs or {})

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self.say(step=len(self.batches), phase="validation")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.say(epoch=epoch + 1, step=0)
        log.info("epoch %d/%d  %s", epoch + 1, self.status.epochs, _line(logs or {}))

    def say(self, **changes: object) -> None:
        """Write the status with ``changes``."""
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]
        state = "stopping" if self.run.stop_requested else "running"
        self.run.write_status(replace(self.status, state=state))
        self.written = time.monotonic()

    def _note(self, fraction: float, logs: dict[str, float]) -> None:
        point = {"epoch": round(self.status.epoch + fraction, 4), "time": round(time.time(), 2)}
        point |= {name: round(float(value), 5) for name, value in logs.items()}
        with (self.run.path / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(point) + "\n")


def train(run: Run, status: Status, publish: Callable[[Run, Dataset], Path]) -> Status:
    """Train ``run`` from where it stands to its last epoch, then ``publish`` it as a bundle.

    ``status`` is what ``workers.take_over`` gave. Ends as ``finished``, ``stopped`` or ``failed`` in the run's status,
    which is returned; the error of a failed run is raised too.
    """
    # Ctrl-C and ``kill`` finish the batch too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: run.request_stop())
    try:
        status = _fit(run, status)
        run.write_status(replace(status, state="running", phase="publishing"))
        bundle = publish(run, open_dataset(run.config().data))
        status = replace(status, state="finished", phase="", bundle=str(bundle))
    except Stopped:
        status = replace(run.status(), state="stopped", phase="")
    except BaseException as error:
        run.write_status(_failed(run.status(), error))
        raise
    finally:
        (run.path / "stop").unlink(missing_ok=True)
    run.write_status(status)
    log.info("%s", status.state)
    return status


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """``labels`` int (N,) as float32 (N, classes)."""
    return np.eye(classes, dtype=np.float32)[labels]


def precision_of(config: TrainConfig) -> str:
    """The Keras dtype policy: ``auto`` is bfloat16 where the processor computes in it, else float32."""
    if config.precision != "auto":
        return config.precision
    return "mixed_bfloat16" if has_bfloat16() else "float32"


def has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has bfloat16 arithmetic (AVX-512-BF16 or AMX); elsewhere it would be emulated, slowly."""
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _failed(status: Status, error: BaseException) -> Status:
    if not isinstance(error, UserError):
        error = UserError("An unexpected error ended it: {what}", what=f"{type(error).__name__}: {error}")
    values = {name: str(value) for name, value in error.values.items()}
    return replace(status, state="failed", phase="", error=error.template, error_values=values)


def _fit(run: Run, status: Status) -> Status:
    config = run.config()
    dataset = open_dataset(config.data)
    if len(dataset.classes) < 2:
        raise UserError(
            "{root} has one class only ({found}). Training needs at least two class folders.",
            root=dataset.root,
            found=", ".join(dataset.classes),
        )
    images, validation = (dataset.load(split, (config.size, config.size)) for split in ("train", "validation"))
    _write_setting(run, config, dataset, images, validation)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(precision_of(config))
    model = build(config.architecture, len(dataset.classes), config.size)
    batches = Batches(images, len(dataset.classes), config.batch_size, config.seed)
    model.compile(_optimizer(config, len(batches)), "categorical_crossentropy", metrics=["accuracy"])
    best = BestWeights(run.path / "best.weights.h5")
    state, report = EpochState(run, best), Report(run, status, batches)
    state.set_model(model)
    finished = state.restore()
    log.info("%s: %d images, %s, from epoch %d", config.name, len(images.labels), model.dtype_policy.name, finished + 1)
    model.fit(
        batches,
        validation_data=(validation.pixels[..., np.newaxis], one_hot(validation.labels, len(dataset.classes))),
        validation_batch_size=256,
        epochs=config.epochs,
        initial_epoch=finished,
        callbacks=[best, state, report, *_tensorboard(run)],
        verbose=0,
    )
    return report.status


def _optimizer(config: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    rate: float | keras.optimizers.schedules.LearningRateSchedule = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.epochs * steps)
    return keras.optimizers.Adam(rate)


def _write_setting(run: Run, config: TrainConfig, dataset: Dataset, images: Images, validation: Images) -> None:
    """Keep what the run really met: classes, fingerprint, counts and the files that could not be read."""
    unreadable = images.unreadable + validation.unreadable
    for path, reason in unreadable:
        log.warning("left out %s: %s", path, reason)
    setting = {
        "classes": dataset.classes,
        "synthetic": dataset.synthetic,
        "fingerprint": dataset.fingerprint(),
        "images": {"train": len(images.labels), "validation": len(validation.labels)},
        "unreadable": unreadable,
        "precision": precision_of(config),
    }
    write_json(run.path / "setting.json", setting)


def _tensorboard(run: Run) -> list[keras.callbacks.Callback]:
    if keras.backend.backend() != "tensorflow":  # The callback writes through TensorFlow.
        return []
    return [keras.callbacks.TensorBoard(str(run.path / "tensorboard"))]


def _line(logs: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
