"""The built-in clip: a slow pan and zoom over a public-domain portrait, made frame by frame at run time.

The portrait is NASA's photo of the astronaut Eileen Collins, which scikit-image carries.
"""

from math import cos, sin, tau

import cv2
import numpy as np

from emotion.haar.photos import astronaut

PERIOD = 12.0
"""Seconds after which the clip begins again, without a jump."""

_CENTRE = (220.0, 125.0)  # Of the face, in the photo's 512×512 pixels (x, y); the face is about 105 of them wide.


def clip_frame(seconds: float, width: int = 640, height: int = 480) -> np.ndarray:
    """The clip at a time, as bgr uint8 (height, width, 3). The face is always in view."""
    photo = astronaut()
    angle = tau * seconds / PERIOD
    scale = height / 480 * (1.85 - 0.35 * cos(angle))
    x, y = _CENTRE[0] + 45 * sin(angle), _CENTRE[1] + 12 * sin(2 * angle)
    # The view stays inside the photo: at its edge it waits instead of showing what is not there.
    x = _inside(x, width / scale, photo.shape[1])
    y = _inside(y, height / scale, photo.shape[0])
    matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    return cv2.warpAffine(photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _inside(centre: float, extent: float, length: int) -> float:
    """``centre`` moved so that a view of ``extent`` around it lies within 0…``length``; the middle if it cannot."""
    return min(max(centre, extent / 2), length - extent / 2) if extent < length else length / 2
