"""What a bundle makes of a dataset: which labels it doubts, and where its embeddings lie."""

import os
from collections.abc import Callable

import numpy as np

from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.doctor import Finding, Report
from emotion.dataset.explore import Plane, plane_of
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import load_images
from emotion.dataset.splits import SPLITS
from emotion.dataset.suspects import suspects
from emotion.errors import UserError
from emotion.jobs import Progress


def doubtful_labels(
    dataset: Dataset, report: Report, bundle: Bundle | None = None, progress: Progress | None = None
) -> Finding:
    """The finding ``suspect``: labels that a model finds unlikely that was not trained on the image.

    The bundle itself answers for splits it was certainly not trained on: those beside ``train`` of the very dataset
    that its card describes. All else goes by a quick classifier on its embeddings (without a bundle, on gradients),
    trained anew without the images in question. Raises UserError where files have gone or broken since the report.
    """
    rows = np.flatnonzero(report.facts.readable)
    if bundle is None:
        return suspects(dataset, rows, _faces_of(dataset, (48, 48)), progress=progress)
    card, classifier = bundle.card, Classifier(bundle, threads=os.cpu_count() or 1)
    known = card.classes == dataset.classes and card.fingerprint == dataset.fingerprint()
    return suspects(
        dataset,
        rows,
        _faces_of(dataset, (card.input.height, card.input.width)),
        classifier.embed,
        classifier.predict if known else None,
        dataset.split_of == SPLITS.index("train"),
        progress,
    )


def embedding_plane(dataset: Dataset, count: int, bundle: Bundle | None, progress: Progress | None = None) -> Plane:
    """``plane_of`` a dataset by a bundle's embeddings, or by raw pixels without a bundle."""
    if bundle is None:
        return plane_of(dataset, count, progress=progress)
    spec = bundle.card.input
    embed = Classifier(bundle, threads=os.cpu_count() or 1).embed
    return plane_of(dataset, count, (spec.height, spec.width), embed, progress)


def _faces_of(dataset: Dataset, size: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """Rows → their images, uint8 (M, H, W)."""

    def faces(rows: np.ndarray) -> np.ndarray:
        images = load_images(dataset.root, dataset.everything.take(rows), size)
        if images.unreadable:
            raise UserError(
                "{path} could be read before and can't any more. Examine the dataset again.",
                path=images.unreadable[0][0],
            )
        return images.pixels

    return faces
