"""Faces in a picture file, for ``emotion detect``."""

from pathlib import Path

import click
import cv2
import numpy as np

from emotion.haar.detector import FaceDetector, check_size
from emotion.haar.photos import read_scaled

_LONGEST = 4096  # Pixels of a picture's longer side: larger ones take tens of seconds.


def find_faces(detector: FaceDetector, path: Path) -> np.ndarray:
    """Boxes, float32 (N, 4) ``xyxy``, in the file's own pixels; a large picture is scaled down, which is noted.

    Raises UserError for a file that is no picture, or one smaller than the detector's window.
    """
    photo = read_scaled(path, _LONGEST)
    gray = cv2.cvtColor(photo.bgr, cv2.COLOR_BGR2GRAY)
    check_size(gray, detector.window, str(path))
    if photo.scaled:
        click.echo(f"{path} was scaled down to {gray.shape[1]} × {gray.shape[0]} pixels for the search.", err=True)
    return detector.detect(gray) * photo.scale
