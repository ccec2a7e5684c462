"""What a dataset looks like as a whole: the average faces of its classes, and all its images in one plane."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import Images, load_images, load_kept
from emotion.jobs import Progress

_CHUNK = 2048


@dataclass(frozen=True)
class ClassFaces:
    """For each class the ``mean`` and the ``variance`` of every pixel, float32 (K, H, W) in gray levels (squared).

    NaN for a class without readable images.
    """

    mean: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True)
class Plane:
    """Images as points: ``rows`` int64 (N,) of ``Dataset.everything``, ``xy`` float32 (N, 2), and the share of all
    variance that each of the two axes explains, (2,)."""

    rows: np.ndarray
    xy: np.ndarray
    explained: tuple[float, float]


def matching_rows(dataset: Dataset, splits: Sequence[int], classes: Sequence[int], text: str = "") -> np.ndarray:
    """Rows of ``dataset.everything``, int64, in these splits (positions in ``SPLITS``) and classes, whose path holds
    ``text`` in whatever case."""
    files = dataset.everything
    rows = np.flatnonzero(np.isin(dataset.split_of, splits) & np.isin(files.labels, classes))
    if wanted := text.strip().casefold():
        rows = np.array([row for row in rows if wanted in files.paths[row].casefold()], np.int64)
    return rows


def class_faces(dataset: Dataset, size: tuple[int, int] = (48, 48), progress: Progress | None = None) -> ClassFaces:
    """The mean face and the pixel-variance face of each class, over all splits."""
    images = load_kept(dataset.root, dataset.everything, size, progress)
    shape = (len(dataset.classes), *size)
    total, squares = np.zeros(shape), np.zeros(shape)
    for start in range(0, len(images.labels), _CHUNK):
        pixels = images.pixels[start : start + _CHUNK].astype(np.float32)
        labels = images.labels[start : start + _CHUNK]
        for label in np.unique(labels):
            total[label] += pixels[labels == label].sum(axis=0)
            squares[label] += (pixels[labels == label] ** 2).sum(axis=0)
    counts = np.bincount(images.labels, minlength=shape[0]).astype(float)[:, None, None]
    counts[counts == 0] = np.nan
    mean = total / counts
    return ClassFaces(mean.astype(np.float32), np.maximum(squares / counts - mean**2, 0).astype(np.float32))


def plane_of(
    dataset: Dataset,
    count: int,
    size: tuple[int, int] = (48, 48),
    embed: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Progress | None = None,
) -> Plane:
    """The two principal components (K. Pearson, 1901) of ``count`` images, drawn evenly at random, seeded.

    Of their raw pixels, or of what ``embed`` makes of faces uint8 (N, H, W) in ``size``: float32 (N, D). Raises
    UserError if no image can be read.
    """
    files = dataset.everything
    chosen = np.arange(len(files.paths))
    if count < len(chosen):
        chosen = np.sort(np.random.default_rng(0).choice(chosen, count, replace=False))
        images = load_images(dataset.root, files.take(chosen), size, progress)
    else:
        images = load_kept(dataset.root, files, size, progress)
    unreadable = {path for path, _reason in images.unreadable}
    rows = np.array([row for row in chosen if files.paths[row] not in unreadable], np.int64) if unreadable else chosen
    xy, explained = _principal_components(_vectors(images, embed, progress))
    return Plane(rows, xy, explained)


def _vectors(images: Images, embed: Callable[[np.ndarray], np.ndarray] | None, progress: Progress | None) -> np.ndarray:
    if embed is None:
        return images.pixels.reshape(len(images.pixels), -1).astype(np.float32) / 255
    parts = []
    for start in range(0, len(images.pixels), 256):
        if progress:
            progress(start, len(images.pixels))
        parts.append(embed(images.pixels[start : start + 256]))
    return np.concatenate(parts)


def _principal_components(vectors: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    from sklearn.decomposition import PCA  # Here, because it takes a second to import.

    if min(vectors.shape) < 2:  # One image, or one number for each: nothing to spread out.
        return np.zeros((len(vectors), 2), np.float32), (0.0, 0.0)
    pca = PCA(2, svd_solver="randomized", random_state=0)
    with np.errstate(invalid="ignore"):  # Images that are all the same have no variance to share.
        xy = pca.fit_transform(vectors)
    first, second = np.nan_to_num(pca.explained_variance_ratio_).tolist()
    return xy.astype(np.float32), (first, second)
