"""The pictures of the lesson map, from what they show to rgb uint8 (270, 480, 3)."""

from collections.abc import Sequence

import cv2
import numpy as np

from emotion.labels import PALETTE, label_of, rgb
from emotion.live.faces import Prediction
from emotion.plots.theme import BLUE, ORANGE

HEIGHT, WIDTH = 270, 480
_GROUND, _LINE, _BAR = (27, 34, 44), (52, 62, 76), (44, 54, 68)
_BLACK, _WHITE = (16, 20, 26), (255, 255, 255)


def face_grid(faces: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of seven gray faces uint8 (H, W)."""
    tiles = [cv2.resize(face, (69, 68)) for face in faces]
    rows = [np.hstack(tiles[first : first + 7]) for first in range(0, len(tiles), 7)]
    return cv2.cvtColor(cover(np.vstack(rows)), cv2.COLOR_GRAY2RGB)


def learning_curve(curve: Sequence[dict[str, float]]) -> np.ndarray:
    """Accuracy on training and validation images over the epochs of a run: RGB, uint8 (H, W, 3)."""
    canvas = _canvas()
    for height in range(30, HEIGHT, 52):
        cv2.line(canvas, (24, height), (WIDTH - 24, height), _LINE, 1)
    for name, colour in (("accuracy", BLUE), ("val_accuracy", ORANGE)):
        values = np.array([row[name] for row in curve])
        x = np.linspace(32, WIDTH - 32, len(values))
        points = np.stack([x, HEIGHT - 24 - values * (HEIGHT - 48)], axis=1).astype(np.int32)
        cv2.polylines(canvas, [points], False, rgb(colour), 4, cv2.LINE_AA)
        cv2.circle(canvas, points[-1].tolist(), 7, rgb(colour), -1, cv2.LINE_AA)
    return canvas


def network_view(crop: np.ndarray, prediction: Prediction | None) -> np.ndarray:
    """A face uint8 (H, W) as the network sees it, and its answer as bars."""
    canvas = _canvas()
    canvas[23:247, 24:248] = cv2.resize(crop, (224, 224), interpolation=cv2.INTER_NEAREST)[..., np.newaxis]
    if prediction is None:
        return canvas
    step = 224 / len(prediction.classes)
    for row, (key, share) in enumerate(zip(prediction.classes, prediction.probabilities, strict=True)):
        top = round(26 + row * step)
        bottom = top + min(20, round(step * 0.7))
        cv2.rectangle(canvas, (272, top), (456, bottom), _BAR, -1)
        colour = rgb(label_of(key, row).colour)
        cv2.rectangle(canvas, (272, top), (272 + max(3, round(184 * float(share))), bottom), colour, -1)
    return canvas


def haar_features(gray: np.ndarray, xyxy: np.ndarray) -> np.ndarray:
    """An edge and a line feature of Viola and Jones on the face ``xyxy`` (4,) of a picture uint8 (H, W)."""
    photo = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    x0, y0, x1, y1 = (int(value) for value in xyxy)
    side = x1 - x0
    for fraction, colour in (((0.14, 0.26, 0.86, 0.40), _BLACK), ((0.14, 0.40, 0.86, 0.54), _WHITE)):
        _tint(photo, (x0, y0), side, fraction, colour)
    for left, colour in ((0.32, _BLACK), (0.44, _WHITE), (0.56, _BLACK)):
        _tint(photo, (x0, y0), side, (left, 0.58, left + 0.12, 0.84), colour)
    cv2.rectangle(photo, (x0, y0), (x1, y1), rgb(ORANGE), 2, cv2.LINE_AA)
    return cover(photo[max(0, y0 - 30) : y1 + 30, max(0, x0 - 90) : x1 + 90])


def kernels(weights: np.ndarray) -> np.ndarray:
    """A layer's kernels (h, w, channels, N) on its first channel, blue (negative) over gray to orange (positive)."""
    canvas, tile = _canvas(), 42
    scaled = np.clip(weights[:, :, 0] / max(np.abs(weights).max(), 1e-9) * 1.4, -1, 1)[..., np.newaxis]
    ends = (_LINE, rgb(PALETTE["sky blue"]), rgb(PALETTE["orange"]))
    middle, low, high = (np.array(colour, float) for colour in ends)
    colours = np.where(scaled < 0, middle + (middle - low) * scaled, middle + (high - middle) * scaled)
    for number in range(min(weights.shape[3], 50)):
        top, left = 12 + number // 10 * 50, 6 + number % 10 * 47
        kernel = colours[:, :, number].astype(np.uint8)
        canvas[top : top + tile, left : left + tile] = cv2.resize(kernel, (tile, tile), interpolation=cv2.INTER_NEAREST)
    return canvas


def cover(picture: np.ndarray) -> np.ndarray:
    """Scale and cut a picture, uint8 (H, W) or (H, W, 3), so that it fills the card."""
    scale = max(HEIGHT / picture.shape[0], WIDTH / picture.shape[1])
    size = (max(WIDTH, round(picture.shape[1] * scale)), max(HEIGHT, round(picture.shape[0] * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    # Faces stand in the upper half of a picture.
    top, left = (scaled.shape[0] - HEIGHT) // 5, (scaled.shape[1] - WIDTH) // 2
    return scaled[top : top + HEIGHT, left : left + WIDTH]


def _canvas() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), _GROUND, np.uint8)


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
