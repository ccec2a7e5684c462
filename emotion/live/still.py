"""One picture: its faces as the network sees them, and the answers (the deck's "predict one test file")."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.pipeline import FacePipeline


@dataclass(frozen=True, eq=False)
class StillFace:
    """A face of a picture: ``crop`` uint8 (H, W) as fed to the network, ``xyxy`` float32 (4,) or None for all of it."""

    crop: np.ndarray
    prediction: Prediction
    xyxy: np.ndarray | None


def read_picture(bgr: np.ndarray, classifier: Classifier) -> list[StillFace]:
    """Find, crop and classify the faces of a picture uint8 (H, W, 3), the largest first; see ``read_faces``."""
    card, gray = classifier.bundle.card, cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    faces, whole = read_faces(bgr, [classifier])
    return [
        StillFace(
            crop_face(gray, face.xyxy, card.input.height), face.predictions[card.name], None if whole else face.xyxy
        )
        for face in faces
    ]


def is_small(bgr: np.ndarray, side: int) -> bool:
    """Whether a picture uint8 (H, W, 3) is at most twice as large as a network's input of ``side`` pixels."""
    return max(bgr.shape[:2]) <= 2 * side


def read_faces(bgr: np.ndarray, classifiers: Sequence[Classifier]) -> tuple[tuple[Face, ...], bool]:
    """What models of different names say of the faces of a picture uint8 (H, W, 3), the largest first.

    Where no face is found, the whole picture is taken for one, which the second value says; so is, without looking, a
    picture that ``is_small``. A data set's image is nothing but face, and in it the
    detector finds, one time in four, a smaller face that is none. Raises what a model raises that can't answer.
    """
    side = max((max(each.bundle.card.input.height, each.bundle.card.input.width) for each in classifiers), default=0)
    found = FrameResult() if is_small(bgr, side) else FacePipeline(FaceDetector(), classifiers).process_still(bgr)
    for problem in found.problems.values():
        raise problem
    if found.faces or not classifiers:
        return tuple(sorted(found.faces, key=lambda face: -face.area)), False
    gray, box = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.array([0, 0, *bgr.shape[1::-1]], np.float32)
    answers = {}
    for classifier in classifiers:
        card = classifier.bundle.card
        crop = crop_face(gray, box, card.input.height)
        answers[card.name] = Prediction(card.classes, classifier.predict(crop[np.newaxis])[0])
    return (Face(box, 0, answers),), True
