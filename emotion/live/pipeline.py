"""From a frame to its faces: detect → track → crop → classify → smooth. Arrays in, plain data out.

The same pipeline serves the webcam, a photo, a video file and the benchmark.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from time import perf_counter

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier
from emotion.haar.crop import crop_face
from emotion.haar.detector import DECK, DetectorSettings, FaceDetector
from emotion.live.detection import FaceFinder
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.settings import DECK_LOOP, PipelineSettings
from emotion.live.tracking import Track, Tracker

LIVE_SCAN = DetectorSettings(scale_factor=1.2, min_neighbors=5, min_size=(40, 40))
"""``FaceDetector("frontalface_default", *LIVE_SCAN)``: sizes are in pixels of the frame.

Steps of 1.2 take half the time of 1.1; what falls between two of them, the next scan finds, at another size.
"""

_MOMENT = 1e-3  # Seconds by which the time of a frame may be off: 2/25 is not quite 0.08.
_FACES_AT_ONCE = 8  # Asked about in one frame; of more, those whose answers are the oldest.


class FacePipeline:
    """Find the faces of a frame and ask each classifier about them.

    ``detector``, ``classifiers`` and ``settings`` may be replaced between two frames; the faces keep their identity.
    Without classifiers it is detection alone. One thread at a time.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifiers: Sequence[Classifier] = (),
        settings: PipelineSettings | None = None,
    ) -> None:
        self.classifiers = tuple(classifiers)
        self.settings = settings or PipelineSettings()
        self._finder = FaceFinder(detector)
        self._tracker = Tracker()
        self._shape: tuple[int, ...] = ()
        self._problems: dict[str, Exception] = {}

    @property
    def detector(self) -> FaceDetector:
        """What finds the faces."""
        return self._finder.detector

    @detector.setter
    def detector(self, detector: FaceDetector) -> None:
        self._finder = FaceFinder(detector)

    def process(self, bgr: np.ndarray, timestamp: float) -> FrameResult:
        """The faces of the next frame of a stream: ``bgr`` uint8 (H, W, 3), ``timestamp`` in seconds, never smaller.

        Raises ValueError for anything but a uint8 colour frame.
        """
        if self.settings.mode == DECK_LOOP:
            return self._deck_loop(bgr, timestamp)
        clock = _Clock()
        with clock.stage("total"):
            gray = _gray(bgr)
            with clock.stage("detect"):
                tracks = self._follow(gray, timestamp)
            with clock.stage("classify"):
                self._ask(gray, tracks, timestamp)
        faces = tuple(
            Face(
                track.xyxy,
                track.track_id,
                dict(track.predictions),
                reach=track.reach(timestamp),
                seen=track.seen == timestamp,
            )
            for track in tracks
        )
        lately = tuple(track.reach(timestamp) for track in self._tracker.lately(timestamp))
        return FrameResult(faces, clock.milliseconds, dict(self._problems), lately)

    def process_still(self, bgr: np.ndarray) -> FrameResult:
        """The faces of one picture, looked for in full resolution; nothing is remembered. Argument as ``process``."""
        return self._without_memory(bgr)

    def _deck_loop(self, bgr: np.ndarray, timestamp: float) -> FrameResult:
        """The course's own loop: what it finds in this frame. Where it found faces is kept only so as to hide them."""
        result = self._without_memory(bgr, DECK)
        tracker = self._tracker_for(bgr)
        tracker.update(np.array([face.xyxy for face in result.faces]), timestamp)
        known = (*tracker.alive(timestamp), *tracker.lately(timestamp))
        missed = tuple(track.reach(timestamp) for track in known if track.seen < timestamp)
        return replace(result, lately=missed)

    def _without_memory(self, bgr: np.ndarray, scan: DetectorSettings | None = None) -> FrameResult:
        """One frame for itself: the course's own loop with its settings, or a still picture with the detector's."""
        clock = _Clock()
        with clock.stage("total"):
            gray = _gray(bgr)
            with clock.stage("detect"):
                boxes = self.detector.detect(gray, scan) if scan else self._finder.still(gray, self.settings.profile)
            with clock.stage("classify"):
                answers, problems = self._classify(gray, boxes, self.classifiers)
        faces = tuple(Face(box, row, answer) for row, (box, answer) in enumerate(zip(boxes, answers, strict=True)))
        return FrameResult(faces, clock.milliseconds, problems)

    def _follow(self, gray: np.ndarray, timestamp: float) -> list[Track]:
        """The faces in view, those that were found in this very frame marked as seen now."""
        tracker = self._tracker_for(gray)
        tracker.smoothing, tracker.patience = self.settings.smoothing, self.settings.patience
        known = sorted(tracker.alive(timestamp), key=lambda track: track.seen)
        boxes = self._finder.next(gray, [track.predicted(timestamp) for track in known], timestamp, self.settings)
        return tracker.update(boxes, timestamp)

    def _tracker_for(self, frame: np.ndarray) -> Tracker:
        if frame.shape[:2] != self._shape:  # Another resolution: boxes of the old one say nothing.
            self._shape, self._tracker = frame.shape[:2], self._tracker.renewed()
        return self._tracker

    def _ask(self, gray: np.ndarray, tracks: list[Track], timestamp: float) -> None:
        """Bring the faces' answers up to date: a new face is asked about by all models, the others by one a frame.

        By turns, and each no more often than every ``reading_interval``, because a network costs as much as all the
        rest of a frame, and a face does not change thirty times a second. A face that was missed in this frame keeps
        its last answer: its old box may show the wall by now.
        """
        names = tuple(each.bundle.card.name for each in self.classifiers)
        for track in tracks:
            track.keep_only(names)
        self._problems = {name: error for name, error in self._problems.items() if name in names}
        seen = [track for track in tracks if track.seen == timestamp]
        new = [track for track in seen if not track.answered.keys() >= set(names)][:_FACES_AT_ONCE]
        self._read(gray, new, self.classifiers, timestamp)
        classifier, due = self._next([track for track in seen if track not in new], timestamp)
        if classifier:
            self._read(gray, due[: _FACES_AT_ONCE - len(new)], [classifier], timestamp)

    def _next(self, tracks: list[Track], timestamp: float) -> tuple[Classifier | None, list[Track]]:
        """The model whose answer about one of these faces is the oldest, and the faces whose turn it is to be read."""
        latest = timestamp - self.settings.reading_interval + _MOMENT
        oldest, chosen, due = inf, None, list[Track]()
        for classifier in self.classifiers:
            name = classifier.bundle.card.name
            old = [track for track in tracks if track.answered.get(name, inf) <= latest]
            old.sort(key=lambda track: track.answered[name])
            if old and old[0].answered[name] < oldest:
                oldest, chosen, due = old[0].answered[name], classifier, old
        return chosen, due

    def _read(
        self, gray: np.ndarray, tracks: Sequence[Track], classifiers: Sequence[Classifier], timestamp: float
    ) -> None:
        """Ask about these faces. A model that fails is not asked again before its turn."""
        if not tracks:
            return
        answers, problems = self._classify(gray, [track.detected for track in tracks], classifiers)
        settings, names = self.settings, [each.bundle.card.name for each in classifiers]
        for track, answer in zip(tracks, answers, strict=True):
            track.smooth(answer, timestamp, settings.smoothing, settings.hysteresis, settings.unsure_below)
            track.answered |= dict.fromkeys(problems, timestamp)
        self._problems = {name: self._problems[name] for name in self._problems if name not in names} | problems

    def _classify(
        self, gray: np.ndarray, boxes: Sequence[np.ndarray] | np.ndarray, classifiers: Sequence[Classifier]
    ) -> tuple[list[dict[str, Prediction]], dict[str, Exception]]:
        """What each classifier, under its bundle's name, says of each box, asked once for all; and which ones failed.

        Models of one input size share the crops.
        """
        answers: list[dict[str, Prediction]] = [{} for _ in boxes]
        problems: dict[str, Exception] = {}
        crops: dict[int, np.ndarray] = {}
        for classifier in classifiers if answers else ():
            card = classifier.bundle.card
            size = card.input.height
            if size not in crops:
                crops[size] = np.stack([crop_face(gray, box, size) for box in boxes])
            try:
                for answer, probabilities in zip(answers, classifier.predict(crops[size]), strict=True):
                    answer[card.name] = Prediction(tuple(card.classes), probabilities)
            except Exception as error:  # noqa: BLE001  # One broken model must not stop the video and the other models.
                problems[card.name] = error
        return answers, problems


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
