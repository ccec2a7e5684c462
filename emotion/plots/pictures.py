"""The pictures of the lesson map, made from the real parts they stand for. All are rgb uint8 (270, 480, 3)."""

import cv2
import numpy as np

from emotion.cnn.classifier import Classifier
from emotion.dataset.sample import draw_face
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import astronaut
from emotion.labels import EMOTIONS, label_of
from emotion.live.annotate import annotate
from emotion.live.clip import clip_frame
from emotion.live.pipeline import FacePipeline
from emotion.plots.theme import BLUE, ORANGE

HEIGHT, WIDTH = 270, 480
_GROUND = (27, 34, 44)


def drawn_faces() -> np.ndarray:
    """Seven emotions as the practice set draws them."""
    random = np.random.default_rng(4)
    faces = [draw_face(EMOTIONS[place % 7].key, random) for place in range(28)]
    rows = [np.hstack([cv2.resize(face, (69, 68)) for face in faces[row : row + 7]]) for row in range(0, 28, 7)]
    return cv2.cvtColor(_cover(np.vstack(rows)), cv2.COLOR_GRAY2RGB)


def learning_curve(curve: list[dict[str, float]]) -> np.ndarray:
    """Accuracy on training and validation images over the epochs of a real run."""
    canvas = _canvas()
    for height in range(30, HEIGHT, 52):
        cv2.line(canvas, (24, height), (WIDTH - 24, height), (52, 62, 76), 1)
    for name, colour in (("accuracy", BLUE), ("val_accuracy", ORANGE)):
        values = np.array([row[name] for row in curve])
        x = np.linspace(32, WIDTH - 32, len(values))
        points = np.stack([x, HEIGHT - 24 - values * (HEIGHT - 48)], axis=1).astype(np.int32)
        cv2.polylines(canvas, [points], False, _rgb(colour), 4, cv2.LINE_AA)
        cv2.circle(canvas, points[-1].tolist(), 7, _rgb(colour), -1, cv2.LINE_AA)
    return canvas


def network_view(classifier: Classifier | None) -> np.ndarray:
    """A face as the network sees it, and its answer as bars."""
    canvas, gray = _canvas(), cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    crop = crop_face(gray, FaceDetector().detect(gray)[0], 48)
    canvas[23:247, 24:248] = cv2.resize(crop, (224, 224), interpolation=cv2.INTER_NEAREST)[..., np.newaxis]
    if classifier is not None:
        card = classifier.bundle.card
        for row, (key, share) in enumerate(zip(card.classes, classifier.predict(crop[np.newaxis])[0], strict=True)):
            top = 26 + row * 224 // len(card.classes)
            cv2.rectangle(canvas, (272, top), (456, top + 20), (44, 54, 68), -1)
            colour = _rgb(label_of(key, row).colour)
            cv2.rectangle(canvas, (272, top), (272 + max(3, round(184 * share)), top + 20), colour, -1)
    return canvas


def haar_features() -> np.ndarray:
    """An edge and a line feature of Viola and Jones on a face."""
    photo = cv2.cvtColor(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2RGB)
    x0, y0, x1, y1 = FaceDetector().detect(photo[..., 0])[0].astype(int)
    side = x1 - x0
    for fraction, colour in (((0.14, 0.26, 0.86, 0.40), (16, 20, 26)), ((0.14, 0.40, 0.86, 0.54), (255, 255, 255))):
        _tint(photo, (x0, y0), side, fraction, colour)
    for left, colour in ((0.32, (16, 20, 26)), (0.44, (255, 255, 255)), (0.56, (16, 20, 26))):
        _tint(photo, (x0, y0), side, (left, 0.58, left + 0.12, 0.84), colour)
    cv2.rectangle(photo, (x0, y0), (x1, y1), _rgb(ORANGE), 2, cv2.LINE_AA)
    return _cover(photo[max(0, y0 - 30) : y1 + 30, max(0, x0 - 90) : x1 + 90])


def live_frame(classifier: Classifier | None, language: str) -> np.ndarray:
    """A frame of the built-in clip as the Live page shows it."""
    frame = clip_frame(0.0)
    result = FacePipeline(FaceDetector(), [classifier] if classifier else []).process_still(frame)
    return _cover(cv2.cvtColor(annotate(frame, result, language), cv2.COLOR_BGR2RGB))


def kernels(weights: np.ndarray) -> np.ndarray:
    """First-layer kernels (3, 3, 1, N) of a network, from blue (negative) over gray to orange (positive)."""
    canvas, tile = _canvas(), 42
    scaled = np.clip(weights[:, :, 0] / np.abs(weights).max() * 1.4, -1, 1)[..., np.newaxis]
    middle, low, high = (np.array(colour, float) for colour in ((52, 62, 76), _rgb("#56B4E9"), _rgb("#E69F00")))
    colours = np.where(scaled < 0, middle + (middle - low) * scaled, middle + (high - middle) * scaled)
    for number in range(min(weights.shape[3], 50)):
        top, left = 12 + number // 10 * 50, 6 + number % 10 * 47
        kernel = colours[:, :, number].astype(np.uint8)
        canvas[top : top + tile, left : left + tile] = cv2.resize(kernel, (tile, tile), interpolation=cv2.INTER_NEAREST)
    return canvas


def _canvas() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), _GROUND, np.uint8)


def _cover(picture: np.ndarray) -> np.ndarray:
    """Scale and cut a picture so that it fills the card."""
    scale = max(HEIGHT / picture.shape[0], WIDTH / picture.shape[1])
    size = (max(WIDTH, round(picture.shape[1] * scale)), max(HEIGHT, round(picture.shape[0] * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    # Faces stand in the upper half of a picture.
    top, left = (scaled.shape[0] - HEIGHT) // 5, (scaled.shape[1] - WIDTH) // 2
    return scaled[top : top + HEIGHT, left : left + WIDTH]


def _tint(
    photo: np.ndarray,
    corner: tuple[int, int],
    side: int,
    box: tuple[float, float, float, float],
    colour: tuple[int, ...],
) -> None:
    left, top, right, bottom = (round(corner[i % 2] + side * box[i]) for i in range(4))
    region = photo[top:bottom, left:right]
    region[:] = (region * 0.3 + np.array(colour) * 0.7).astype(np.uint8)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
