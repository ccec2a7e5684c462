"""What the importers share: a source that is only read, and a dataset folder that appears whole or not at all."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from emotion.dataset.folder import ABOUT, Dataset, open_dataset
from emotion.errors import UserError
from emotion.files import IMAGE_SUFFIXES, folder_in_the_making, reading, write_json, writing
from emotion.jobs import Progress

Source = Path | IO[bytes]
_PACE = 0.1


def source_name(source: Source) -> str:
    """The file name of a path or of an upload, for sentences and for ``dataset.json``."""
    return Path(str(getattr(source, "name", ""))).name or "upload"


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """The bytes of ``source`` from its start; a stream of somebody else's stays open."""
    with reading(source_name(source)):
        file = source.open("rb") if isinstance(source, Path) else source
        file.seek(0)
    try:
        yield file
    finally:
        if isinstance(source, Path):
            file.close()


def is_image(name: str) -> bool:
    """Whether a file is taken for an image, by its suffix."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def size_of(file: IO[bytes]) -> int:
    """Bytes in ``file``, which then stands at its start."""
    size = file.seek(0, 2)
    file.seek(0)
    return size


def files_below(folder: Path) -> Iterator[str]:
    """Paths of the files below ``folder``, relative and with "/", in order; no hidden ones and no links."""

    def refuse(error: OSError) -> None:
        raise error

    with reading(folder):
        for parent, folders, names in os.walk(folder, onerror=refuse):
            folders[:] = sorted(name for name in folders if name[0] != ".")
            start = Path(parent).relative_to(folder).as_posix() + "/" if parent != str(folder) else ""
            for name in sorted(names):
                if name[0] != "." and not os.path.islink(os.path.join(parent, name)):
                    yield start + name


def paced(progress: Progress | None) -> Progress:
    """``progress``, told ten times a second at most and at the end: the steps are many, and it may be slow."""
    last = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal last
        if progress and (done == total or time.monotonic() - last > _PACE):
            last = time.monotonic()
            progress(done, total)

    return tell


@contextmanager
def new_dataset_folder(destination: Path) -> Iterator[Path]:
    """A hidden folder to fill that becomes ``destination``; UserError if something stands there or it can't be written.

    Nothing is left of it where filling it fails.
    """
    _insist_on_free(destination)
    with writing(destination), folder_in_the_making(destination) as folder:
        yield folder
        _insist_on_free(destination)  # Another import of that name may have come first.


def _insist_on_free(destination: Path) -> None:
    with writing(destination):
        taken = destination.exists() and not (destination.is_dir() and next(destination.iterdir(), None) is None)
    if taken:
        raise UserError(
            "{path} exists already. Choose another name, or delete or rename that dataset first.", path=destination
        )


def finished(
    folder: Path,
    destination: Path,
    source: str,
    about: Mapping[str, object],
    left_out: Sequence[tuple[str, str]] = (),
) -> Dataset:
    """Describe the dataset in ``folder``, which is to become ``destination``, and open it.

    ``left_out`` are (name, reason). Raises UserError, in which the dataset is called ``source``, where there is none.
    """
    write_json(folder / ABOUT, {**about, "source": source, "left_out": list(left_out)})
    try:
        dataset = open_dataset(folder)
    except UserError as error:  # It speaks of the hidden folder, which nobody has seen.
        raise UserError(error.template, **{**error.values, "root": source}) from None
    return replace(dataset, root=destination.resolve())
