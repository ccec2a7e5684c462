"""How fast the worker trains the deck's network; beside a plain script that calls ``model.fit`` on arrays.

Same network, images, batch and epochs, each contestant in a process of its own, one after the other; what is compared
is the last epoch, in which nothing is traced or loaded any more. The share of the machine's peak is that of a float32
matrix product (sgemm) measured in the same run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from emotion.cnn.augment import augment
from emotion.cnn.config import MILD, OFF, STRONG, TrainConfig
from emotion.cnn.runs import Run
from emotion.cnn.workers import LayerRow, describe, start_run, stop_run
from emotion.dataset.folder import Dataset, open_dataset
from emotion.homes import REPOSITORY

EPOCHS = 2
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
        self.seconds = time.perf_counter() - self.start

clock = Clock()
model.fit(x, y, batch_size=batch, epochs=epochs, callbacks=[clock], verbose=0)
print(json.dumps(images / clock.seconds))
"""
PLAIN_NAME = "plain script, float32"
CONTESTANTS = {
    "worker, float32": {"precision": "float32"},
    "worker": {},
    "worker, mild augmentation": {"augmentation": MILD},
    "worker, strong augmentation": {"augmentation": STRONG},
}


def compare(data: str, images: int) -> dict[str, Any]:
    """Train on ``images`` of the dataset folder ``data`` with every contestant; images a second and their ratios."""
    dataset = open_dataset(data)
    dataset.load("train")  # Whoever came first would pay for the decoding.
    config = TrainConfig(str(dataset.root), "bench", epochs=EPOCHS + 1, images=images)
    with tempfile.TemporaryDirectory() as home, patch.dict(os.environ, EMOTION_HOME=home):
        rates = {PLAIN_NAME: _plain(dataset, config)}
        starts = {}
        for name, settings in CONTESTANTS.items():
            rates[name], starts[name] = _worker(TrainConfig(**{**vars(config), **settings}))
        layers = describe(config.architecture, len(dataset.classes), config.size)
    peak, work = sgemm(), operations(layers)
    return {
        "images": images,
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
    }


def _plain(dataset: Dataset, config: TrainConfig) -> float:
    arguments = (dataset.root, config.images, config.batch_size, EPOCHS, len(dataset.classes))
    command = [sys.executable, "-c", PLAIN, *map(str, arguments)]
    return float(json.loads(subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout))


def _worker(config: TrainConfig) -> tuple[float, float]:
    """Images a second in the last epoch, and the seconds from the start to the first batch."""
    started = time.monotonic()
    run = start_run(config)
    _wait(run, lambda: bool(run.progress()))
    first = time.monotonic() - started
    _wait(run, lambda: len(run.metrics()) >= EPOCHS)
    stop_run(run)
    _wait(run, lambda: not run.status().active)
    return run.metrics()[EPOCHS - 1]["images_per_second"], first


def _wait(run: Run, holds: Callable[[], bool]) -> None:
    while not holds():
        if run.status().state in {"failed", "interrupted"}:
            raise RuntimeError(run.log_tail())
        time.sleep(0.05)


def sgemm(side: int = 2048) -> float:
    """Float32 operations a second of a large matrix product: the peak that convolutions are measured by."""
    a, b = np.random.default_rng(0).random((2, side, side), np.float32)
    return 2 * side**3 / _seconds(lambda: a @ b)


def operations(layers: tuple[LayerRow, ...]) -> float:
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
        name: _seconds(lambda preset=preset: augment(faces, preset, random)) / len(faces) * 1e6  # type: ignore[misc]
        for name, preset in presets.items()
    }


def _seconds(work: Callable[[], object], runs: int = 5) -> float:
    times = []
    for _run in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def lines(report: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    shown = []
    for name, value in report.items():
        if isinstance(value, dict):
            shown += ["", name, *(f"{number:12,.2f}  {key}" for key, number in value.items())]
        else:
            shown.append(f"{value:12,.1f}  {name}")
    return shown
