"""The state of a training run after each epoch, so that it goes on after a stop, a crash or a reboot.

Keras' ``BackupAndRestore`` does not hold here: it writes weights and metadata separately, deletes them at the end of
a stopped run, counts a partial epoch as done and forgets the other callbacks.
"""

import errno
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from emotion.cnn.runs import Run
from emotion.errors import UserError
from emotion.files import folder_in_the_making, rename, write_json, writing

_KEPT = 2
log = logging.getLogger(__name__)


class EpochState(keras.callbacks.Callback):
    """Save weights, optimizer, the metric rows and the checkpoint's record after each epoch, and bring them back.

    ``state/epoch-0003/`` appears in one rename; the two newest are kept. ``metrics.csv`` is rewritten from the rows
    of the state, so that the two never differ. Of the random draws only dropout's have a state, which Keras does not
    count among the weights: every epoch's order of images is drawn from (seed, epoch).
    """

    def __init__(self, run: Run, checkpoint: keras.callbacks.ModelCheckpoint) -> None:
        super().__init__()
        self.run, self.checkpoint = run, checkpoint
        self.rows: list[dict[str, float]] = []

    def restore(self) -> int:
        """Bring back the newest state into the model; returns the number of finished epochs, 0 for a new run.

        Raises UserError, and leaves the run as it is, where epochs were finished and no state of them can be loaded.
        """
        for leftover in (self.run.path / "state").glob(".*"):  # What a kill left half-written; or Finder's .DS_Store.
            shutil.rmtree(leftover, ignore_errors=True)
        # An optimizer that does not know its variables yet would be skipped, with a warning.
        self.model.optimizer.build(self.model.trainable_variables)
        reason: object = os.strerror(errno.ENOENT)
        for folder in reversed(_epoch_folders(self.run)):
            try:
                self._load(folder)
                break
            except (OSError, ValueError, KeyError) as error:  # A power cut may hollow the newest; two are kept.
                log.warning("the state in %s is damaged (%s); going on from the one before", folder, error)
                reason = error
        if not self.rows and self.run.metrics():
            raise _lost(self.run, reason)
        self.run.write_metrics(self.rows)
        self.run.forget_after(len(self.rows))
        return len(self.rows)

    def _load(self, folder: Path) -> None:
        values = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        rows, best = values["rows"], values["best"]
        random = list(zip(_random_states(self.model), values["random"], strict=True))
        self.model.load_weights(folder / "model.weights.h5")  # Last of what may fail: half a state is none.
        for variable, value in random:
            variable.assign(value)
        self.rows, self.checkpoint.best = rows, best

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.rows.append({"epoch": epoch + 1, **{name: float(value) for name, value in (logs or {}).items()}})
        folder_of_epoch = self.run.path / "state" / f"epoch-{epoch + 1:04d}"
        with _saving(folder_of_epoch), folder_in_the_making(folder_of_epoch) as folder:
            self.model.save_weights(folder / "model.weights.h5")  # A compiled model's optimizer goes with them.
            random = [keras.ops.convert_to_numpy(variable).tolist() for variable in _random_states(self.model)]
            write_json(folder / "state.json", {"rows": self.rows, "best": self.checkpoint.best, "random": random})
        self.run.write_metrics(self.rows)
        for old in _epoch_folders(self.run)[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)  # Windows keeps what somebody has open; the next epoch tries again.


class BestWeights(keras.callbacks.ModelCheckpoint):
    """``ModelCheckpoint(save_best_only=True)`` whose file appears in one rename.

    Where the optimizer keeps a running average of the weights, that is what is validated and saved; training goes on
    with the weights themselves.
    """

    def __init__(self, path: Path, monitor: str = "val_accuracy") -> None:
        self._final = path
        self.best: float | None = None
        self._temporary = path.with_name(f"new.{path.name}")
        mode = "max" if monitor.endswith("accuracy") else "min"  # Keras knows its own metrics only.
        super().__init__(self._temporary, monitor=monitor, mode=mode, save_best_only=True, save_weights_only=True)

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        if self.model.optimizer.use_ema:
            _swap_averages(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._temporary.unlink(missing_ok=True)  # Whoever was killed while it grew has left a part of it.
        try:
            with _saving(self._final):
                super().on_epoch_end(epoch, logs)
                self.best = None if self.best is None else float(self.best)
                if self._temporary.exists():
                    rename(self._temporary, self._final)
        finally:
            self._temporary.unlink(missing_ok=True)
        if self.model.optimizer.use_ema:
            _swap_averages(self.model)


def load_newest(run: Run, model: keras.Model) -> None:
    """Load what the run's newest epoch was validated with into ``model``, compiled as the run's.

    Raises UserError where no state of an epoch is left.
    """
    folders = _epoch_folders(run)
    if not folders:
        raise _lost(run, os.strerror(errno.ENOENT))
    model.optimizer.build(model.trainable_variables)
    model.load_weights(folders[-1] / "model.weights.h5")
    if model.optimizer.use_ema:
        _swap_averages(model)


def _swap_averages(model: keras.Model) -> None:
    # As keras.callbacks.SwapEMAWeights does it, which would swap back before the best weights are saved.
    averages = model.optimizer._model_variables_moving_average
    for variable, average in zip(model.trainable_variables, averages, strict=True):
        value = keras.ops.convert_to_numpy(variable)
        variable.assign(average)
        average.assign(value)


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    """``writing``, in the system's words: those of HDF5 are as long as a page."""
    with writing(path):
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, os.strerror(error.errno)) if error.errno else error from None


def _random_states(model: keras.Model) -> list[keras.Variable]:
    return [variable for variable in model.variables if "seed_generator" in variable.path]


def _epoch_folders(run: Run) -> list[Path]:
    return sorted(path for path in (run.path / "state").glob("epoch-*") if path.is_dir())


def _lost(run: Run, reason: object) -> UserError:
    said = str(reason).strip() or type(reason).__name__
    return UserError(
        "{run} has finished {epochs} epochs, but no state of them can be loaded ({reason}). It can't go on; start a "
        "new run from its best weights.",
        run=run.name,
        epochs=len(run.metrics()),
        reason=said.splitlines()[0][:200],
    )
