"""One picture: its faces as the network sees them, and the answers (the deck's "predict one test file")."""

from dataclasses import dataclass

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.live.faces import Prediction
from emotion.live.pipeline import FacePipeline


@dataclass(frozen=True, eq=False)
class StillFace:
    """A face of a picture: ``crop`` uint8 (H, W) as fed to the network, ``xyxy`` float32 (4,) or None for all of it."""

    crop: np.ndarray
    prediction: Prediction
    xyxy: np.ndarray | None


def read_picture(bgr: np.ndarray, classifier: Classifier) -> list[StillFace]:
    """Find, crop and classify the faces of a picture uint8 (H, W, 3), the largest first.

    Where no face is found, the whole picture is taken for one; so is, without looking, a picture that is at most twice
    as large as the network's input. A data set's image is nothing but face, and in it the detector finds, one time in
    four, a smaller face that is none.
    """
    card = classifier.bundle.card
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    small = max(gray.shape) <= 2 * max(card.input.height, card.input.width)
    found = () if small else FacePipeline(FaceDetector(), [classifier]).process_still(bgr).faces
    if not found:
        crop = crop_face(gray, np.array([0, 0, *gray.shape[::-1]], np.float32), card.input.height)
        return [StillFace(crop, Prediction(card.classes, classifier.predict(crop[np.newaxis])[0]), None)]
    largest_first = sorted(found, key=lambda face: -face.area)
    return [
        StillFace(crop_face(gray, face.xyxy, card.input.height), face.predictions[card.name], face.xyxy)
        for face in largest_first
    ]
