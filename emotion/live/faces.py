"""What the live pipeline finds in a frame: data only, no drawing and no frame."""

from dataclasses import dataclass, field

import numpy as np

from emotion.labels import GENDERS, middle_ages


@dataclass(frozen=True, eq=False)
class Prediction:
    """One model's answer for one face: ``classes`` in output order and their float32 probabilities (K,), in 0…1.

    ``shown`` is the place of the class that is shown where it is not the most probable one, because a label must not
    flicker; ``unsure`` says that it is not probable enough to be believed. Raises ValueError where the parts do not
    belong together.

    >>> Prediction(("happy", "sad"), np.array([0.9, 0.1])).label
    'happy'
    >>> round(Prediction(("20-29", "30-39"), np.array([0.5, 0.5])).age)
    30
    """

    classes: tuple[str, ...]
    probabilities: np.ndarray
    shown: int | None = None
    unsure: bool = False

    def __post_init__(self) -> None:
        values = np.array(self.probabilities, np.float32)
        if not self.classes or values.shape != (len(self.classes),):
            raise ValueError(f"expected one probability for each of {self.classes}, received shape {values.shape}")
        if not (np.isfinite(values).all() and values.min() >= -1e-4 and values.max() <= 1 + 1e-4):
            raise ValueError(f"expected probabilities in 0…1, received {values}")
        if self.shown is not None and not 0 <= self.shown < len(self.classes):
            raise ValueError(f"expected a place in {self.classes}, received {self.shown}")
        values.setflags(write=False)  # Results cross threads: nobody may change what another one reads.
        object.__setattr__(self, "probabilities", values)

    @property
    def position(self) -> int:
        """The place in ``classes`` of the class that is shown: the most probable one, unless ``shown`` is another."""
        return int(self.probabilities.argmax()) if self.shown is None else self.shown

    @property
    def label(self) -> str:
        """The key of the class that is shown."""
        return self.classes[self.position]

    @property
    def probability(self) -> float:
        """The probability of ``label``."""
        return float(self.probabilities[self.position])

    @property
    def age(self) -> float | None:
        """The expected age in years where all classes are age groups such as 20-29 and 70+, None for others."""
        middles = middle_ages(self.classes)
        if middles is None:
            return None
        return float(np.dot(self.probabilities, middles) / max(float(self.probabilities.sum()), 1e-6))

    @property
    def is_gender(self) -> bool:
        """Whether the classes are the genders of the table of labels."""
        return set(self.classes) == {label.key for label in GENDERS}


@dataclass(frozen=True, eq=False)
class Face:
    """A face: its box ``xyxy`` float32 (4,) in pixels of the original frame, who it is, what each model says of it.

    ``track_id`` stays the same from frame to frame; ``predictions`` has a bundle's name as key, in the models' order.
    ``reach`` float32 (4,) holds all places where the face may be now, behind which a smooth box trails; without it the
    box itself. ``seen``: it was found in this very frame; one that was missed is shown for a while where it was before.
    Raises ValueError for a box that is none.
    """

    xyxy: np.ndarray
    track_id: int
    predictions: dict[str, Prediction] = field(default_factory=dict)
    reach: np.ndarray | None = None
    seen: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "xyxy", _box(self.xyxy))
        if self.reach is not None:
            object.__setattr__(self, "reach", _box(self.reach))

    @property
    def everywhere(self) -> np.ndarray:
        """``reach``, or the box where nothing more is known."""
        return self.xyxy if self.reach is None else self.reach

    @property
    def area(self) -> float:
        """The box's area in square pixels."""
        return float(np.prod(self.xyxy[2:] - self.xyxy[:2]))


def _box(xyxy: np.ndarray) -> np.ndarray:
    box = np.array(xyxy, np.float32)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] < box[:2]).any():
        raise ValueError(f"expected a box (x0, y0, x1, y1) with x0 ≤ x1 and y0 ≤ y1, received {xyxy}")
    box.setflags(write=False)
    return box


@dataclass(frozen=True, eq=False)
class FrameResult:
    """All faces of a frame and what each stage took, in milliseconds. Raises ValueError for a negative time.

    ``problems``: the models that could not answer, by bundle name, and why; the others did. ``lately``: boxes float32
    (4,) where faces were a moment ago that are not found now: whoever must not be recognised may still be there.
    """

    faces: tuple[Face, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    problems: dict[str, Exception] = field(default_factory=dict)
    lately: tuple[np.ndarray, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "faces", tuple(self.faces))
        if any(value < 0 for value in self.timings_ms.values()):
            raise ValueError(f"expected times of at least 0 ms, received {self.timings_ms}")

    @property
    def largest(self) -> Face | None:
        """The face with the largest box, most likely the person in front; None without faces."""
        return max(self.faces, key=lambda face: face.area, default=None)
