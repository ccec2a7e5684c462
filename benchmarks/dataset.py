"""How fast a dataset opens, loads and is examined; beside the course's loop and Keras' own loader.

Files are read once before anything is timed, so that every contestant finds them in the system's cache. Each figure is
the median of several runs.
"""

import os
import shutil
import statistics
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.timing import seconds
from emotion.dataset.doctor import examine
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.library import folder_stamp, remember
from emotion.dataset.pixels import Images, kept_file, load_kept, read_kept
from emotion.homes import REPOSITORY, cache_folder

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
    deck = seconds(lambda: deck_loop(dataset.root, dataset.splits), RUNS)
    ours = _ours(dataset)
    ratios = ("index", "first full load, copy kept", "load from the cache, every pixel read")
    return {
        "images": len(dataset.everything.paths),
        "cores": os.cpu_count(),
        "seconds": {
            "course's loop: listdir + imread + resize": deck,
            "keras.utils.image_dataset_from_directory": seconds(lambda: keras_loader(dataset.root)),
            **ours,
        },
        "times faster than the course's loop": {name: deck / ours[name] for name in ratios},
        "tiny tree": _tiny_tree(tiny_tree) if tiny_tree else None,
    }


def _ours(dataset: Dataset) -> dict[str, float]:
    files, size = dataset.everything, (48, 48)
    first = statistics.median(_first_load(dataset) for _run in range(RUNS))
    kept = kept_file(dataset.root, files, size)
    return {
        "index": seconds(lambda: open_dataset(dataset.root), RUNS),
        "unchanged folder reopened": seconds(lambda: folder_stamp(dataset.root), RUNS),
        "first full load, copy kept": first,
        "check for changed files": seconds(lambda: kept_file(dataset.root, files, size), RUNS),
        "load from the cache, every pixel read": seconds(lambda: int(_images(kept, dataset).pixels.sum()), RUNS),
        "doctor, first time": seconds(lambda: examine(dataset)),
        "doctor, again": seconds(lambda: examine(dataset), RUNS),
        "the page's script, first view of a known dataset": page_view(dataset),
    }


def _images(file: Path, dataset: Dataset) -> Images:
    images = read_kept(file, dataset.everything)
    assert images is not None, "the copy is there: it was just written"
    return images


def page_view(dataset: Dataset) -> float:
    """Seconds that the server takes for the Dataset page of a dataset it knows but has not shown since its start."""
    remember(dataset.root)
    start = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=120).run()  # What every page imports.
    st.cache_resource.clear()
    st.cache_data.clear()
    taken = seconds(lambda: start.switch_page("pages/dataset.py").run())
    assert not start.exception, start.exception
    return taken


def _first_load(dataset: Dataset) -> float:
    """Seconds for all images of a dataset that was not loaded before, the copy for the next time included."""
    shutil.rmtree(cache_folder(), ignore_errors=True)
    return seconds(lambda: load_kept(dataset.root, dataset.everything))


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
        taken = seconds(lambda: open_dataset(root))
        tracemalloc.start()
        opened = open_dataset(root)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        per = len(opened.everything.paths) / 100_000
        return {
            "files": files,
            "seconds": taken,
            "MB held per 100,000 files": held / 1e6 / per,
            "MB at the peak per 100,000 files": peak / 1e6 / per,
            "seconds of the page's script": page_view(opened),
        }


def lines(report: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    shown = [f"{report['images']:,} images, {report['cores']} cores"]
    shown += [f"{value:9.3f} s  {name}" for name, value in report["seconds"].items()]
    shown += [f"{value:8.1f} ×  {name}" for name, value in report["times faster than the course's loop"].items()]
    if tree := report["tiny tree"]:
        shown += [f"{value:11,.1f}  {name}" for name, value in tree.items()]
    return shown
