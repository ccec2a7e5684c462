"""Draw what the pipeline found onto a frame: boxes, labels and bars in the classes' colours."""

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from emotion.labels import PALETTE, label_of, rgb
from emotion.live.detection import mirrored_boxes
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.fonts import text_mask, written_language
from emotion.live.settings import Look

DETECTION_COLOUR = PALETTE["yellow"]  # No emotion has it.
_NOTE_COLOUR = "#20262E"
_UNSURE_COLOUR = "#5F6B7A"
_UNSURE = {"en": "Unsure", "ko": "확실하지 않음"}
_YEARS = {"en": "{age} years", "ko": "{age}세"}
_LEAST = 11  # Pixels in height of what can still be read.
_MOSAIC = 8  # Squares across a face that must not be recognised.


def annotate(
    bgr: np.ndarray,
    result: FrameResult,
    language: str = "en",
    notes: Mapping[str, str] | None = None,
    look: Look | None = None,
) -> np.ndarray:
    """A copy of ``bgr`` uint8 (H, W, 3) with every face's box and, above it, a line for each model's answer.

    Age and gender share a line. ``language``: ``"en"`` or ``"ko"`` (English where the system has no font with Hangul).
    ``notes`` are remarks by bundle name, written into the bottom corner: what everyone who looks at the picture has to
    know. ``look``: mirror view, faces made unrecognisable, bars beside the largest face.
    """
    look = look or Look()
    picture = cv2.flip(bgr, 1) if look.mirror else bgr.copy()
    if look.mirror:
        result = _mirrored(result, bgr.shape[1])
    size = max(13, round(min(bgr.shape[:2]) / 24))
    language = written_language(language)
    for xyxy in (*(face.everywhere for face in result.faces), *result.lately) if look.blur else ():
        _hide(picture, xyxy)
    for face in result.faces:
        _draw_box(picture, face, max(2, size // 7))
        room = picture.shape[1] if len(result.faces) == 1 else round(float(face.xyxy[2] - face.xyxy[0]))
        _draw_lines(picture, face, size, room, language)
    if look.bars and result.largest:
        _draw_bars(picture, result.largest, max(12, size * 3 // 4), language)
    _draw_notes(picture, notes or {}, max(11, size * 3 // 4))
    return picture


def face_colour(face: Face) -> str:
    """The ``#RRGGBB`` of a face's box: its first model's answer, gray while unsure, yellow where no model was asked."""
    return next((_colour(prediction) for prediction in face.predictions.values()), DETECTION_COLOUR)


def _colour(prediction: Prediction) -> str:
    return _UNSURE_COLOUR if prediction.unsure else label_of(prediction.label, prediction.position).colour


def _mirrored(result: FrameResult, width: int) -> FrameResult:
    faces = (
        replace(face, xyxy=mirrored_boxes(face.xyxy, width)[0], reach=mirrored_boxes(face.everywhere, width)[0])
        for face in result.faces
    )
    lately = tuple(mirrored_boxes(xyxy, width)[0] for xyxy in result.lately)
    return replace(result, faces=tuple(faces), lately=lately)


def _hide(picture: np.ndarray, xyxy: np.ndarray) -> None:
    """Make a face unrecognisable: squares of its mean colours, which no filter can undo. Hair and chin go with it."""
    margin = 0.15 * (xyxy[2:] - xyxy[:2])
    left, top = np.maximum(0, xyxy[:2] - margin).astype(int)
    right, bottom = np.minimum(picture.shape[1::-1], np.ceil(xyxy[2:] + margin)).astype(int)
    if right > left and bottom > top:
        part = picture[top:bottom, left:right]
        squares = cv2.resize(part, (_MOSAIC, _MOSAIC), interpolation=cv2.INTER_AREA)
        part[:] = cv2.resize(squares, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def _draw_box(picture: np.ndarray, face: Face, thickness: int) -> None:
    x0, y0, x1, y1 = (int(value) for value in face.xyxy.round())
    cv2.rectangle(picture, (x0, y0), (x1, y1), rgb(face_colour(face))[::-1], thickness)


def _draw_lines(picture: np.ndarray, face: Face, size: int, room: int, language: str) -> None:
    """The labels stand above the box, below it where the frame ends, or inside it where there is no room at all.

    They are no wider than ``room``, so as not to cover a neighbour's, as long as they can be read: first they get
    smaller, then a model's name loses its beginning. What the picture has no room for is not drawn.
    """
    lines = list(_lines(face, language))
    widest = max((_tag(_steady(text), size, colour).shape[1] for text, colour in lines), default=1)
    size = max(min(size, _LEAST), min(size, size * room // widest))
    if room < picture.shape[1]:
        lines = [(_shortened(text, face.predictions, size, colour, room), colour) for text, colour in lines]
    tags = [tag for text, colour in lines if (tag := _tag(text, size, colour)).shape[1] <= picture.shape[1]]
    left, top, _, bottom = (int(value) for value in face.xyxy.round())
    height = sum(tag.shape[0] for tag in tags)
    below = bottom if bottom + height <= picture.shape[0] else max(0, top)
    y = top - height if top >= height else below
    for tag in tags:
        _paste(picture, tag, max(0, min(left, picture.shape[1] - tag.shape[1])), y)
        y += tag.shape[0]


def _steady(text: str) -> str:
    """A line as if all were sure: its size must not change, nor be looked for anew, with every new percentage."""
    return re.sub(r"\d+%", "100%", text)


def _shortened(text: str, names: Container[str], size: int, colour: str, room: int) -> str:
    """A line without the beginning of its model's name, as far as it is wider than ``room``; an answer stays whole."""
    name, dot, answer = text.rpartition(" · ")
    if name not in names:
        return text
    while name and _tag(name + dot + _steady(answer), size, colour).shape[1] > room:
        name = "…" + name.removeprefix("…")[1:] if len(name) > 2 else ""
    return name + dot + answer if name else answer


def _lines(face: Face, language: str) -> Iterator[tuple[str, str]]:
    """Text and colour of each line; models that could be taken for one another are told apart by their names."""
    alike = Counter(map(_kind, face.predictions.values()))
    person = []
    for name, prediction in face.predictions.items():
        start = f"{name} · " if alike[_kind(prediction)] > 1 else ""
        if _kind(prediction) != "other":
            person.append(start + _short(prediction, language))
        else:
            # Rounded to a whole percent: no eye reads more on a video, and the cached tags can serve again.
            share = "" if prediction.unsure else f" {prediction.probability:.0%}"
            yield f"{start}{_short(prediction, language)}{share}", _colour(prediction)
    if person:
        yield " · ".join(person), _NOTE_COLOUR


def _kind(prediction: Prediction) -> str:
    if prediction.age is not None:
        return "age"
    return "gender" if prediction.is_gender else "other"


def _short(prediction: Prediction, language: str) -> str:
    """An answer in a word: the class, or the expected age."""
    if prediction.unsure:
        return _UNSURE[language]
    if prediction.age is not None:
        return _YEARS[language].format(age=round(prediction.age))
    return label_of(prediction.label, prediction.position).name(language)


def _draw_bars(picture: np.ndarray, face: Face, size: int, language: str) -> None:
    """Every class's probability by the first model, beside the box where there is more room."""
    prediction = next(iter(face.predictions.values()), None)
    if prediction is None:
        return
    labels = [label_of(key, position) for position, key in enumerate(prediction.classes)]
    tags = [_tag(label.name(language), size, _NOTE_COLOUR) for label in labels]
    words, height, full = max(tag.shape[1] for tag in tags), tags[0].shape[0], 5 * size
    width = words + full + size // 2
    left, top, right, _bottom = (int(value) for value in face.xyxy.round())
    x = right + size // 2 if picture.shape[1] - right >= left else left - width - size // 2
    x = max(0, min(x, picture.shape[1] - width))
    y = max(0, min(top, picture.shape[0] - height * len(tags)))
    panel = picture[y : y + height * len(tags), x : x + width]
    panel[:] = panel // 3 + np.array([31, 26, 21], np.uint8)  # Dark, with a shine of what is behind.
    panel[:, :words] = rgb(_NOTE_COLOUR)[::-1]
    for label, tag, share in zip(labels, tags, prediction.probabilities, strict=True):
        _paste(picture, tag, x, y)
        end = x + words + max(1, round(full * float(share)))
        colour = rgb(label.colour)[::-1]
        cv2.rectangle(picture, (x + words, y + height // 5), (end, y + height * 4 // 5), colour, cv2.FILLED)
        y += height


def _draw_notes(picture: np.ndarray, notes: Mapping[str, str], size: int) -> None:
    bottom = picture.shape[0]
    for text in reversed([f"{name} · {note}" for name, note in notes.items()]):
        tag = _tag(text, size, _NOTE_COLOUR)
        bottom -= tag.shape[0]
        _paste(picture, tag, 0, bottom)


@lru_cache(maxsize=1024)
def _tag(text: str, size: int, colour: str) -> np.ndarray:
    """A filled label as bgr uint8 (h, w, 3): the text black or white, whichever stands out more from ``colour``.

    Cached, because Pillow takes as long for one line as OpenCV for the rest of the drawing.
    """
    background = np.array(rgb(colour)[::-1], np.float32)
    ink = np.full(3, 0 if _luminance(colour) > 0.179 else 255, np.float32)
    mask = np.pad(np.asarray(text_mask(text, size)), ((1, 1), (size // 3, size // 3)))
    weight = mask[..., None].astype(np.float32) / 255
    tag = (background + weight * (ink - background)).round().astype(np.uint8)
    tag.setflags(write=False)
    return tag


def _paste(picture: np.ndarray, tag: np.ndarray, left: int, top: int) -> None:
    target = picture[top : top + tag.shape[0], left : left + tag.shape[1]]
    target[:] = tag[: target.shape[0], : target.shape[1]]


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1); black has the better contrast on everything above 0.179."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
