"""How a model does on worse pictures than it was measured on: dark, blurred, small, turned, covered, cut out badly."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from emotion.cnn.alter import Alteration, alter
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, faces_of, on_all_cores
from emotion.dataset.folder import Dataset
from emotion.jobs import Progress

_COVER = 128


def _small(face: np.ndarray) -> np.ndarray:
    """What a face a quarter as wide leaves: 12 pixels of 48."""
    height, width = face.shape
    few = cv2.resize(face, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)


def _covered(face: np.ndarray, top: float, bottom: float) -> np.ndarray:
    """The face with a gray bar over all its width, from ``top`` to ``bottom`` in shares of the height."""
    covered, height = face.copy(), face.shape[0]
    covered[round(top * height) : round(bottom * height)] = _COVER
    return covered


HARDSHIPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "dark": lambda face: alter(face, Alteration(brightness=-85, contrast=30)),
    "flat": lambda face: alter(face, Alteration(contrast=30)),
    "blurred": lambda face: alter(face, Alteration(blur=2)),
    "small": _small,
    "turned": lambda face: alter(face, Alteration(rotation=20)),
    "off centre": lambda face: alter(face, Alteration(shift_x=5, shift_y=3)),
    "eyes covered": lambda face: _covered(face, 0.25, 0.5),
    "mouth covered": lambda face: _covered(face, 0.65, 0.95),
}
"""What happens to a face uint8 (H, W), drawn for 48 × 48 pixels: a fixed amount of each, none of it drawn by chance."""


def in_hardship(
    classifier: Classifier, dataset: Dataset, found: Evaluation, progress: Progress | None = None
) -> dict[str, Metric]:
    """The accuracy on the images of ``found``, made worse in each way of ``HARDSHIPS``, with its interval.

    ``found`` is ``classifier``'s evaluation on ``dataset``; its labels count as true. ``progress`` is told
    (ways done, ways in all).
    """
    spec = classifier.bundle.card.input
    faces = faces_of(found, dataset, spec.height, spec.width)
    metrics = {}
    for done, (name, worsen) in enumerate(HARDSHIPS.items(), start=1):
        answers = on_all_cores(classifier.predict, np.stack([worsen(face) for face in faces]))
        metrics[name] = replace(replace(found, probabilities=answers).accuracy, name=name)
        if progress:
            progress(done, len(HARDSHIPS))
    return metrics
