"""Trained models as teachers: a network learns their answers beside the labels. LiteRT only, no Keras.

G. Hinton, O. Vinyals and J. Dean, "Distilling the knowledge in a neural network" (2015); that teacher and pupil see the
very same augmented image is from L. Beyer et al., "Knowledge distillation: A good teacher is patient and consistent"
(CVPR 2022), section 3.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.errors import UserError
from emotion.labels import listed


class Teachers:
    """The mean answer of several bundles, which must know the ``classes`` of the pupil and take its ``size``.

    Raises UserError for a bundle that is not there or doesn't.
    """

    def __init__(self, names: str, classes: tuple[str, ...], size: int) -> None:
        self.classifiers = [Classifier(find_bundle(name.strip())) for name in names.split(",")]
        for classifier in self.classifiers:
            card = classifier.bundle.card
            if set(card.classes) != set(classes) or (card.input.height, card.input.width) != (size, size):
                raise UserError(
                    "“{model}” can't teach here: it tells apart {found} at {height}×{width} pixels; the pupil learns "
                    "{expected} at {size}×{size}. Choose a teacher with the same classes and image size.",
                    model=card.name,
                    found=listed(card.classes),
                    height=card.input.height,
                    width=card.input.width,
                    expected=listed(classes),
                    size=size,
                )
        # The same threads for every batch: each keeps an interpreter of each teacher, which takes long to make.
        self._cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores)
        self._orders = [[one.bundle.card.classes.index(key) for key in classes] for one in self.classifiers]

    def answer(self, faces: np.ndarray) -> np.ndarray:
        """Probabilities float32 (N, K) of gray faces uint8 (N, H, W), N > 0, in the pupil's order of classes."""
        parts = np.array_split(faces, self._cores)
        answers = [[self._pool.submit(one.predict, part) for part in parts] for one in self.classifiers]
        found = [np.concatenate([part.result() for part in answer]) for answer in answers]
        return np.stack([answer[:, order] for answer, order in zip(found, self._orders, strict=True)]).mean(axis=0)
