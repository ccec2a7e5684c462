"""Faces that keep their identity from frame to frame, and values that move smoothly in between."""

from dataclasses import dataclass, field
from math import exp

import numpy as np

from emotion.live.faces import Prediction


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of each box of ``first`` (N, 4) with each of ``second`` (M, 4): float (N, M), 0…1.

    >>> iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2], [4, 4, 5, 5]])).round(2).tolist()
    [[0.33, 0.0]]
    """
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.clip(opposite - corner, 0, None).prod(axis=2)
    areas = (first[:, 2:] - first[:, :2]).prod(axis=1)[:, None] + (second[:, 2:] - second[:, :2]).prod(axis=1)
    return shared / np.maximum(areas - shared, 1e-9)


def blend(old: np.ndarray, new: np.ndarray, elapsed: float, time_constant: float) -> np.ndarray:
    """Exponential moving average by time, so that it is the same at 10 and at 30 frames a second.

    After ``time_constant`` seconds (``elapsed`` is in seconds too) 63 % of a jump are made; 0 gives ``new`` as it is.
    """
    weight = 1 - exp(-elapsed / time_constant) if time_constant > 0 else 1.0
    return old + weight * (new - old)


@dataclass(eq=False)
class Track:
    """One face over time. ``detected`` is the newest box as it was found, ``xyxy`` the smooth one; times in seconds."""

    track_id: int
    detected: np.ndarray
    xyxy: np.ndarray
    seen: float
    answered: float = 0.0
    predictions: dict[str, Prediction] = field(default_factory=dict)

    def smooth(self, answers: dict[str, Prediction], timestamp: float, time_constant: float) -> None:
        """Blend the models' new answers into the ones before; a model that no longer answers is forgotten."""
        smoothed = {}
        for name, new in answers.items():
            old = self.predictions.get(name, new)
            if old.classes != new.classes:  # The model was replaced by another one of the same name.
                old = new
            values = blend(old.probabilities, new.probabilities, timestamp - self.answered, time_constant)
            smoothed[name] = Prediction(new.classes, values)
        self.predictions, self.answered = smoothed, timestamp


class Tracker:
    """Greedy matching of boxes by IoU.

    A face that is not found stays for ``patience`` seconds, so that one missed detection does not make it blink.
    ``smoothing`` is the time constant in seconds, 0 for raw boxes.
    """

    def __init__(self, smoothing: float = 0.3, patience: float = 0.5, minimum_iou: float = 0.2) -> None:
        self.smoothing = smoothing
        self.patience = patience
        self.minimum_iou = minimum_iou
        self._tracks: list[Track] = []
        self._next_id = 0

    def update(self, boxes: np.ndarray, timestamp: float) -> list[Track]:
        """Take a frame's boxes (N, 4); give every face alive now, oldest first. ``seen`` is now for those found."""
        # Before matching: after a longer absence nothing says that it is the same person.
        self._tracks = [track for track in self._tracks if timestamp - track.seen <= self.patience]
        found = {row: track for track, row in self._matches(boxes)}
        for row, box in enumerate(np.asarray(boxes, np.float32)):
            if row in found:
                self._move(found[row], box, timestamp)
            else:
                self._tracks.append(Track(self._next_id, box, box, timestamp))
                self._next_id += 1
        return list(self._tracks)

    def _matches(self, boxes: np.ndarray) -> list[tuple[Track, int]]:
        """Pairs of a track and a row of ``boxes``: the best overlap first, each at most once."""
        if not self._tracks or not len(boxes):
            return []
        overlaps = iou(np.stack([track.detected for track in self._tracks]), boxes)
        pairs = []
        for _ in range(min(overlaps.shape)):
            index, row = np.unravel_index(overlaps.argmax(), overlaps.shape)
            if overlaps[index, row] < self.minimum_iou:
                break
            pairs.append((self._tracks[index], int(row)))
            overlaps[index], overlaps[:, row] = -1, -1
        return pairs

    def _move(self, track: Track, box: np.ndarray, timestamp: float) -> None:
        # A box may lag far less than a label: at the full time constant it would trail behind a moving head.
        track.xyxy = blend(track.xyxy, box, timestamp - track.seen, self.smoothing / 4)
        track.detected, track.seen = box, timestamp
