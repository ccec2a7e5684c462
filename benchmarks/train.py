"""How fast the worker trains the deck's network; beside a plain script that calls ``model.fit`` on arrays.

Same network, images, batch and epochs, each contestant in a process of its own, one after the other; what is compared
is the fastest epoch after the first, in which all is traced and loaded: whatever else the machine does only slows. The
share of the machine's peak is that of a float32 matrix product (sgemm) measured in the same run. While one more
training is on, the app's server is asked how it is.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.server import ask_health, serving
from benchmarks.timing import lines as lines
from benchmarks.timing import seconds
from emotion.cnn import service
from emotion.cnn.augment import augment
from emotion.cnn.bundle import load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import MILD, OFF, STRONG, TrainConfig
from emotion.cnn.evaluation import evaluate
from emotion.cnn.inside import Layer, describe
from emotion.cnn.runs import Run
from emotion.cnn.targets import stratified_rows
from emotion.cnn.workers import publish_best, start_run, stop_run
from emotion.dataset.folder import Dataset, open_dataset
from emotion.files import write_image
from emotion.homes import REPOSITORY, home

EPOCHS = 6  # A neighbour on the machine may take the half of it for several.
_VALIDATION = 256  # Images of the contestants: what is measured is training.
HEALTH_CHECKS = 200
_RUNS = 5
# The deck's script: arrays, one-hot, Adam, categorical cross-entropy, model.fit.
PLAIN = """
import json, sys, time
import keras
import numpy as np
from emotion.cnn.architectures import build
from emotion.cnn.targets import one_hot
from emotion.dataset.folder import open_dataset

data, images, batch, epochs, classes = sys.argv[1], *map(int, sys.argv[2:])
split = open_dataset(data).load("train")
rows = np.random.default_rng(0).permutation(len(split.labels))[:images]
x, y = split.pixels[rows][..., np.newaxis], one_hot(split.labels[rows], classes)
model = build("deck_cnn", classes, 48)
model.compile(keras.optimizers.Adam(5e-4), "categorical_crossentropy", metrics=["accuracy"])

class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None):
        seconds.append(time.perf_counter() - self.start)

seconds, clock = [], Clock()
model.fit(x, y, batch_size=batch, epochs=epochs, callbacks=[clock], verbose=0)
print(json.dumps(images / min(seconds[1:])))
"""
PLAIN_NAME = "plain script, float32"
CONTESTANTS: dict[str, dict[str, Any]] = {
    "worker, float32": {"precision": "float32"},
    "worker": {},
    "worker, mild augmentation": {"augmentation": MILD},
    "worker, strong augmentation": {"augmentation": STRONG},
}


def compare(data: str, images: int) -> dict[str, Any]:
    """Train on ``images`` of the dataset folder ``data`` with every contestant; images a second and their ratios."""
    dataset = open_dataset(data)
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, EMOTION_HOME=folder):
        part = _part(dataset, images, Path(folder) / "datasets" / "bench")
        return _report(dataset, TrainConfig(str(part), "bench", epochs=EPOCHS + 1))


def _part(dataset: Dataset, images: int, folder: Path) -> Path:
    """A dataset of so many training images, and few to validate on."""
    for split, count in (("train", images), ("validation", _VALIDATION)):
        whole = dataset.load(split)
        for row in stratified_rows(whole.labels, min(count, len(whole.labels)), seed=0):
            place = folder / split / dataset.classes[whole.labels[row]]
            place.mkdir(parents=True, exist_ok=True)
            write_image(place / f"{row}.png", whole.pixels[row])
    open_dataset(folder).load("train")  # Whoever came first would pay for the decoding.
    return folder


def _report(dataset: Dataset, config: TrainConfig) -> dict[str, Any]:
    count = len(open_dataset(config.data).load("train").labels)
    rates, starts = {PLAIN_NAME: _plain(config, count, len(dataset.classes))}, {}
    for name, settings in CONTESTANTS.items():
        run, starts[name] = _trained(replace(config, **settings))
        rates[name] = max(row["images_per_second"] for row in run.metrics()[1:EPOCHS])
    layers = describe(config.architecture, len(dataset.classes), config.size)
    service.stop()
    peak, work = sgemm(), operations(layers)
    return {
        "images": count,
        "batch": config.batch_size,
        "cores": os.cpu_count(),
        "images per second": rates,
        "times the plain script": {name: rate / rates[PLAIN_NAME] for name, rate in rates.items()},
        "share of throughput that augmentation costs": {
            name: 1 - rates[name] / rates["worker"] for name in CONTESTANTS if "augmentation" in name
        },
        "seconds from the start to the first batch": starts["worker"],
        "sgemm, 1e9 operations per second": peak / 1e9,
        "share of the sgemm peak": {name: rate * work / peak for name, rate in rates.items()},
        "augmentation alone, microseconds per face": _augmentation(dataset),
        "evaluation of the validation split": _evaluation(dataset, run),
        "milliseconds until the server answers while a training is on": _health(config),
    }


def _plain(config: TrainConfig, images: int, classes: int) -> float:
    arguments = (config.data, images, config.batch_size, EPOCHS, classes)
    command = [sys.executable, "-c", PLAIN, *map(str, arguments)]
    return float(json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout))


def _trained(config: TrainConfig) -> tuple[Run, float]:
    """A run of so many epochs, and the seconds from its start to the first batch."""
    started = time.monotonic()
    run = start_run(config)
    _wait(run, lambda: bool(run.progress()))
    first = time.monotonic() - started
    _wait(run, lambda: len(run.metrics()) >= EPOCHS)
    _stop(run)
    return run, first


def _stop(run: Run) -> None:
    stop_run(run)
    _wait(run, lambda: not run.status().active)


def _wait(run: Run, holds: Callable[[], bool]) -> None:
    while not holds():
        if run.status().state in {"failed", "interrupted"}:
            raise RuntimeError(run.log_tail())
        time.sleep(0.05)


def _evaluation(dataset: Dataset, run: Run) -> dict[str, float]:
    """The seconds that the run's TFLite bundle takes for a split, whose images have been decoded before."""
    classifier = Classifier(load_bundle(publish_best(run)))
    return {
        "images": len(dataset.load("validation").labels),
        "seconds": seconds(lambda: evaluate(classifier, dataset, "validation")),
    }


def _health(config: TrainConfig) -> dict[str, float]:
    """How long the app's server takes to say that it is well, while a worker trains."""
    run = start_run(replace(config, epochs=1000))
    try:
        _wait(run, lambda: bool(run.progress()))
        with serving(home()) as (url, _pid):
            taken = [_after_a_pause(url) for _ in range(HEALTH_CHECKS)]
    finally:
        _stop(run)
    return dict(zip(("median", "p95", "longest"), map(float, np.percentile(taken, (50, 95, 100)) * 1000), strict=True))


def _after_a_pause(url: str) -> float:
    time.sleep(0.05)
    return seconds(lambda: ask_health(url))


def sgemm(side: int = 2048) -> float:
    """Float32 operations a second of a large matrix product: the peak that convolutions are measured by."""
    a, b = np.random.default_rng(0).random((2, side, side), np.float32)
    return 2 * side**3 / seconds(lambda: a @ b, _RUNS)


def operations(layers: tuple[Layer, ...]) -> float:
    """Multiplications and additions to train on one image: one pass forward, two of its kind back.

    A convolution's weights are used once for every pixel of its output, a dense layer's once.
    """
    forward = sum(
        2 * row.parameters * int(np.prod(row.shape[:-1])) for row in layers if row.kind in {"Conv2D", "Dense"}
    )
    return 3.0 * forward


def _augmentation(dataset: Dataset) -> dict[str, float]:
    faces = np.array(dataset.load("train").pixels[:512])
    random = np.random.default_rng(0)
    presets = {"off": OFF, "mild": MILD, "strong": STRONG}
    return {
        name: seconds(lambda preset=preset: augment(faces, preset, random), _RUNS) / len(faces) * 1e6  # type: ignore[misc]
        for name, preset in presets.items()
    }
