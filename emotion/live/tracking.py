"""Faces that keep their identity from frame to frame, and values that move smoothly in between."""

from dataclasses import dataclass, field
from math import exp

import numpy as np

from emotion.haar.boxes import covered, iou
from emotion.live.faces import Prediction
from emotion.live.settings import PipelineSettings

_HIDDEN_FOR = 3.0  # Seconds that a face may stay behind another one.
_REMEMBERED = 2.0  # Seconds in which one that comes back at its place is taken for the same: glasses cost detections.
_VELOCITY_TIME = 0.3  # Seconds over which the motion is averaged: boxes tremble by a few pixels.
_KNOWN_AFTER = 3  # Times that a face is found before it is waited for: a wall that looks like one rarely does so often.
_SURE_AGAIN = 0.05  # So much over the threshold makes a label sure again, or "unsure" itself would flicker.


def blend(old: np.ndarray, new: np.ndarray, elapsed: float, time_constant: float) -> np.ndarray:
    """Exponential moving average by time, so that it is the same at 10 and at 30 frames a second.

    After ``time_constant`` seconds (``elapsed`` is in seconds too) 63 % of a jump are made; 0 gives ``new`` as it is.
    """
    weight = 1 - exp(-elapsed / time_constant) if time_constant > 0 else 1.0
    return old + weight * (new - old)


@dataclass(eq=False)
class Track:
    """One face over time. ``detected`` is the newest box as it was found, ``xyxy`` the smooth one; times in seconds.

    ``velocity`` is the centre's, in pixels a second. ``found``: in how many frames it was found. ``hidden``: another
    face is in front of it.
    """

    track_id: int
    detected: np.ndarray
    xyxy: np.ndarray
    seen: float
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2, np.float32))
    found: int = 1
    hidden: bool = False
    answered: dict[str, float] = field(default_factory=dict)
    predictions: dict[str, Prediction] = field(default_factory=dict)

    def predicted(self, timestamp: float) -> np.ndarray:
        """Where its box should be by now if it moves on as it did, float32 (4,)."""
        shift = self.velocity * (timestamp - self.seen)
        return (self.detected + np.tile(shift, 2)).astype(np.float32)

    def reach(self, timestamp: float) -> np.ndarray:
        """A box around its smooth box, the one found last, and where it should be by now, float32 (4,)."""
        boxes = np.stack([self.xyxy, self.detected, self.predicted(timestamp)])
        return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])

    def smooth(
        self,
        answers: dict[str, Prediction],
        timestamp: float,
        time_constant: float,
        hysteresis: float = 0.0,
        unsure_below: float = 0.0,
    ) -> None:
        """Blend the models' new answers into the ones before, and decide which label is shown.

        The label stays until another class is more probable by ``hysteresis``, and is unsure where it is less probable
        than ``unsure_below``.
        """
        for name, new in answers.items():
            old = self.predictions.get(name)
            if old is None or old.classes != new.classes:  # Another model of the same name has taken its place.
                old = Prediction(new.classes, new.probabilities, int(new.probabilities.argmax()))
            elapsed = timestamp - self.answered.get(name, timestamp)
            values = blend(old.probabilities, new.probabilities, elapsed, time_constant)
            self.predictions[name] = _steady(old, values, hysteresis, unsure_below)
            self.answered[name] = timestamp

    def keep_only(self, names: tuple[str, ...]) -> None:
        """Forget the models that are no longer asked, and put the others in the order of ``names``."""
        self.predictions = {name: self.predictions[name] for name in names if name in self.predictions}
        self.answered = {name: self.answered[name] for name in names if name in self.answered}


def _steady(old: Prediction, values: np.ndarray, hysteresis: float, unsure_below: float) -> Prediction:
    best, shown = int(values.argmax()), old.position
    if values[best] - values[shown] > hysteresis or (not hysteresis and best != shown):
        shown = best
    threshold = unsure_below + _SURE_AGAIN if old.unsure and unsure_below else unsure_below
    return Prediction(old.classes, values, shown, bool(values[shown] < threshold))


class Tracker:
    """Matches boxes to faces by IoU with where each should be by its motion, the best pairs in all (H. W. Kuhn, 1955).

    A face that is not found stays for ``patience`` seconds, so that one missed detection does not make it blink, and
    keeps its number for a while longer; a new one is not waited for. One that vanished behind another face is looked
    out for longer still: two people who cross keep their identity.
    ``smoothing`` is the time constant in seconds, 0 for raw boxes.
    """

    def __init__(
        self,
        smoothing: float = PipelineSettings.smoothing,
        patience: float = PipelineSettings.patience,
        minimum_iou: float = 0.2,
    ) -> None:
        self.smoothing = smoothing
        self.patience = patience
        self.minimum_iou = minimum_iou
        self._tracks: list[Track] = []
        self._next_id = 0
        self._now = float("-inf")  # Of the last frame.

    def renewed(self) -> "Tracker":
        """One without faces, which gives none of this one's numbers again."""
        other = Tracker(self.smoothing, self.patience, self.minimum_iou)
        other._next_id = self._next_id
        return other

    def alive(self, timestamp: float) -> list[Track]:
        """The faces that are shown now, oldest first."""
        return [track for track in self._tracks if self._is_alive(track, timestamp)]

    def lately(self, timestamp: float) -> list[Track]:
        """The faces that are no longer shown, but were there a moment ago."""
        missing = [track for track in self._tracks if not self._is_alive(track, timestamp)]
        return [track for track in missing if timestamp - track.seen <= _REMEMBERED]

    def update(self, boxes: np.ndarray, timestamp: float) -> list[Track]:
        """Take a frame's boxes (N, 4); give every face alive now, oldest first. ``seen`` is now for those found."""
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        # Before matching: after a longer absence nothing says that it is the same person.
        self._tracks = [track for track in self._tracks if self._is_kept(track, timestamp)]
        found = self._matches(boxes, timestamp)
        for row, box in enumerate(boxes):
            if row in found:
                self._move(found[row], box, timestamp)
            else:
                self._tracks.append(Track(self._next_id, box, box, timestamp))
                self._next_id += 1
        self._note_hidden(timestamp)
        self._now = timestamp
        return self.alive(timestamp)

    def _is_alive(self, track: Track, timestamp: float) -> bool:
        waited_for = track.found >= _KNOWN_AFTER or track.seen >= self._now
        return waited_for and timestamp - track.seen <= self.patience

    def _is_kept(self, track: Track, timestamp: float) -> bool:
        return timestamp - track.seen <= (_HIDDEN_FOR if track.hidden else max(self.patience, _REMEMBERED))

    def _matches(self, boxes: np.ndarray, timestamp: float) -> dict[int, Track]:
        """The track of each row of ``boxes`` that has one; a row that fits none may be a face that was hidden."""
        if not self._tracks or not len(boxes):
            return {}
        # A motion is not believed for longer than the face is shown without being found.
        places = [track.predicted(min(timestamp, track.seen + self.patience)) for track in self._tracks]
        overlaps = iou(np.stack(places), boxes)
        usable = np.where(overlaps >= self.minimum_iou, overlaps, 0)
        found = {row: self._tracks[index] for index, row in _pairs(usable)}
        for track in self._tracks:
            if track.hidden and track not in found.values():
                far = {row: _distance(track, boxes[row], timestamp) for row in range(len(boxes)) if row not in found}
                near = [row for row in far if _fits(track, boxes[row], far[row])]
                if near:
                    found[min(near, key=far.__getitem__)] = track
        return found

    def _move(self, track: Track, box: np.ndarray, timestamp: float) -> None:
        elapsed = timestamp - track.seen
        if elapsed > 0:
            velocity = (_centre(box) - _centre(track.detected)) / elapsed
            track.velocity = blend(track.velocity, velocity, elapsed, _VELOCITY_TIME)
        # A box may lag far less than a label: at the full time constant it would trail behind a moving head.
        track.xyxy = blend(track.xyxy, box, elapsed, self.smoothing / 4)
        track.detected, track.seen, track.hidden = box, timestamp, False
        track.found += 1

    def _note_hidden(self, timestamp: float) -> None:
        """Say of each face that was just missed whether one that was found stands in front of it."""
        found = [track.detected for track in self._tracks if track.seen == timestamp]
        for track in self._tracks if found else ():
            if track.seen < timestamp and not track.hidden:
                track.hidden = bool(covered(track.predicted(timestamp)[None], np.stack(found)).max() > 0.3)


def _pairs(overlaps: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns of the pairs whose overlaps add up to the most, each row and column once; none without overlap.

    Most frames leave no choice. SciPy is imported where one does: it takes forty megabytes and half a second.
    """
    fits = overlaps > 0
    if fits.sum(axis=0).max() <= 1 and fits.sum(axis=1).max() <= 1:
        rows, columns = fits.nonzero()
    else:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(-overlaps)
    return [(row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if fits[row, column]]


def _fits(track: Track, box: np.ndarray, distance: float) -> bool:
    """Whether a box can be that of a face that was hidden: near to where it should be, and of about its size."""
    side, other = (float((each[2:] - each[:2]).mean()) for each in (track.detected, box))
    return 0.6 < side / max(other, 1e-6) < 1.7 and distance < 1.5 * side


def _distance(track: Track, box: np.ndarray, timestamp: float) -> float:
    return float(np.linalg.norm(_centre(track.predicted(timestamp)) - _centre(box)))


def _centre(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2
