"""Draw what the pipeline found onto a frame: boxes and labels in the emotions' colours."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import cv2
import numpy as np

from emotion.labels import PALETTE, label_of, rgb
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.fonts import text_mask, written_language

DETECTION_COLOUR = PALETTE["yellow"]  # No emotion has it.
_NOTE_COLOUR = "#20262E"


def annotate(
    bgr: np.ndarray, result: FrameResult, language: str = "en", notes: Mapping[str, str] | None = None
) -> np.ndarray:
    """A copy of ``bgr`` uint8 (H, W, 3) with every face's box and, above it, a line for each model's answer.

    ``language``: ``"en"`` or ``"ko"`` (English where the system has no font with Hangul). ``notes`` are remarks by
    bundle name, written into the bottom corner: what everyone who looks at the picture has to know.
    """
    picture = bgr.copy()
    size = max(13, round(min(bgr.shape[:2]) / 24))
    language = written_language(language)
    for face in result.faces:
        _draw_box(picture, face, max(2, size // 7))
        _draw_lines(picture, face, size, language)
    bottom = picture.shape[0]
    for text in reversed([f"{name} · {note}" for name, note in (notes or {}).items()]):
        tag = _tag(text, max(11, size * 3 // 4), _NOTE_COLOUR)
        bottom -= tag.shape[0]
        _paste(picture, tag, 0, bottom)
    return picture


def face_colour(face: Face) -> str:
    """The ``#RRGGBB`` of a face's box: its first model's answer, yellow where no model was asked."""
    return next((_colour(prediction) for prediction in face.predictions.values()), DETECTION_COLOUR)


def _colour(prediction: Prediction) -> str:
    return label_of(prediction.label, prediction.position).colour


def _draw_box(picture: np.ndarray, face: Face, thickness: int) -> None:
    x0, y0, x1, y1 = (int(value) for value in face.xyxy.round())
    cv2.rectangle(picture, (x0, y0), (x1, y1), rgb(face_colour(face))[::-1], thickness)


def _draw_lines(picture: np.ndarray, face: Face, size: int, language: str) -> None:
    """The labels stand above the box, or inside it where the frame ends."""
    tags = [_tag(text, size, colour) for text, colour in _lines(face, language)]
    left, top = (int(value) for value in face.xyxy[:2].round())
    y = top - sum(tag.shape[0] for tag in tags)
    y = y if y >= 0 else max(0, top)
    for tag in tags:
        _paste(picture, tag, max(0, min(left, picture.shape[1] - tag.shape[1])), y)
        y += tag.shape[0]


def _lines(face: Face, language: str) -> Iterable[tuple[str, str]]:
    """Text and colour of each line; with several models each line begins with its model's name."""
    for name, prediction in face.predictions.items():
        label = label_of(prediction.label, prediction.position).name(language)
        # Rounded to a whole percent: no eye reads more on a video, and the cached tags can serve again.
        text = f"{label} {prediction.probability * 100:.0f} %"
        yield (f"{name} · {text}" if len(face.predictions) > 1 else text), _colour(prediction)


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
