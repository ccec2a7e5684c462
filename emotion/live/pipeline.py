"""From a frame to its faces: detect → track → crop → classify → smooth. Arrays in, plain data out.

The same pipeline serves the webcam, a photo, a video file and the benchmark.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier
from emotion.haar.crop import crop_face
from emotion.haar.detector import DetectorSettings, FaceDetector
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.tracking import Tracker

LIVE_SCAN = DetectorSettings(scale_factor=1.2, min_neighbors=5, min_size=(30, 30))
"""``FaceDetector("frontalface_default", *LIVE_SCAN)``, for reduced frames: 30 pixels are an eleventh of the width.

Steps of 1.2 take half the time of 1.1 and lose nothing on a steady face.
"""


class FacePipeline:
    """Find the faces of a frame and ask each classifier about them.

    ``detector`` and ``classifiers`` may be replaced between two frames; the faces keep their identity. Without
    classifiers it is detection alone. ``detection_size``: frames are reduced to this longer side, in pixels, to look
    for faces. ``smoothing``: time constant of boxes and probabilities, in seconds. One thread at a time.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifiers: Sequence[Classifier] = (),
        detection_size: int = 320,
        smoothing: float = 0.3,
        patience: float = 0.5,
    ) -> None:
        self.detector = detector
        self.classifiers = tuple(classifiers)
        self.detection_size = detection_size
        self.tracker = Tracker(smoothing, patience)

    def process(self, bgr: np.ndarray, timestamp: float) -> FrameResult:
        """The faces of the next frame of a stream: ``bgr`` uint8 (H, W, 3), ``timestamp`` in seconds, never smaller.

        Raises ValueError for anything but a uint8 colour frame.
        """
        clock = _Clock()
        with clock.stage("total"):
            gray = _gray(bgr)
            with clock.stage("detect"):
                boxes = self._detect_reduced(gray)
            tracks = self.tracker.update(boxes, timestamp)
            # A face that was missed in this frame keeps its last answer: its old box may show the wall by now.
            seen = [track for track in tracks if track.seen == timestamp]
            with clock.stage("classify"):
                answers = self._classify(gray, [track.detected for track in seen])
            for track, answer in zip(seen, answers, strict=True):
                track.smooth(answer, timestamp, self.tracker.smoothing)
        faces = tuple(Face(track.xyxy, track.track_id, track.predictions) for track in tracks)
        return FrameResult(faces, clock.milliseconds)

    def process_still(self, bgr: np.ndarray) -> FrameResult:
        """The faces of one picture, looked for in full resolution; nothing is remembered. Argument as ``process``."""
        clock = _Clock()
        with clock.stage("total"):
            gray = _gray(bgr)
            with clock.stage("detect"):
                boxes = self.detector.detect(gray)
            with clock.stage("classify"):
                answers = self._classify(gray, boxes)
        faces = tuple(Face(box, row, answer) for row, (box, answer) in enumerate(zip(boxes, answers, strict=True)))
        return FrameResult(faces, clock.milliseconds)

    def _detect_reduced(self, gray: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) in pixels of ``gray``, found on a reduced copy: for a quarter of the time."""
        scale = min(1.0, self.detection_size / max(gray.shape))
        height, width = (max(1, round(side * scale)) for side in gray.shape)
        boxes = self.detector.detect(cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA))
        return boxes * np.array([gray.shape[1] / width, gray.shape[0] / height] * 2, np.float32)

    def _classify(self, gray: np.ndarray, boxes: Sequence[np.ndarray] | np.ndarray) -> list[dict[str, Prediction]]:
        """What each classifier, under its bundle's name, says of each box; it is asked once for all faces."""
        answers: list[dict[str, Prediction]] = [{} for _ in boxes]
        for classifier in self.classifiers if answers else ():
            card = classifier.bundle.card
            crops = np.stack([crop_face(gray, box, card.input.height) for box in boxes])
            for answer, probabilities in zip(answers, classifier.predict(crops), strict=True):
                answer[card.name] = Prediction(tuple(card.classes), probabilities)
        return answers


def _gray(bgr: np.ndarray) -> np.ndarray:
    if bgr.dtype != np.uint8 or bgr.ndim != 3 or bgr.shape[2] != 3 or not bgr.size:
        raise ValueError(f"expected a frame uint8 (H, W, 3), received {bgr.dtype} {bgr.shape}")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)


class _Clock:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.milliseconds[name] = (perf_counter() - start) * 1000
