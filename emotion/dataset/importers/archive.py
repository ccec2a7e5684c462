"""Zips from anywhere: read within limits, refused whole where a name or an entry is not honest."""

import json
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from emotion.dataset.folder import ABOUT, Dataset
from emotion.dataset.importers.making import Source, finished, new_dataset_folder, opened, paced, size_of, source_name
from emotion.dataset.importers.tree import lay_out, plan_tree
from emotion.errors import UserError
from emotion.jobs import Progress
from emotion.zips import DAMAGES, open_zip

MOST_ENTRIES = 500_000
MOST_BYTES_A_FILE = 128 * 2**20
"""A BMP of 40 megapixels, the most that is decoded, has 120 MB."""
MOST_BYTES = 16 * 2**30
MOST_RATIO, RATIO_FROM = 100, 64 * 2**20
"""Bytes read for each byte of the zip, from so many bytes on: photographs hardly shrink, bombs do a thousandfold."""

_ABOUT_AT_MOST = 2**20
_UTF8, _ENCRYPTED = 0x800, 0x1


class Entry(NamedTuple):
    """A file in a zip: ``name`` is its path with "/", decoded and checked."""

    name: str
    info: zipfile.ZipInfo


class Archive:
    """A zip that was checked; ``entries`` are its files but for hidden ones, ``name`` is what people call it."""

    def __init__(self, file: zipfile.ZipFile, name: str, size: int) -> None:
        self.name = name
        self.entries = _checked(file, name)
        self._file = file
        self._bytes_at_most = min(MOST_BYTES, max(RATIO_FROM, MOST_RATIO * size))
        self._read = 0

    def read(self, entry: Entry) -> bytes:
        """The bytes of ``entry``; UserError where it is damaged, or where a limit is passed by what is really there."""
        with self._unpacking(entry), self._file.open(entry.info) as file:
            data = file.read(MOST_BYTES_A_FILE + 1)
        self._read += len(data)
        if len(data) > MOST_BYTES_A_FILE or self._read > self._bytes_at_most:
            self._refuse(entry)
        return data

    @contextmanager
    def open(self, entry: Entry) -> Iterator[IO[bytes]]:
        """``entry`` as a stream, for a long file; UserError as of ``read``."""
        if entry.info.file_size > self._bytes_at_most:  # zipfile gives no more than the size that the zip declares.
            self._refuse(entry)
        with self._unpacking(entry), self._file.open(entry.info) as file:
            yield file

    @contextmanager
    def _unpacking(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except DAMAGES as error:
            raise UserError(
                "{entry} in {zip} can't be unpacked ({reason}). Download the zip again, or pack it anew.",
                entry=entry.name,
                zip=self.name,
                reason=error,
            ) from None

    def _refuse(self, entry: Entry) -> NoReturn:
        raise UserError(
            "{zip} swells up beyond all measure when it is unpacked, at {entry}. It looks like a zip bomb and is "
            "refused. Pack the images in a zip of their own.",
            zip=self.name,
            entry=entry.name,
        )


def is_zip(source: Source) -> bool:
    """Whether a file begins as a zip does; UserError where it can't be read."""
    with opened(source) as stream:
        return stream.read(2) == b"PK"


@contextmanager
def open_archive(source: Source) -> Iterator[Archive]:
    """Open a zip and check every entry; UserError for what is no zip, is damaged, or would reach out of its folder."""
    name = source_name(source)
    if not is_zip(source):
        raise UserError("{zip} is no zip file. Choose a .zip with folders of images.", zip=name)
    with opened(source) as stream:
        size = size_of(stream)
        try:
            file = open_zip(stream)
        except DAMAGES as error:
            raise UserError(
                "{zip} is cut off or damaged ({reason}). Download it again, or pack it anew.", zip=name, reason=error
            ) from None
        with file:
            yield Archive(file, name, size)


def import_zip(source: Source, destination: Path, progress: Progress | None = None) -> Dataset:
    """Unpack a zip of ``<split>/<class>/<image>`` or ``<class>/<image>``, however deep it lies, to ``destination``.

    Only images are taken, and what a ``dataset.json`` beside the folders says. ``progress`` is told (files, files in
    all). Raises UserError for a zip without such a tree, a damaged or encrypted one, links, names that reach out of
    the folder, and more than the limits of this module; for a ``destination`` that exists or can't be written.
    """
    with open_archive(source) as archive:
        tree = plan_tree([entry.name for entry in archive.entries], archive.name)
        about = {"title": destination.name, **_about(archive, tree.root)}
        with new_dataset_folder(destination) as folder:

            def put(position: int, path: str) -> None:
                data = archive.read(archive.entries[position])
                with open(path, "wb") as file:
                    file.write(data)

            lay_out(tree, folder, put, paced(progress))
            return finished(folder, destination, archive.name, about, tree.left_out)


def _about(archive: Archive, root: str) -> dict[str, object]:
    """What the zip's own ``dataset.json`` says; nothing where it is no small JSON object."""
    entry = next((entry for entry in archive.entries if entry.name == root + ABOUT), None)
    if entry is None or entry.info.file_size > _ABOUT_AT_MOST:
        return {}
    try:
        about = json.loads(archive.read(entry))
    except (ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def _checked(file: zipfile.ZipFile, zip_name: str) -> tuple[Entry, ...]:
    infos = file.infolist()
    if len(infos) > MOST_ENTRIES:
        raise UserError(
            "{zip} has {found} entries, and {limit} are the most that are taken. Pack the images in several zips.",
            zip=zip_name,
            found=len(infos),
            limit=MOST_ENTRIES,
        )
    entries = []
    for name, info in zip(_names(infos), infos, strict=True):
        parts = _parts(name, info, zip_name)
        if not name.endswith(("/", "\\")) and not any(part[0] == "." or part == "__MACOSX" for part in parts):
            entries.append(Entry("/".join(parts), info))
    return tuple(entries)


def _names(infos: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names as they were packed: Windows in Korea writes cp949 and does not say so, others UTF-8."""
    raw = [info.orig_filename if info.flag_bits & _UTF8 else info.orig_filename.encode("cp437") for info in infos]
    for encoding in ("utf-8", "cp949"):
        try:
            return [name if isinstance(name, str) else name.decode(encoding) for name in raw]
        except UnicodeDecodeError:
            continue
    return [info.orig_filename for info in infos]


def _parts(name: str, info: zipfile.ZipInfo, zip_name: str) -> list[str]:
    path = name.replace("\\", "/")
    parts = path.split("/")
    if path.startswith("/") or re.match("[A-Za-z]:", path) or ".." in parts:
        raise UserError(
            "{entry} in {zip} points out of the folder it is unpacked to, so the zip is refused. Pack its files anew.",
            entry=name,
            zip=zip_name,
        )
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UserError(
            "{entry} in {zip} is a link, not a file, so the zip is refused. Pack the images themselves.",
            entry=name,
            zip=zip_name,
        )
    if info.flag_bits & _ENCRYPTED:
        raise UserError(
            "{entry} in {zip} is locked with a password. Pack the zip without one.", entry=name, zip=zip_name
        )
    return [part for part in parts if part not in ("", ".")]
