"""Zips from anywhere, read within limits: what zipfile takes for granted, a bomb would use."""

import lzma
import struct
import zipfile
import zlib
from typing import IO

MOST_BYTES_OF_NAMES = 64 * 2**20
"""Of the list of entries, which zipfile reads whole and makes objects of that are ten times its size."""
_SIZE_OF_NAMES = 5  # Its place in the end record as zipfile gives it.
DAMAGES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError,
    OverflowError,
)  # fmt: skip
"""All that zipfile raises for bytes that are no good zip, and BadZipFile where a limit of this module is passed."""


def open_zip(stream: IO[bytes]) -> zipfile.ZipFile:
    """The zip in ``stream``; raises one of ``DAMAGES`` for what is none, and for a list of entries without end."""
    # No public name tells the size of the list before it is read.
    end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
    if end and end[_SIZE_OF_NAMES] > MOST_BYTES_OF_NAMES:
        raise zipfile.BadZipFile("too many entries")
    return zipfile.ZipFile(stream)


def read_at_most(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """The bytes of an entry; raises one of ``DAMAGES``, or KeyError where there is none, and beyond ``limit``."""
    with archive.open(name) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise zipfile.BadZipFile(f"{name} is too large")
    return data
