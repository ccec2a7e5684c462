"""How often the shown label changes on a face about which the model is in two minds."""

import statistics
from itertools import pairwise

import cv2
import numpy as np

from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.haar.detector import FaceDetector
from emotion.live.clip import clip_frame
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.settings import PipelineSettings


def flicker(bundle: Bundle, frames: int) -> dict[str, float]:
    """Label changes a second on a steady face with noise, between two emotions: raw, and as the Live page shows it."""
    still, raw = _ambiguous(Classifier(bundle)), PipelineSettings(reading_interval=0, smoothing=0, hysteresis=0)
    changes = {}
    for name, settings in (("raw", raw), ("smooth", PipelineSettings())):
        pipeline, random = _pipeline(Classifier(bundle), settings), np.random.default_rng(0)
        labels = [_label(pipeline, _noisy(still, random), number / 30) for number in range(frames)]
        known = [label for label in labels if label]
        changes[name] = sum(a != b for a, b in pairwise(known)) / (frames / 30)
    return changes


def _pipeline(classifier: Classifier, settings: PipelineSettings | None = None) -> FacePipeline:
    return FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), [classifier], settings)


def _noisy(frame: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return np.clip(frame + random.normal(0, 12, frame.shape), 0, 255).astype(np.uint8)


def _label(pipeline: FacePipeline, frame: np.ndarray, seconds: float) -> str | None:
    face = pipeline.process(frame, seconds).largest
    return next((said.label for said in face.predictions.values()), None) if face else None


def _ambiguous(classifier: Classifier) -> np.ndarray:
    """The clip's face half-way to a darker, blurred and turned one of which the network says something else.

    Half-way is where it says the one as often as the other once there is noise; found by halving.
    """
    plain, random = clip_frame(0).astype(np.float32), np.random.default_rng(1)

    def says(frame: np.ndarray) -> str | None:
        labels = [
            _label(_pipeline(classifier, PipelineSettings(smoothing=0)), _noisy(frame, random), 0) for _ in range(5)
        ]
        return statistics.mode(labels)

    first = says(plain)
    for other in map(_spoiled, range(40)):
        if says(other) not in {first, None}:
            near, far = 0.0, 1.0
            for _ in range(7):
                middle = (near + far) / 2
                blended = (1 - middle) * plain + middle * other
                near, far = (middle, far) if says(blended) == first else (near, middle)
            return (1 - far) * plain + far * other
    return plain


def _spoiled(number: int) -> np.ndarray:
    """The clip's first frame, darker, blurred and turned, each number in another way."""
    matrix = cv2.getRotationMatrix2D((320, 240), (number % 5 - 2) * 5, 1)
    frame = cv2.warpAffine(clip_frame(0), matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    return cv2.GaussianBlur(frame, (0, 0), 3 + number % 7 * 1.5).astype(np.float32) * (1 - number % 3 * 0.25)
