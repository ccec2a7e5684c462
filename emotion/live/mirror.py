"""The emotion mirror: "make this face", and how well a model believes it over a few seconds."""

from collections.abc import Sequence

import numpy as np

from emotion.live.faces import FrameResult, Prediction

ROUNDS = 10
GET_READY = 3.0
"""Seconds in which nothing counts yet."""
HOLD = 4.0
"""Seconds of a round that count."""


class Round:
    """One face to make: what a model said of the emotion ``target`` over time, and the best picture of it."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.best: np.ndarray | None = None
        self.seconds: list[float] = []
        self.shares: list[float] = []

    def add(self, share: float, seconds: float, crop: np.ndarray | None) -> None:
        """Note the probability of the target at a time, and the face uint8 (H, W) that it was said of."""
        if crop is not None and share >= max(self.shares, default=0.0):
            self.best = crop
        self.seconds.append(seconds)
        self.shares.append(share)

    @property
    def score(self) -> int:
        """0 to 100: the mean probability over the time of the round, in percent. Without a face it is 0."""
        if len(self.seconds) < 2 or self.seconds[-1] <= self.seconds[0]:
            return round(100 * max(self.shares, default=0.0))
        length = self.seconds[-1] - self.seconds[0]
        return round(100 * float(np.trapezoid(self.shares, self.seconds)) / length)


def share_of(result: FrameResult, target: str, model: str) -> float:
    """The probability of the class ``target`` by the bundle called ``model`` for the largest face; 0 without one."""
    said = result.largest.predictions.get(model) if result.largest else None
    return believed(said, target) if said else 0.0


def believed(said: Prediction, target: str) -> float:
    """The probability of a class; 0 for one that the model does not know."""
    return float(said.probabilities[said.classes.index(target)]) if target in said.classes else 0.0


def draw_targets(classes: Sequence[str], random: np.random.Generator, count: int = ROUNDS) -> tuple[str, ...]:
    """``count`` classes in random order: every one as often as possible, and never the same one twice in a row."""
    targets: list[str] = []
    while len(targets) < count:
        turn = [classes[place] for place in random.permutation(len(classes))]
        if len(turn) > 1 and targets and targets[-1] == turn[0]:
            turn.append(turn.pop(0))
        targets += turn
    return tuple(targets[:count])
