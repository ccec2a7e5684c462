"""What watches and steers a training: reports, the wish to stop, learning rates, patience, the confusion matrix."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from emotion.cnn.batches import Batches
from emotion.cnn.runs import Run, Status
from emotion.cnn.schedule import plateau_rate
from emotion.cnn.state import EpochState
from emotion.errors import UserError
from emotion.i18n import decimal

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody asked the run to stop; the batch at hand is finished."""


class Confusion(keras.metrics.Metric):
    """The accuracy, by way of ``counts`` int32 (K, K) of images by (true class, answered class)."""

    def __init__(self, classes: int) -> None:
        super().__init__(name="accuracy")
        self.classes = classes
        self.counts = self.add_variable((classes, classes), "zeros", dtype="int32", name="counts")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch; an image counts as one whatever its weight."""
        cells = keras.ops.argmax(y_true, axis=-1) * self.classes + keras.ops.argmax(y_pred, axis=-1)
        hits = keras.ops.segment_sum(keras.ops.ones_like(cells), cells, num_segments=self.classes**2)
        self.counts.assign_add(keras.ops.cast(keras.ops.reshape(hits, self.counts.shape), "int32"))

    def result(self) -> Any:
        """The share on the diagonal."""
        right, all_of_them = keras.ops.trace(self.counts), keras.ops.sum(self.counts)
        return keras.ops.cast(right, "float32") / keras.ops.cast(keras.ops.maximum(all_of_them, 1), "float32")


class StopOnRequest(keras.callbacks.Callback):
    """End the run when it is asked to stop."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self.run.stop_requested:
            raise Stopped


class Report(keras.callbacks.Callback):
    """Write the run's status and progress at most twice a second; stand before whatever saves.

    A loss that is no number raises UserError, before any of it is saved.
    """

    def __init__(self, run: Run, status: Status, batches: Batches, confusion: Confusion) -> None:
        super().__init__()
        self.run, self.status, self.batches, self.confusion = run, status, batches, confusion
        self.written, self.warm = 0.0, False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.batches.start_epoch(epoch)
        self.started = self.paced = time.monotonic()
        self.unpaced = 0
        self.say(epoch=epoch, step=0, steps=len(self.batches), phase="training")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self.warm and len(self.batches) > 1:  # In the first batch of all, the network is compiled.
            self.warm, self.paced, self.unpaced = True, time.monotonic(), batch + 1
        if time.monotonic() - self.written > 0.5:
            self.say(step=batch + 1, images_per_second=self._pace((batch + 1) * self.batches.batch_size))
            self._note((batch + 1) / len(self.batches), logs or {})

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self.images_per_second = self._pace(len(self.batches.targets))
        self.say(step=len(self.batches), phase="validation")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        self._insist_on_numbers(logs)
        logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        logs["images_per_second"] = self.images_per_second
        logs["seconds"] = round(time.monotonic() - self.started, 3)
        counts = keras.ops.convert_to_numpy(self.confusion.counts)
        self.run.note("confusion", {"epoch": epoch + 1, "counts": counts.tolist()})
        log.info("epoch %d/%d  %s", epoch + 1, self.status.epochs, _line(logs))

    def _pace(self, images: int) -> float:
        """Images a second, of the epoch's first ``images``; 0 as long as it can't be told."""
        counted, seconds = images - self.unpaced * self.batches.batch_size, time.monotonic() - self.paced
        return round(counted / seconds, 1) if counted > 0 and seconds > 0 else 0.0  # Some clocks tick slowly.

    def say(self, **changes: object) -> None:
        """Write the status with ``changes``."""
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]
        state = "stopping" if self.run.stop_requested else "running"
        self.run.write_status(replace(self.status, state=state))
        self.written = time.monotonic()

    def _note(self, fraction: float, logs: dict[str, float]) -> None:
        self._insist_on_numbers(logs)
        point = {"epoch": round(self.status.epoch + fraction, 4), "time": round(time.time(), 2)}
        self.run.note("progress", point | {name: round(float(value), 5) for name, value in logs.items()})

    def _insist_on_numbers(self, logs: dict[str, float]) -> None:
        if not all(math.isfinite(float(logs.get(name, 0))) for name in ("loss", "val_loss")):
            raise UserError(
                "The loss is no number any more: in epoch {epoch} the training ran off. Whole epochs kept: {kept}. "
                "Start again with a lower learning rate.",
                epoch=self.status.epoch + 1,
                kept=self.status.epoch,
            )


class EndOfEpoch(keras.callbacks.Callback):
    """Say that an epoch is finished, once its state is saved; lower the rate on a plateau; lose patience.

    Both are read off the rows of all epochs, so that they have no state of their own to lose.
    """

    def __init__(self, report: Report, state: EpochState) -> None:
        super().__init__()
        self.report, self.state, self.config = report, state, report.run.config()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self.config.schedule == "plateau":
            losses = [row["val_loss"] for row in self.state.rows]
            self.model.optimizer.learning_rate = plateau_rate(self.config.learning_rate, losses)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.report.say(epoch=epoch + 1, step=0)
        if has_no_patience(self.state.rows, self.config.patience):
            log.info("no better validation accuracy for %d epochs: this is the last one", self.config.patience)
            self.model.stop_training = True


def has_no_patience(rows: Sequence[dict[str, float]], patience: int) -> bool:
    """Whether the best validation accuracy is ``patience`` epochs old; never where that is 0.

    >>> rows = [{"val_accuracy": 0.5}, {"val_accuracy": 0.5}, {"val_accuracy": 0.4}]
    >>> has_no_patience(rows, 2), has_no_patience(rows, 3), has_no_patience(rows, 0)
    (True, False, False)
    """
    accuracies = [row["val_accuracy"] for row in rows]
    return bool(patience and rows) and len(rows) - 1 - accuracies.index(max(accuracies)) >= patience


def _line(logs: dict[str, float]) -> str:
    return "  ".join(f"{name} {decimal(value, 4)}" for name, value in logs.items())
