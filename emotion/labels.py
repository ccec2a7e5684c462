"""The one table of emotions, and the names and colours of every other class."""

from dataclasses import dataclass


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


# Alphabetical, as folders are listed: the order of a network's outputs. The colours are Okabe and Ito's palette for
# colour-blind eyes ("Color Universal Design", 2008), which reads on white and on black.
EMOTIONS = (
    Label("angry", "Angry", "분노", "#D55E00"),
    Label("disgust", "Disgust", "혐오", "#009E73"),
    Label("fear", "Fear", "공포", "#CC79A7"),
    Label("happy", "Happy", "행복", "#E69F00"),
    Label("neutral", "Neutral", "중립", "#8A8A8A"),
    Label("sad", "Sad", "슬픔", "#0072B2"),
    Label("surprise", "Surprise", "놀람", "#56B4E9"),
)
GENDERS = (Label("female", "Female", "여성", "#CC79A7"), Label("male", "Male", "남성", "#0072B2"))

_BY_KEY = {label.key: label for label in EMOTIONS + GENDERS}
_SPARE_COLOURS = tuple(label.colour for label in EMOTIONS)


def label_of(key: str, position: int = 0) -> Label:
    """The label of a class key; a key the table does not know keeps its own name and gets a colour by ``position``.

    >>> label_of("sad").korean
    '슬픔'
    >>> label_of("glasses", 1).colour
    '#009E73'
    """
    return _BY_KEY.get(key) or Label(key, key, key, _SPARE_COLOURS[position % len(_SPARE_COLOURS)])


def colours(classes: tuple[str, ...]) -> dict[str, str]:
    """The colour of each class key, in order."""
    return {key: label_of(key, position).colour for position, key in enumerate(classes)}
