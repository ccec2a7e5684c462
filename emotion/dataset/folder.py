"""Dataset folders ``<root>/<split>/<class>/<image>``, indexed without decoding anything."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emotion.dataset.pixels import Images, load_kept
from emotion.dataset.splits import ALIASES, SHARES, SPLITS, Split, one_spelling, stratified_parts
from emotion.errors import UserError
from emotion.files import IMAGE_SUFFIXES, is_plain_name, is_text, printable, reading
from emotion.homes import datasets_folder
from emotion.i18n import N_
from emotion.jobs import Progress

ABOUT = "dataset.json"


@dataclass(frozen=True)
class Dataset:
    """An indexed dataset folder; nothing is decoded yet.

    What ``dataset.json`` in the root may say: ``title``, ``terms`` of use, ``synthetic`` for drawn faces, and
    ``left_out``, the (name, reason) of what an import could not take in.
    """

    root: Path
    classes: tuple[str, ...]
    splits: dict[str, Split]
    title: str
    terms: str = N_("not stated")
    synthetic: bool = False
    left_out: tuple[tuple[str, str], ...] = ()

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

    @cached_property
    def everything(self) -> Split:
        """The files of all splits, one split after the other in the order of ``SPLITS``."""
        parts = list(self.splits.values())
        labels = np.concatenate([part.labels for part in parts])
        return Split(tuple(path for part in parts for path in part.paths), labels)

    @cached_property
    def split_of(self) -> np.ndarray:
        """For each file of ``everything`` the position of its split in ``SPLITS``, int8 (N,)."""
        return np.concatenate([
            np.full(len(part.paths), SPLITS.index(name), np.int8) for name, part in self.splits.items()
        ])

    def load(self, split: str, size: tuple[int, int] = (48, 48), progress: Progress | None = None) -> Images:
        """The gray images of a split in ``size`` (height, width); kept for the next time, see ``pixels.load_kept``.

        A file that can't be decoded is left out and listed in ``Images.unreadable``. ``progress`` is told
        (images done, images in all). Raises UserError if no image can be read.
        """
        return load_kept(self.root, self.part(split), size, progress)

    def fingerprint(self) -> dict[str, object]:
        """What tells two states of a dataset apart: images per split, and SHA-256 of the sorted relative paths."""
        listed = sorted(path for part in self.splits.values() for path in part.paths)
        return {
            "counts": {name: len(part.paths) for name, part in self.splits.items()},
            "files_sha256": hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest(),
        }


def open_dataset(root: str | Path) -> Dataset:
    """Index a dataset folder.

    ``root`` may be pasted with quotes, and the dataset may lie one or two folders further down. A root with class
    folders only is split 80/10/10 by a seeded, stratified draw; without a validation split one tenth of ``train``
    becomes it, of a class with two images or more one at least. Two folders that are one split under two names are read
    as one. Files and folders whose name is no UTF-8 text are passed over. Raises UserError for a folder that holds no
    such tree or can't be read.
    """
    with reading(root):
        return _index(dataset_root(_folder(root)))


def dataset_root(root: Path) -> Path:
    """The folder that holds splits or classes: ``root``, or one at most two further down."""
    for _ in range(2):
        folders = _folders(root)
        if len(folders) != 1 or folders[0].name.lower() in ALIASES or _image_names(folders[0]):
            break
        root = folders[0]
    return root


def _index(root: Path) -> Dataset:
    found = [(ALIASES[folder.name.lower()], folder) for folder in _folders(root) if folder.name.lower() in ALIASES]
    files: dict[str, dict[str, list[str]]] = {}
    for name, folder in found or [("train", root)]:
        for key, paths in _class_files(folder, root).items():
            files.setdefault(name, {}).setdefault(key, []).extend(paths)
    class_of = one_spelling((name, key) for name, listed in files.items() for key in listed)
    files = {name: {class_of[key]: paths for key, paths in listed.items()} for name, listed in files.items()}
    classes = tuple(sorted(set(class_of.values())))
    if not classes:
        raise UserError(
            "{root} holds no images in class folders. Expected train/<class>/*.png (and validation/, test/), or "
            "<class>/*.png: choose the folder that holds these.",
            root=root,
        )
    splits = {name: _split(files[name], classes) for name in SPLITS if name in files}
    about = _about(root)
    return Dataset(
        root,
        classes,
        _with_validation(splits, has_split_folders=bool(found)),
        title=str(about.get("title") or root.name),
        terms=str(about.get("terms") or "not stated"),
        synthetic=about.get("synthetic") is True,
        left_out=_pairs(about.get("left_out")),
    )


def _pairs(listed: object) -> tuple[tuple[str, str], ...]:
    rows = listed if isinstance(listed, list) else []
    return tuple((str(row[0]), str(row[1])) for row in rows if isinstance(row, list) and len(row) == 2)


def clean_path(root: str | Path) -> Path:
    """A path as somebody typed or pasted it, perhaps in quotes."""
    path = Path(str(root).strip().strip("\"'"))
    with suppress(RuntimeError):  # ``~name`` of nobody is a folder's name like any other.
        path = path.expanduser()
    return path


def _folder(root: str | Path) -> Path:
    path = clean_path(root)
    if not is_text(str(path)):
        raise UserError(
            "{root} has a name that is no text in UTF-8. Rename the folder, then open it again.",
            root=printable(str(path)),
        )
    if not os.path.isdir(path) and is_plain_name(str(path)) and os.path.isdir(datasets_folder() / path):
        path = datasets_folder() / path  # One of the app's own, by its name.
    if not os.path.isdir(path):
        raise UserError("{root} is no folder. Give the path of a dataset folder that exists.", root=path)
    return path.resolve()


def _folders(folder: Path) -> list[Path]:
    hidden = (".", "__MACOSX")
    with os.scandir(folder) as entries:
        return sorted(
            Path(entry.path)
            for entry in entries
            if entry.is_dir() and not entry.name.startswith(hidden) and is_text(entry.name)
        )


def _image_names(folder: Path) -> list[str]:
    names = [name for name in os.listdir(folder) if name[name.rfind(".") :].lower() in IMAGE_SUFFIXES]
    return sorted(name for name in names if name[0] != "." and is_text(name))


def _class_files(folder: Path, root: Path) -> dict[str, list[str]]:
    """Class → paths relative to ``root``, of the folders that hold images. Strings: a Path each would take seconds."""
    found = {}
    for sub in _folders(folder):
        start = f"{sub.relative_to(root).as_posix()}/"
        if names := _image_names(sub):
            found[sub.name] = [start + name for name in names]
    return found


def _split(files: dict[str, list[str]], classes: tuple[str, ...]) -> Split:
    keys = sorted(files)
    labels = np.repeat([classes.index(key) for key in keys], [len(files[key]) for key in keys])
    return Split(tuple(path for key in keys for path in files[key]), labels.astype(np.int64))


def _with_validation(splits: dict[str, Split], has_split_folders: bool) -> dict[str, Split]:
    """Add the splits that are missing. A ``test`` split is never used for choices, so validation comes from train."""
    if "train" not in splits or "validation" in splits:
        return splits
    wanted = ["validation"] if has_split_folders else ["validation", "test"]
    parts = stratified_parts(splits["train"].labels, [SHARES[name] for name in wanted], least=1)
    drawn = dict(zip([*wanted, "train"], (splits["train"].take(rows) for rows in parts), strict=True))
    return {name: drawn.get(name) or splits[name] for name in SPLITS if name in drawn or name in splits}


def _about(root: Path) -> dict[str, object]:
    path = root / ABOUT
    try:
        about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (ValueError, OSError, RecursionError) as error:
        raise UserError("{path} is damaged ({reason}). Delete it or mend it.", path=path, reason=error) from None
    if not isinstance(about, dict):
        raise UserError("{path} is damaged: expected an object.", path=path)
    return about
