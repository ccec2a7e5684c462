"""How fast the glass box is; beside a plain Python loop, scikit-image and OpenCV on the same pictures.

The loop looks at one window after the other, feature by feature, as a textbook would write it; it is timed on some
windows of the same scan and extrapolated, and has to give the same stage for each. Medians of several runs.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import psutil

from benchmarks.haar_page import redraws
from benchmarks.timing import lines as lines
from benchmarks.timing import seconds as time_of
from emotion.haar.cascade import Cascade, open_cascade
from emotion.haar.detector import FaceDetector
from emotion.haar.feature_bank import FeatureBank
from emotion.haar.features import KINDS, Feature
from emotion.haar.integral import integral_image, rectangle_sum
from emotion.haar.lesson import prepare
from emotion.haar.patches import Patches, lfw_patches
from emotion.haar.photos import webcam_still
from emotion.haar.scan import Scan

_LOOPED_WINDOWS = 2000
_SKIMAGE_PATCHES = 5
_RUNS = 5


def compare() -> dict[str, Any]:
    """Measure everything; seconds and ratios."""
    gray = cv2.cvtColor(webcam_still(), cv2.COLOR_BGR2GRAY)
    machine = {"cores": os.cpu_count(), "load average of the last minute": psutil.getloadavg()[0]}
    return {**machine, **_scan(gray), **_values(), **_boosting(), **_answers(gray), **redraws()}


def _scan(gray: np.ndarray) -> dict[str, Any]:
    cascade = open_cascade()
    found = cascade.scan(gray, 1.1)
    seconds = time_of(lambda: cascade.scan(gray, 1.1), _RUNS)
    looped = _loop(cascade, found) / _LOOPED_WINDOWS * len(found.reached)
    detector = FaceDetector(min_neighbors=0)
    return {
        "scan of 640×480 at 1.1, windows": len(found.reached),
        "scan, seconds": seconds,
        "scan by a plain loop (extrapolated), seconds": looped,
        "scan, times as fast as the loop": looped / seconds,
        "scan by OpenCV, which records nothing, seconds": time_of(lambda: detector.detect(gray), _RUNS),
    }


def _loop(cascade: Cascade, scan: Scan) -> float:
    """Seconds for _LOOPED_WINDOWS windows, one by one."""
    images = [(integral_image(layer.gray), integral_image(layer.gray.astype(int) ** 2)) for layer in scan.layers]
    windows = np.random.default_rng(0).choice(len(scan.reached), _LOOPED_WINDOWS, replace=False).tolist()
    places = []
    for window in windows:
        number = scan.layer_of(window)
        row, column = divmod(window - int(scan.firsts[number]), scan.layers[number].shape[1])
        places.append((*images[number], row * scan.layers[number].step, column * scan.layers[number].step))
    start = time.perf_counter()
    reached = [_look_at_one(cascade, *place) for place in places]
    seconds = time.perf_counter() - start
    assert reached == scan.reached[windows].tolist(), "the loop has to say the same"
    return seconds


def _look_at_one(cascade: Cascade, integral: np.ndarray, squares: np.ndarray, top: int, left: int) -> int:
    """How many stages one window passes, −1 without contrast."""
    inner = top + 1, left + 1, cascade.height - 2, cascade.width - 2
    area = inner[2] * inner[3]
    spread = area * rectangle_sum(squares, *inner) - rectangle_sum(integral, *inner) ** 2
    if spread <= 0 or area / spread**0.5 >= 0.1:
        return -1
    norm = np.float32(1 / spread**0.5)
    for number, stage in enumerate(cascade.stages):
        total = 0.0
        for (node,), leaves in ((weak.nodes, weak.leaves) for weak in stage.weak):
            value = 0.0
            for (row, column, height, width), weight in cascade.features[node.feature].rectangles:
                value += weight * rectangle_sum(integral, top + row, left + column, height, width)
            total += leaves[0 if np.float32(value) * norm < node.threshold else 1]
        if total < stage.threshold:
            return number
    return len(cascade.stages)


def _values() -> dict[str, Any]:
    from skimage.feature import haar_like_feature

    gray = np.concatenate([patches.gray for patches in lfw_patches()])
    bank = FeatureBank(24, 24)
    seconds = time_of(lambda: bank.values(Patches(gray)), _RUNS)
    integrals = [integral_image(patch)[1:, 1:] for patch in gray[:_SKIMAGE_PATCHES]]
    theirs = time_of(lambda: [haar_like_feature(integral, 0, 0, 24, 24) for integral in integrals], 3)
    theirs *= len(gray) / _SKIMAGE_PATCHES
    return {
        "feature values of a 24×24 patch": len(bank),
        "values of 200 patches, seconds": seconds,
        "values by haar_like_feature (extrapolated from 5 patches), seconds": theirs,
        "values, times as fast as haar_like_feature": theirs / seconds,
    }


def _boosting() -> dict[str, float]:
    faces, others = lfw_patches()
    start = time.perf_counter()
    # Of 102 each two are held out, so that 100 faces and 100 others are learnt from.
    lesson = prepare(*(Patches(np.concatenate([some.gray, some.gray[:2]])) for some in (faces, others)), held_out=0.02)
    first = time.perf_counter() - start
    done = tuple(lesson.rounds(3))
    assert len(lesson.train) == 200
    return {
        "AdaBoost on 100 + 100 patches, sorting, seconds": first,
        "AdaBoost, a round over all features, seconds": time_of(lambda: lesson.next(done), _RUNS),
    }


def _answers(gray: np.ndarray) -> dict[str, Any]:
    faces, others = lfw_patches()
    feature = Feature(KINDS["four"], 3, 3, 5, 5)
    tilted = Feature(KINDS["tilted_three_beside"], 0, 0, 3, 3)
    cascade = open_cascade()
    scan = cascade.scan(gray, 1.1)
    window = int(scan.windows_at(330, 150)[0])
    moves: dict[str, Callable[[], object]] = {
        "integral image of the photo": lambda: integral_image(gray),
        "response map of a feature": lambda: feature.responses(gray),
        "response map of a tilted feature": lambda: tilted.responses(gray),
        "values on faces and others": lambda: (faces.values(feature), others.values(feature)),
        "a window explained": lambda: cascade.explain(scan, window),
        "heat map": lambda: replace(scan).heat,
    }
    return {
        "what a slider or click asks for, milliseconds": {
            name: 1000 * time_of(ask, _RUNS) for name, ask in moves.items()
        }
    }
