"""What the faces have said so far: the last minute for a timeline, and a whole session in a few hundred points.

Both stay as small as they are, however long the video runs.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from emotion.live.faces import Face, FrameResult

MINUTE = 60.0
_SAMPLES_A_SECOND = 5.0
_SAMPLES_AT_MOST = 9000  # A minute of ten faces and three models.
_POINTS = 400

# How pleasant an emotion is, from −1 to 1: its side of the horizontal axis in J. A. Russell's circumplex (1980).
_VALENCE = {"happy": 1.0, "surprise": 0.0, "neutral": 0.0, "angry": -1.0, "disgust": -1.0, "fear": -1.0, "sad": -1.0}


def valence(classes: tuple[str, ...], probabilities: np.ndarray) -> float | None:
    """Pleasant or unpleasant, −1 to 1, by the probabilities (K,) of emotions; None where a class is no emotion.

    >>> valence(("happy", "sad"), np.array([0.75, 0.25]))
    0.5
    """
    if not set(classes) <= set(_VALENCE):
        return None
    return float(np.dot(probabilities, [_VALENCE[key] for key in classes]))


@dataclass(frozen=True, eq=False)
class Sample:
    """What one model said of one face at one time (seconds)."""

    seconds: float
    track_id: int
    model: str
    classes: tuple[str, ...]
    probabilities: np.ndarray


class LastMinute:
    """The samples of the last minute, five a second for each face and model."""

    def __init__(self, seconds: float = MINUTE) -> None:
        self._seconds = seconds
        self._samples: deque[Sample] = deque(maxlen=_SAMPLES_AT_MOST)
        self._newest: dict[tuple[int, str], float] = {}

    def add(self, result: FrameResult, seconds: float) -> None:
        """Note the faces of a frame at its time."""
        while self._samples and self._samples[0].seconds < seconds - self._seconds:
            self._samples.popleft()
        self._newest = {key: at for key, at in self._newest.items() if at >= seconds - self._seconds}
        for face in result.faces:
            for name, prediction in face.predictions.items():
                key = face.track_id, name
                if seconds - self._newest.get(key, float("-inf")) >= 1 / _SAMPLES_A_SECOND - 1e-6:
                    self._newest[key] = seconds
                    values = prediction.probabilities
                    self._samples.append(Sample(seconds, face.track_id, name, prediction.classes, values))

    def samples(self) -> tuple[Sample, ...]:
        """All of them, oldest first."""
        return tuple(self._samples)


@dataclass(frozen=True, eq=False)
class ModelSummary:
    """What one model said in a whole session.

    ``mean`` float64 (K,): the mean probabilities. ``seconds`` float64 (P,) and ``curve`` float64 (P, K): the same over
    time, for a chart. ``valence``: −1 to 1, None for a model of something else than emotions.
    """

    classes: tuple[str, ...]
    mean: np.ndarray
    seconds: np.ndarray
    curve: np.ndarray
    valence: float | None


@dataclass(frozen=True, eq=False)
class SessionSummary:
    """A session: its length in ``seconds``, its ``frames``, those ``with_faces``, and the ``models`` by name."""

    seconds: float = 0.0
    frames: int = 0
    with_faces: int = 0
    most_faces: int = 0
    models: Mapping[str, ModelSummary] = field(default_factory=dict)


class SessionHistory:
    """Sums over time slices that grow twice as long when there are too many of them. It follows the largest face."""

    def __init__(self, points: int = _POINTS) -> None:
        self._points = points
        self._slice = 0.25  # Seconds.
        self._sums: dict[tuple[str, tuple[str, ...]], dict[int, np.ndarray]] = {}
        self._start: float | None = None
        self._seconds = 0.0
        self._frames = self._with_faces = self._most_faces = 0

    def add(self, result: FrameResult, seconds: float) -> None:
        """Note a frame at its time."""
        self._start = seconds if self._start is None else self._start
        self._seconds = seconds - self._start
        self._frames += 1
        self._with_faces += bool(result.faces)
        self._most_faces = max(self._most_faces, len(result.faces))
        if result.largest:
            self._add_face(result.largest)

    def _add_face(self, face: Face) -> None:
        while self._seconds >= self._slice * self._points:
            self._slice *= 2
            self._sums = {key: _halved(slices) for key, slices in self._sums.items()}
        place = int(self._seconds / self._slice)
        for name, prediction in face.predictions.items():
            slices = self._sums.setdefault((name, prediction.classes), {})
            # The last column counts.
            slices[place] = slices.get(place, 0) + np.append(prediction.probabilities.astype(np.float64), 1)

    def summary(self) -> SessionSummary:
        """The session so far."""
        models = {name: self._summary(classes, slices) for (name, classes), slices in self._sums.items()}
        return SessionSummary(self._seconds, self._frames, self._with_faces, self._most_faces, models)

    def _summary(self, classes: tuple[str, ...], slices: dict[int, np.ndarray]) -> ModelSummary:
        sums = np.array([slices[place] for place in sorted(slices)])
        mean = sums[:, :-1].sum(axis=0) / sums[:, -1].sum()
        moments = (np.array(sorted(slices)) + 0.5) * self._slice
        return ModelSummary(classes, mean, moments, sums[:, :-1] / sums[:, -1:], valence(classes, mean))


def _halved(slices: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    merged: dict[int, np.ndarray] = {}
    for place, values in slices.items():
        merged[place // 2] = merged.get(place // 2, 0) + values
    return merged
