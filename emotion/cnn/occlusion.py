"""What a model's answer hangs on: cover a part of the face and see how much less sure it gets."""

import numpy as np

from emotion.cnn.classifier import Classifier


def occlusion_map(classifier: Classifier, face: np.ndarray, target: int, size: int = 12, step: int = 4) -> np.ndarray:
    """How much the probability of class ``target`` falls where a face uint8 (H, W) is covered, float32 (H, W).

    A gray square of ``size`` pixels, in the face's mean, moves on by ``step``; a pixel's value is the mean over the
    squares that cover it, −1 to 1, below 0 where covering makes the model surer. M. Zeiler and R. Fergus, "Visualizing
    and Understanding Convolutional Networks", ECCV 2014, section 4.2.
    """
    boxes = [(top, left) for top in _starts(face.shape[0], size, step) for left in _starts(face.shape[1], size, step)]
    covered = np.repeat(face[np.newaxis], len(boxes), axis=0)
    for image, (top, left) in zip(covered, boxes, strict=True):
        image[top : top + size, left : left + size] = round(float(face.mean()))
    falls = classifier.predict(face[np.newaxis])[0, target] - classifier.predict(covered)[:, target]
    total, times = np.zeros((2, *face.shape), np.float32)
    for fall, (top, left) in zip(falls, boxes, strict=True):
        total[top : top + size, left : left + size] += fall
        times[top : top + size, left : left + size] += 1
    return total / times


def _starts(length: int, size: int, step: int) -> list[int]:
    """Where squares begin, so that the last one ends at the edge.

    >>> _starts(10, 4, 4)
    [0, 4, 6]
    """
    return sorted({*range(0, length - size, step), max(length - size, 0)})
