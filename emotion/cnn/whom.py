"""Whom a model serves worse where no file name tells who is on it: groups by what other models and detectors say."""

from collections.abc import Callable

import cv2
import numpy as np

from emotion.cnn.bundle import find_bundle
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, faces_of, on_all_cores, share
from emotion.dataset.folder import Dataset
from emotion.haar.detector import FRONTAL, FaceDetector
from emotion.jobs import Progress

_ASKED = ("age", "gender")
_SIDE, _LARGE = 48, 192
"""Pixels of a face, and those to which it is enlarged: the cascades' windows are half as large as 48."""
_MARGIN = _LARGE // 4
FRONT, FROM_THE_SIDE, NOT_FOUND = "found from the front", "found from the side only", "not found"


def by_guess(
    dataset: Dataset, found: Evaluation, models: tuple[str, ...] = _ASKED, progress: Progress | None = None
) -> dict[str, Metric]:
    """The accuracy of ``found``, an evaluation on ``dataset``, on each group that has faces, with its interval.

    Groups are the answers of ``models``, names of bundles, as ``"age 10-19"``, and what Haar detection makes of the
    face: found by the cascade for frontal faces, by that for profiles alone, by neither. All of them err, so these
    groups overlap with the true ones and are not them. ``progress`` is told (faces looked at, faces in all). Raises
    UserError for a bundle that is not there.
    """
    groups: dict[str, np.ndarray] = {}
    for classifier in map(Classifier, map(find_bundle, models)):
        card = classifier.bundle.card
        faces = faces_of(found, dataset, card.input.height, card.input.width)
        answers = on_all_cores(classifier.predict, faces).argmax(axis=1)
        groups |= {f"{card.name} {key}": answers == place for place, key in enumerate(card.classes)}
    seen = _seen(faces_of(found, dataset, _SIDE, _SIDE), progress)
    groups |= {name: seen == name for name in (FRONT, FROM_THE_SIDE, NOT_FOUND)}
    right = found.answers == found.labels
    return {name: share(name, right[rows], found.split) for name, rows in groups.items() if rows.any()}


def _seen(faces: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Which of FRONT, FROM_THE_SIDE and NOT_FOUND each face uint8 (N, H, W) is, str (N,)."""
    front, profile = _finder(FRONTAL), _finder("profileface")
    seen = []
    for done, face in enumerate(faces, start=1):
        large = cv2.resize(face, (_LARGE, _LARGE), interpolation=cv2.INTER_LINEAR)
        wide = cv2.copyMakeBorder(large, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
        if front(wide):
            seen.append(FRONT)
        else:  # The cascade knows profiles that look to one side.
            seen.append(FROM_THE_SIDE if profile(wide) or profile(cv2.flip(wide, 1)) else NOT_FOUND)
        if progress:
            progress(done, len(faces))
    return np.array(seen)


def _finder(cascade: str) -> Callable[[np.ndarray], bool]:
    """Whether the cascade finds a face at least half as wide as the picture was before it got its margin."""
    detector = FaceDetector(cascade, min_size=(_LARGE // 2, _LARGE // 2))
    return lambda gray: bool(len(detector.detect(gray)))
