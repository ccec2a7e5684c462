"""The measurement behind ``emotion.cnn.probe``, in a process with Keras."""

import time
from collections.abc import Callable

import keras
import numpy as np

from emotion.cnn.batches import Batches
from emotion.cnn.bundle import find_bundle
from emotion.cnn.callbacks import Confusion
from emotion.cnn.config import TrainConfig
from emotion.cnn.engine import engine_for
from emotion.cnn.precision import precision_of
from emotion.cnn.targets import one_hot
from emotion.cnn.teaching import Teachers
from emotion.cnn.training import compiled

_SECONDS = 4.0
_PUBLISHING = 8.0  # Seconds that a bundle takes, whatever the machine: it is an estimate.


def measure(config: TrainConfig, classes: int) -> dict[str, float]:
    """The fields of ``probe.Pace``, measured on batches of noise that are read and augmented as real ones are."""
    started = time.monotonic()
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(precision_of(config))
    model = compiled(config, classes, steps=1, confusion=Confusion(classes), engine=engine_for("none"))
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (4 * config.batch_size, config.size, config.size), np.uint8)
    targets = one_hot(random.integers(0, classes, len(pixels)), classes)
    teachers = _teachers(config, classes)
    if teachers:
        targets *= 1 - config.taught
    batches = Batches(pixels, targets, config.batch_size, config.seed, config.augmentation, teachers=teachers)
    model.train_on_batch(*batches[0])  # Keras traces the network now, and not while the clock runs.
    faces = pixels[:256, ..., np.newaxis]
    model.predict_on_batch(faces)
    overhead = time.monotonic() - started + _PUBLISHING
    training = config.batch_size / _median_seconds(lambda step: model.train_on_batch(*batches[step % len(batches)]))
    validation = len(faces) / _median_seconds(lambda _step: model.predict_on_batch(faces))
    return {"training": round(training, 1), "validation": round(validation, 1), "overhead": round(overhead, 1)}


def _teachers(config: TrainConfig, classes: int) -> Teachers | None:
    """The teachers, for a pupil with the classes of the first: which these are makes no difference to the pace."""
    if not config.teachers:
        return None
    known = find_bundle(config.teachers.partition(",")[0].strip()).card.classes
    return Teachers(config.teachers, known if len(known) == classes else (str(classes),), config.size)


def _median_seconds(work: Callable[[int], object]) -> float:
    """Of at least three calls, for some seconds: the median, because other programs want the machine too."""
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < _SECONDS:
        start = time.perf_counter()
        work(len(taken))
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))
