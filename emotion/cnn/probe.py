"""How long a training will take on this machine, and what fits into the minutes that somebody has. No Keras here."""

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from emotion.cnn.config import Augmentation, TrainConfig
from emotion.cnn.elsewhere import ask
from emotion.files import read_text, write_json
from emotion.homes import cache_folder
from emotion.jobs import Progress

FEWEST_EPOCHS = 5
"""With fewer, a smaller part of the images seen more often teaches more."""
FEWEST_IMAGES = 200
_ASKED = ("architecture", "batch_size", "size", "precision", "optimiser", "ema", "freeze", "teachers")


@dataclass(frozen=True)
class Pace:
    """Images a second in training and in validation; ``overhead`` in seconds for the start and the bundle."""

    training: float
    validation: float
    overhead: float

    def epoch_seconds(self, images: int, validation: int) -> float:
        """How long an epoch of so many training images and validation images takes."""
        return images / self.training + validation / self.validation

    def seconds(self, images: int, validation: int, epochs: int) -> float:
        """How long a run takes in all."""
        return self.overhead + epochs * self.epoch_seconds(images, validation)


@dataclass(frozen=True)
class Plan:
    """A training that fits: ``images`` of the training split (0 for all), ``epochs``, and the ``seconds`` they take."""

    images: int
    epochs: int
    seconds: float


def probe(config: TrainConfig, classes: int, progress: Progress | None = None) -> Pace:
    """Time a few batches of ``config``'s network, as ``elsewhere.ask`` does it; ten seconds, kept for the next time."""
    if kept := kept_pace(config, classes):
        return kept
    file = _file(config, classes)
    asked = replace(config, data="", name="probe")
    settings = json.dumps(asked.to_json())
    pace = Pace(**ask("train", "--probe", settings, "--classes", str(classes), progress=progress))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, asdict(pace))
    return pace


def kept_pace(config: TrainConfig, classes: int) -> Pace | None:
    """What ``probe`` has measured for such settings before; None where it has not."""
    try:
        return Pace(**json.loads(read_text(_file(config, classes))))
    except (OSError, ValueError, TypeError):
        return None


def forget_pace(config: TrainConfig, classes: int) -> None:
    """Let the next ``probe`` of such settings measure again: the machine may have been busy."""
    _file(config, classes).unlink(missing_ok=True)


def plan_for(minutes: float, pace: Pace, config: TrainConfig, images: int, validation: int) -> Plan:
    """The most training that fits into ``minutes``: of ``config``'s epochs and of the dataset's ``images``.

    Fewer epochs first, down to ``FEWEST_EPOCHS``; then fewer images.
    """
    images = min(images, config.images or images)
    seconds = max(60 * minutes - pace.overhead, 0)
    epochs = int(seconds / pace.epoch_seconds(images, validation))
    epochs = min(max(epochs, FEWEST_EPOCHS), config.epochs)
    fitting = int((seconds / epochs - validation / pace.validation) * pace.training)
    chosen = min(max(fitting, FEWEST_IMAGES), images)
    return Plan(
        0 if chosen == images and not config.images else chosen, epochs, pace.seconds(chosen, validation, epochs)
    )


def _file(config: TrainConfig, classes: int) -> Path:
    """Where a pace is kept."""
    return cache_folder() / "probes" / f"{pace_key(config, classes)}.json"


def pace_key(config: TrainConfig, classes: int) -> str:
    """A name for what a pace depends on: settings with the same have the same pace on this machine."""
    changed = config.augmentation != Augmentation()
    machine = [platform.node(), platform.machine(), os.cpu_count(), os.environ.get("KERAS_BACKEND", "")]
    asked = [getattr(config, name) for name in _ASKED]
    return hashlib.blake2b(json.dumps([classes, changed, *machine, *asked]).encode(), digest_size=12).hexdigest()
