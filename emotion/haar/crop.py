"""The one way a face is cut out of a picture: for importing, evaluating, live and collecting alike."""

import cv2
import numpy as np
from numpy.typing import ArrayLike


def crop_face(gray: np.ndarray, xyxy: ArrayLike, size: int, margin: float = 0.0) -> np.ndarray:
    """Cut a square face out of ``gray``, uint8 (H, W), and scale it: uint8 (``size``, ``size``).

    The square stands about the centre of the box ``xyxy`` (pixels, may reach out of the picture); its side is the
    box's longer side × (1 + 2 · ``margin``), so a margin of 0.1 adds a tenth of the face on every side. Side and
    corner are rounded to whole pixels, the side is 1 at least. Beyond the picture its edge is repeated. Shrinking
    averages (INTER_AREA), enlarging interpolates (INTER_LINEAR). Raises ValueError for a picture that is empty or of
    another shape or dtype, and for a box that is not finite or runs backwards.

    >>> crop_face(np.arange(16, dtype=np.uint8).reshape(4, 4), (1, 1, 3, 3), size=2)
    array([[ 5,  6],
           [ 9, 10]], dtype=uint8)
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or gray.size == 0:
        raise ValueError(f"gray must be uint8 (H, W) and not empty, not {gray.dtype} {gray.shape}")
    left, top, side = _square(np.asarray(xyxy, np.float64), margin)
    # Clipped indices repeat the picture's edge, however far out the square lies.
    rows = np.arange(top, top + side).clip(0, gray.shape[0] - 1)
    columns = np.arange(left, left + side).clip(0, gray.shape[1] - 1)
    square = gray[rows[:, None], columns]
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)


def _square(xyxy: np.ndarray, margin: float) -> tuple[int, int, int]:
    """Left, top and side of the square about a box, in whole pixels."""
    if xyxy.shape != (4,) or not np.isfinite(xyxy).all() or (xyxy[2:] < xyxy[:2]).any():
        raise ValueError(f"xyxy must be four finite numbers with x1 ≤ x2 and y1 ≤ y2, not {xyxy}")
    side = max(1, _nearest((xyxy[2:] - xyxy[:2]).max() * (1 + 2 * margin)))
    left, top = (xyxy[:2] + xyxy[2:] - side) / 2
    return _nearest(left), _nearest(top), side


def _nearest(value: float) -> int:
    # Not round(): halves to the even neighbour would make a moving square jump by two pixels.
    return int(np.floor(value + 0.5))
