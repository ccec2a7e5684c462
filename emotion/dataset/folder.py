"""Dataset folders ``<root>/<split>/<class>/<image>``: an index without decoding, and the images as one array."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emotion.errors import UserError
from emotion.files import IMAGE_SUFFIXES, read_image

SPLITS = ("train", "validation", "test")
_ALIASES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "publictest": "validation",
    "test": "test",
    "testing": "test",
    "privatetest": "test",
}
_SHARES = {"validation": 0.1, "test": 0.1}
_SPLIT_SEED = 0


@dataclass(frozen=True)
class Split:
    """The files of one split: ``paths`` relative to the root, ``labels`` int64 (N,) positions in the classes."""

    paths: tuple[str, ...]
    labels: np.ndarray

    def take(self, rows: np.ndarray) -> "Split":
        """The files at ``rows`` (int positions)."""
        return Split(tuple(self.paths[row] for row in rows), self.labels[rows])


@dataclass(frozen=True)
class Images:
    """Decoded images: ``pixels`` uint8 (N, H, W), ``labels`` int64 (N,), ``paths``; ``unreadable`` (path, reason)."""

    pixels: np.ndarray
    labels: np.ndarray
    paths: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dataset:
    """An indexed dataset folder; nothing is decoded yet.

    What ``dataset.json`` in the root may say: ``title``, ``terms`` of use, and ``synthetic`` for drawn faces.
    """

    root: Path
    classes: tuple[str, ...]
    splits: dict[str, Split]
    title: str
    terms: str = "not stated"
    synthetic: bool = False

    @property
    def name(self) -> str:
        """The folder's name, which is also the task's name for a set of one's own."""
        return self.root.name

    def counts(self) -> dict[str, np.ndarray]:
        """Images per class, int64 (K,), for each split."""
        return {name: np.bincount(part.labels, minlength=len(self.classes)) for name, part in self.splits.items()}

    def part(self, split: str) -> Split:
        """The files of ``split``; UserError where the dataset has no such split or nothing in it."""
        part = self.splits.get(split)
        if part is None or not part.paths:
            raise UserError(
                "{root} has no images in the split “{split}”; it has {found}. Choose one of those.",
                root=self.root,
                split=split,
                found=", ".join(name for name, files in self.splits.items() if files.paths),
            )
        return part

    def load(
        self, split: str, size: tuple[int, int] = (48, 48), progress: Callable[[int, int], None] | None = None
    ) -> Images:
        """Decode a split to gray images of ``size`` (height, width).

        A file that can't be decoded is left out and listed in ``Images.unreadable``. ``progress`` is told
        (images done, images in all). Raises UserError if no image can be read.
        """
        return load_images(self.root, self.part(split), size, progress)

    def fingerprint(self) -> dict[str, object]:
        """What tells two states of a dataset apart: images per split, and SHA-256 of the sorted relative paths."""
        listed = sorted(path for part in self.splits.values() for path in part.paths)
        return {
            "counts": {name: len(part.paths) for name, part in self.splits.items()},
            "files_sha256": hashlib.sha256("\n".join(listed).encode("utf-8")).hexdigest(),
        }


def open_dataset(root: str | Path) -> Dataset:
    """Index a dataset folder.

    ``root`` may be pasted with quotes, and the dataset may lie one or two folders further down. A root with class
    folders only is split 80/10/10 by a seeded, stratified draw; without a validation split one tenth of ``train``
    becomes it. Two folders that are one split under two names are read as one. Raises UserError for a folder that
    holds no such tree or can't be read.
    """
    with reading(root):
        return _index(_dataset_root(_clean_path(root)))


@contextmanager
def reading(root: str | Path) -> Iterator[None]:
    """Turn what the system says against reading ``root`` into a UserError."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # ValueError: a null byte in the path.
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            "{root} can't be read ({reason}). Check the path and the folder's permissions.", root=root, reason=reason
        ) from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against writing ``path`` into a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            "{path} can't be written ({reason}). Check that there is room and that you may write there.",
            path=path,
            reason=error.strerror or error,
        ) from None


def _dataset_root(root: Path) -> Path:
    """The folder that holds splits or classes, at most two further down."""
    for _ in range(2):
        folders = _folders(root)
        if len(folders) != 1 or folders[0].name.lower() in _ALIASES or _holds_images(folders[0]):
            break
        root = folders[0]
    return root


def _index(root: Path) -> Dataset:
    found = [(_ALIASES[folder.name.lower()], folder) for folder in _folders(root) if folder.name.lower() in _ALIASES]
    files: dict[str, dict[str, list[Path]]] = {}
    for name, folder in found or [("train", root)]:
        for key, paths in _class_files(folder).items():
            files.setdefault(name, {}).setdefault(key, []).extend(paths)
    classes = tuple(sorted({key for listed in files.values() for key in listed}))
    if not any(paths for listed in files.values() for paths in listed.values()):
        raise UserError(
            "{root} holds no images in class folders. Expected train/<class>/*.png (and validation/, test/), or "
            "<class>/*.png: choose the folder that holds these.",
            root=root,
        )
    splits = {name: _split(files[name], classes, root) for name in SPLITS if name in files}
    about = _about(root)
    return Dataset(
        root,
        classes,
        _with_validation(splits, has_split_folders=bool(found)),
        title=str(about.get("title") or root.name),
        terms=str(about.get("terms") or "not stated"),
        synthetic=about.get("synthetic") is True,
    )


def load_images(
    root: Path, part: Split, size: tuple[int, int] = (48, 48), progress: Callable[[int, int], None] | None = None
) -> Images:
    """Decode the files of ``part`` under ``root`` on all cores; see ``Dataset.load``."""
    pixels = np.empty((len(part.paths), *size), np.uint8)
    unreadable: dict[int, str] = {}

    def decode(row: int) -> None:
        try:
            image = read_image(root / part.paths[row], gray=True)
        except UserError as error:
            unreadable[row] = str(error)
            return
        if image.shape != size:
            shrinks = image.shape[0] > size[0] or image.shape[1] > size[1]
            image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        pixels[row] = image

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, _ in enumerate(pool.map(decode, range(len(pixels))), 1):
            if progress and (done % 500 == 0 or done == len(pixels)):
                progress(done, len(pixels))
    rows = np.array([row for row in range(len(pixels)) if row not in unreadable], np.int64)
    if not len(rows):
        raise UserError("None of the {count} files under {root} is a readable image.", count=len(pixels), root=root)
    kept = part.take(rows)
    listed = tuple((part.paths[row], reason) for row, reason in sorted(unreadable.items()))
    return Images(pixels[rows] if listed else pixels, kept.labels, kept.paths, listed)


def _clean_path(root: str | Path) -> Path:
    path = Path(str(root).strip().strip("\"'"))
    with suppress(RuntimeError):  # ``~name`` of nobody is a folder's name like any other.
        path = path.expanduser()
    if not os.path.isdir(path):
        raise UserError("{root} is no folder. Give the path of a dataset folder that exists.", root=path)
    return path.resolve()


def _folders(folder: Path) -> list[Path]:
    hidden = (".", "__MACOSX")
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir() and not entry.name.startswith(hidden))


def _image_names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and not entry.name.startswith(".")
        )


def _holds_images(folder: Path) -> bool:
    return bool(_image_names(folder))


def _class_files(folder: Path) -> dict[str, list[Path]]:
    return {sub.name: [sub / name for name in _image_names(sub)] for sub in _folders(folder)}


def _split(files: dict[str, list[Path]], classes: tuple[str, ...], root: Path) -> Split:
    listed = [(path, classes.index(key)) for key in sorted(files) for path in files[key]]
    paths = tuple(os.path.relpath(path, root).replace(os.sep, "/") for path, _ in listed)
    return Split(paths, np.array([label for _, label in listed], np.int64))


def _with_validation(splits: dict[str, Split], has_split_folders: bool) -> dict[str, Split]:
    """Add the splits that are missing. A ``test`` split is never used for choices, so validation comes from train."""
    if "train" not in splits or "validation" in splits:
        return splits
    wanted = ["validation"] if has_split_folders else ["validation", "test"]
    parts = stratified_parts(splits["train"].labels, [_SHARES[name] for name in wanted])
    drawn = dict(zip([*wanted, "train"], (splits["train"].take(rows) for rows in parts), strict=True))
    return {name: drawn.get(name) or splits[name] for name in SPLITS if name in drawn or name in splits}


def stratified_parts(labels: np.ndarray, shares: Sequence[float], seed: int = _SPLIT_SEED) -> list[np.ndarray]:
    """Rows of ``labels`` dealt into a part for each share, class by class, and a last part with the rest; sorted.

    >>> [len(part) for part in stratified_parts(np.repeat([0, 1], 20), [0.1, 0.1])]
    [4, 4, 32]
    """
    random = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in range(len(shares) + 1)]
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        ends = np.round(np.cumsum(shares) * len(rows)).astype(int)
        for part, chosen in zip(parts, np.split(rows, ends), strict=True):
            part.extend(chosen)
    return [np.sort(np.array(part, np.int64)) for part in parts]


def _about(root: Path) -> dict[str, object]:
    path = root / "dataset.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (ValueError, OSError, RecursionError) as error:
        raise UserError("{path} is damaged ({reason}). Delete it or mend it.", path=path, reason=error) from None
    if not isinstance(about, dict):
        raise UserError("{path} is damaged: expected an object.", path=path)
    return about
