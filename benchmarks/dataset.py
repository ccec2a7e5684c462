"""How fast a dataset opens, loads and is examined; beside the course's loop and Keras' own loader.

Files are read once before anything is timed, so that every contestant finds them in the system's cache. Each figure is
the median of several runs.
"""

import os
import shutil
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np

from emotion.dataset.doctor import Thresholds, examine
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.library import folder_stamp
from emotion.dataset.pixels import files_key, load_kept
from emotion.homes import cache_folder

RUNS = 3
TINY_TREE = 300_000


def compare(data: str, tiny_tree: int = TINY_TREE) -> dict[str, Any]:
    """Time everything on the dataset folder ``data``; seconds, and how many times faster than the course's loop."""
    dataset = open_dataset(data)
    for path in dataset.everything.paths:
        (dataset.root / path).read_bytes()
    with tempfile.TemporaryDirectory() as home, patch.dict(os.environ, EMOTION_HOME=home):
        return _report(dataset, tiny_tree)


def _report(dataset: Dataset, tiny_tree: int) -> dict[str, Any]:
    files = dataset.everything
    deck = _seconds(lambda: deck_loop(dataset.root, dataset.splits))
    first = statistics.median(_first_load(dataset) for _run in range(RUNS))
    kept = load_kept(dataset.root, files)
    check = _seconds(lambda: files_key(dataset.root, files.paths))
    cached = _seconds(lambda: int(load_kept(dataset.root, files).pixels[-1, -1, -1])) - check
    through = _seconds(lambda: int(kept.pixels.sum()))
    index = _seconds(lambda: open_dataset(dataset.root))
    doctor = _seconds(lambda: examine(dataset, Thresholds()), runs=1)
    return {
        "images": len(files.paths),
        "cores": os.cpu_count(),
        "seconds": {
            "course's loop: listdir + imread + resize": deck,
            "keras.utils.image_dataset_from_directory": _seconds(lambda: keras_loader(dataset.root), runs=1),
            "index": index,
            "unchanged folder reopened": _seconds(lambda: folder_stamp(dataset.root)),
            "first full load": first,
            "load from the cache": cached,
            "  the check for changed files": check,
            "  every cached pixel read": through,
            "doctor, first time": doctor,
            "doctor, again": _seconds(lambda: examine(dataset, Thresholds()), runs=1),
        },
        "times faster than the course's loop": {
            "index": deck / index,
            "first full load": deck / first,
            "load from the cache": deck / cached,
            "load from the cache, every pixel read": deck / (cached + through),
        },
        "tiny tree": _tiny_tree(tiny_tree) if tiny_tree else None,
    }


def _first_load(dataset: Dataset) -> float:
    """Seconds for all images of a dataset that was not loaded before, the copy for the next time included."""
    shutil.rmtree(cache_folder(), ignore_errors=True)
    return _seconds(lambda: load_kept(dataset.root, dataset.everything), runs=1)


def deck_loop(root: Path, splits: dict[str, Any]) -> np.ndarray:
    """The course's loading loop: every file by ``cv2.imread``, resized to 48 × 48, one after the other."""
    images = []
    for split in splits:
        for label in os.listdir(root / split):
            for name in os.listdir(root / split / label):
                image = cv2.imread(f"{root}/{split}/{label}/{name}", cv2.IMREAD_GRAYSCALE)
                images.append(cv2.resize(image, (48, 48)))  # type: ignore[arg-type]
    return np.array(images)


def keras_loader(root: Path) -> int:
    """Keras' own loader over the same splits, every batch fetched; the images it gave."""
    import keras

    count = 0
    for split in sorted(path for path in root.iterdir() if path.is_dir()):
        batches = keras.utils.image_dataset_from_directory(
            split, color_mode="grayscale", image_size=(48, 48), batch_size=64, shuffle=False, verbose=False
        )
        count += sum(len(labels) for _images, labels in batches)
    return count


def _tiny_tree(files: int) -> dict[str, float]:
    """Index a made-up tree of ``files`` empty images: seconds, and what the index holds in memory."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for label in range(10):
            path = root / "train" / f"class {label}"
            path.mkdir(parents=True)
            for number in range(files // 10):
                os.close(os.open(path / f"{number:06d}.png", os.O_CREAT))
        seconds = _seconds(lambda: open_dataset(root), runs=1)
        tracemalloc.start()
        opened = open_dataset(root)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        per = len(opened.everything.paths) / 100_000
        return {
            "files": files,
            "seconds": seconds,
            "MB held per 100,000 files": held / 1e6 / per,
            "MB at the peak per 100,000 files": peak / 1e6 / per,
        }


def _seconds(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _run in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def lines(report: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    shown = [f"{report['images']:,} images, {report['cores']} cores"]
    shown += [f"{value:9.3f} s  {name}" for name, value in report["seconds"].items()]
    shown += [f"{value:8.1f} ×  {name}" for name, value in report["times faster than the course's loop"].items()]
    if tree := report["tiny tree"]:
        shown += [f"{value:11,.1f}  {name}" for name, value in tree.items()]
    return shown
