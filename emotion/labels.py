"""The one table of emotions, and the names and colours of every other class."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emotion.i18n import language

_LAST_AGE_SPAN = 20  # "70+" stands for 70 to 90: few are older.

# Okabe and Ito's palette for colour-blind eyes ("Color Universal Design", 2008), which reads on white and on black.
PALETTE = {
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}


def rgb(colour: str) -> tuple[int, int, int]:
    """``#RRGGBB`` as red, green and blue, 0 to 255; back to front it is what OpenCV wants.

    >>> rgb("#E69F00")
    (230, 159, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@dataclass(frozen=True)
class Label:
    """A class as people see it: folder ``key``, English and Korean name, ``#RRGGBB`` colour."""

    key: str
    english: str
    korean: str
    colour: str

    def name(self, language: str = "en") -> str:
        """The name in ``language``, ``"en"`` or ``"ko"``."""
        return self.korean if language == "ko" else self.english


# Alphabetical, as folders are listed: the order of a network's outputs.
EMOTIONS = (
    Label("angry", "Angry", "분노", PALETTE["vermilion"]),
    Label("disgust", "Disgust", "혐오", PALETTE["green"]),
    Label("fear", "Fear", "공포", PALETTE["purple"]),
    Label("happy", "Happy", "행복", PALETTE["orange"]),
    Label("neutral", "Neutral", "중립", "#8A8A8A"),
    Label("sad", "Sad", "슬픔", PALETTE["blue"]),
    Label("surprise", "Surprise", "놀람", PALETTE["sky blue"]),
)
GENDERS = (Label("female", "Female", "여성", PALETTE["purple"]), Label("male", "Male", "남성", PALETTE["blue"]))

_BY_KEY = {label.key: label for label in EMOTIONS + GENDERS}
_BY_KOREAN = {label.korean: label.colour for label in EMOTIONS + GENDERS}
# Three more, which stay apart from the seven and read on white and on black.
_SPARE_COLOURS = (*(label.colour for label in EMOTIONS), "#B5A100", "#7E57C2", "#6D4C41")


def label_of(key: str, position: int = 0) -> Label:
    """The label of a class key; a key the table does not know keeps its own name and gets a colour by ``position``.

    >>> label_of("sad").korean
    '슬픔'
    >>> label_of("glasses", 1).colour
    '#009E73'
    """
    colour = _BY_KOREAN.get(key) or _SPARE_COLOURS[position % len(_SPARE_COLOURS)]
    return _BY_KEY.get(key) or Label(key, key, key, colour)


def names_of(classes: tuple[str, ...], language: str = "en") -> list[str]:
    """The names of classes in order, no two alike: a folder of one's own may be called as an emotion is.

    >>> names_of(("sad", "Sad", "x"))
    ['Sad (sad)', 'Sad (Sad)', 'x']
    """
    names = [label_of(key, position).name(language) for position, key in enumerate(classes)]
    return [name if names.count(name) == 1 else f"{name} ({key})" for name, key in zip(names, classes, strict=True)]


def class_names(classes: tuple[str, ...]) -> list[str]:
    """``names_of`` the classes in the reader's language."""
    return names_of(classes, language())


def listed(classes: Sequence[str]) -> str:
    """Class keys in a sentence: all of them, or the first few where there are many.

    >>> listed(("happy", "sad")), listed(tuple("abcdefghi"))
    ('happy, sad', 'a, b, c, d, e, … (9)')
    """
    few = classes if len(classes) <= len(EMOTIONS) else [*classes[:5], f"… ({len(classes)})"]
    return ", ".join(few)


@lru_cache(maxsize=64)
def middle_ages(classes: tuple[str, ...]) -> np.ndarray | None:
    """The middle of each age group in years, float64 (K,); None unless all classes are age groups.

    >>> middle_ages(("00-02", "70+")).tolist()
    [1.5, 80.0]
    """
    found = [re.fullmatch(r"(\d{1,3})(?:-(\d{1,3})|\+)", key) for key in classes]
    # 20-29 ends with the last day before the thirtieth birthday.
    pairs = [(int(m[1]), int(m[2]) + 1 if m[2] else int(m[1]) + _LAST_AGE_SPAN) for m in found if m]
    return np.array(pairs, np.float64).mean(axis=1) if len(pairs) == len(classes) else None


def colours(classes: tuple[str, ...]) -> dict[str, str]:
    """The colour of each class key, in order."""
    return {key: label_of(key, position).colour for position, key in enumerate(classes)}
