"""Datasets from what people have: zips, csv files, UTKFace, Kaggle."""

import os
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count, islice
from pathlib import Path

from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.importers.archive import Archive, Entry, import_zip, is_zip, open_archive
from emotion.dataset.importers.fer_csv import import_fer_csv
from emotion.dataset.importers.making import Source, files_below, is_image, source_name
from emotion.dataset.importers.making import opened as opened
from emotion.dataset.importers.utkface import import_utkface, read_name
from emotion.errors import UserError
from emotion.files import is_plain_name, plain_name
from emotion.jobs import Progress

_FER_CSVS = ("fer2013.csv", "icml_face_data.csv", "train.csv")
"""The best first, where a zip holds several."""
_LOOKED_AT = 10_000


def import_any(source: Source, name: str, folder: Path, progress: Progress | None = None) -> tuple[Dataset, ...]:
    """Import whatever ``source`` is to ``folder``/``name``; of UTKFace, to ``folder``/age and ``folder``/gender.

    It may be a zip of a dataset's tree, of UTKFace images or of FER2013's csv, that csv itself, or a folder of UTKFace
    images. ``progress`` is told as the importer in question does it. Raises UserError for anything else, and what that
    importer raises.
    """
    if not is_plain_name(name):
        raise UserError(
            "“{name}” can't be the name of a folder. Choose another, for example “{other}”.",
            name=name,
            other=free_name(folder, name),
        )
    if isinstance(source, Path) and source.is_dir():
        if not _is_utkface(files_below(source)):
            raise UserError("{path} needs no import. Open the folder itself as a dataset.", path=source)
        return import_utkface(source, folder, progress)
    if _goes_as_zip(source):
        return _import_zip(source, name, folder, progress)
    if source_name(source).lower().endswith(".csv"):
        return (import_fer_csv(source, folder / name, progress),)
    raise UserError(
        "{file} is neither a zip nor a csv. Choose a zip of image folders or of UTKFace, fer2013.csv or "
        "icml_face_data.csv.",
        file=source_name(source),
    )


def needs_import(path: Path) -> bool:
    """Whether a path is something for ``import_any``, not a dataset folder to be opened: a file, or UTKFace images.

    Looks at names only, and few of them. Raises UserError for a folder that can't be read.
    """
    if not os.path.isdir(path):  # Path.is_dir raises for a name that is too long.
        return os.path.isfile(path)
    # A dataset made of UTKFace files has classes; a plain folder of them looks like one class at most.
    return _is_utkface(files_below(path)) and not _has_classes(path)


def free_name(folder: Path, wanted: str, taken: Collection[str] = ()) -> str:
    """``wanted``, made fit to be a folder's name on every system, and numbered where ``folder`` or ``taken`` has it.

    >>> free_name(Path("nowhere"), 'my "faces"?')
    'my faces'
    """
    plain = plain_name(unicodedata.normalize("NFC", wanted))
    # Ten bytes are left for the number: a plain name has a hundred at most.
    base = plain.encode("utf-8")[:90].decode("utf-8", errors="ignore").rstrip(". ") or "dataset"
    names = (base if number == 1 else f"{base} {number}" for number in count(1))
    return next(name for name in names if name not in taken and not (folder / name).exists())


def _import_zip(source: Source, name: str, folder: Path, progress: Progress | None) -> tuple[Dataset, ...]:
    with open_archive(source) as archive:
        if _is_utkface(entry.name for entry in archive.entries):
            return import_utkface(source, folder, progress)
        if entry := _fer_csv(archive):
            with archive.open(entry) as file:
                return (import_fer_csv(file, folder / name, progress),)
    return (import_zip(source, folder / name, progress),)


def _goes_as_zip(source: Source) -> bool:
    """By its first bytes; what is only called one goes the same way, to be told so."""
    return is_zip(source) or source_name(source).lower().endswith(".zip")


def _fer_csv(archive: Archive) -> Entry | None:
    """FER2013's csv in a zip that holds no images."""
    if any(is_image(entry.name) for entry in archive.entries):
        return None
    found = {os.path.basename(entry.name).lower(): entry for entry in archive.entries}
    return next((found[name] for name in _FER_CSVS if name in found), None)


def _is_utkface(names: Iterable[str]) -> bool:
    """Whether most of the images among the first names are called as in UTKFace: a few of its own are not."""
    images = [os.path.basename(name) for name in islice(names, _LOOKED_AT) if is_image(name)]
    return sum(read_name(name) is not None for name in images) * 2 > len(images)


def _has_classes(path: Path) -> bool:
    try:
        return len(open_dataset(path).classes) > 1
    except UserError:
        return False
