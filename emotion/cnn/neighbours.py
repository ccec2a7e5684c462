"""The training images most like a face, as the network sees it: by its last layer but one."""

import hashlib
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import on_all_cores
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import files_key
from emotion.files import write_atomic
from emotion.homes import cache_folder
from emotion.jobs import Progress

log = logging.getLogger(__name__)
_KEPT = 6
"""Files of embeddings kept at most, 60 MB each for FER2013; the longest unused go first."""


@dataclass(frozen=True)
class Neighbours:
    """Images by falling ``similarity`` float32 (C,), the cosine of the embeddings; their ``paths`` and ``labels``.

    ``labels`` int64 (C,) are positions in the classes of the dataset.
    """

    paths: tuple[str, ...]
    labels: np.ndarray
    similarity: np.ndarray


def nearest(
    classifier: Classifier, dataset: Dataset, face: np.ndarray, count: int = 6, progress: Progress | None = None
) -> Neighbours:
    """The ``count`` training images of ``dataset`` that are nearest to a face uint8 (H, W).

    Embeddings of the training images are kept for the next time; ``progress`` is told (images done, images in all)
    while they are made.
    """
    spec = classifier.bundle.card.input
    images = dataset.load("train", (spec.height, spec.width))
    known = _embeddings(classifier, dataset, images.pixels, progress)
    similarity = known @ unit_rows(classifier.embed(face[np.newaxis]))[0]
    best = np.argsort(-similarity, kind="stable")[:count]
    return Neighbours(tuple(images.paths[row] for row in best), images.labels[best], similarity[best])


def is_known(classifier: Classifier, dataset: Dataset) -> bool:
    """Whether the embeddings of the training images are kept from an earlier time, so that ``nearest`` is quick."""
    return _file(classifier.bundle, dataset).exists()


def unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows float32 (N, D) at length 1, so that their product is the cosine; a row of zeros stays as it is."""
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def _embeddings(classifier: Classifier, dataset: Dataset, pixels: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Unit embeddings float32 (N, D) of the training images, from the cache where they are there."""
    file = _file(classifier.bundle, dataset)
    try:
        known = np.load(file, mmap_mode="r")
        os.utime(file)  # The last use, for _keep.
    except (OSError, ValueError, EOFError):
        known = unit_rows(on_all_cores(classifier.embed, pixels, progress))
        _keep(file, known)
    return known


def _file(bundle: Bundle, dataset: Dataset) -> Path:
    files = files_key(dataset.root, dataset.part("train").paths)
    network = hashlib.blake2b(bundle.network_digest.encode(), digest_size=8).hexdigest()
    # The dataset comes first: with it, its embeddings are deleted.
    return cache_folder() / "embeddings" / f"{files}-{network}.npy"


def _keep(file: Path, known: np.ndarray) -> None:
    """Write the embeddings; a disk without room costs the copy, not the work."""
    stream = BytesIO()
    np.save(stream, known)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, stream.getvalue())
        for old in sorted(file.parent.glob("*.npy"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            with suppress(PermissionError):  # Windows keeps a file that somebody has open.
                old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("the embeddings are not kept for the next time: %s", error)
