"""What the live pipeline finds in a frame: data only, no drawing and no frame."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Prediction:
    """One model's answer for one face: ``classes`` in output order and their float32 probabilities (K,), in 0…1.

    Raises ValueError where the two do not belong together.

    >>> Prediction(("happy", "sad"), np.array([0.9, 0.1])).label
    'happy'
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        values = np.array(self.probabilities, np.float32)
        if not self.classes or values.shape != (len(self.classes),):
            raise ValueError(f"expected one probability for each of {self.classes}, received shape {values.shape}")
        if not (np.isfinite(values).all() and values.min() >= -1e-4 and values.max() <= 1 + 1e-4):
            raise ValueError(f"expected probabilities in 0…1, received {values}")
        values.setflags(write=False)  # Results cross threads: nobody may change what another one reads.
        object.__setattr__(self, "probabilities", values)

    @property
    def position(self) -> int:
        """The place of the most probable class in ``classes``."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """The key of the most probable class."""
        return self.classes[self.position]

    @property
    def probability(self) -> float:
        """The probability of ``label``."""
        return float(self.probabilities[self.position])


@dataclass(frozen=True, eq=False)
class Face:
    """A face: its box ``xyxy`` float32 (4,) in pixels of the original frame, who it is, what each model says of it.

    ``track_id`` stays the same from frame to frame; ``predictions`` has a bundle's name as key, in the models' order.
    Raises ValueError for a box that is none.
    """

    xyxy: np.ndarray
    track_id: int
    predictions: dict[str, Prediction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        box = np.array(self.xyxy, np.float32)
        if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] < box[:2]).any():
            raise ValueError(f"expected a box (x0, y0, x1, y1) with x0 ≤ x1 and y0 ≤ y1, received {self.xyxy}")
        box.setflags(write=False)
        object.__setattr__(self, "xyxy", box)

    @property
    def area(self) -> float:
        """The box's area in square pixels."""
        return float(np.prod(self.xyxy[2:] - self.xyxy[:2]))


@dataclass(frozen=True, eq=False)
class FrameResult:
    """All faces of a frame and what each stage took, in milliseconds. Raises ValueError for a negative time."""

    faces: tuple[Face, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "faces", tuple(self.faces))
        if any(value < 0 for value in self.timings_ms.values()):
            raise ValueError(f"expected times of at least 0 ms, received {self.timings_ms}")

    @property
    def largest(self) -> Face | None:
        """The face with the largest box, most likely the person in front; None without faces."""
        return max(self.faces, key=lambda face: face.area, default=None)
