"""Zips that lie: bombs by size, by count and by nesting, names that lead out. Each is refused, and leaves nothing.

``tests/dataset/importers/test_bad_input.py`` has those of datasets with their sentences.
"""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emotion.cnn.importing import import_bundle_zip
from emotion.dataset.importers import import_any
from emotion.errors import UserError
from emotion.haar.accuracy import read_labelled_photos
from emotion.homes import REPOSITORY
from tests.dataset.importers.sources import png, tree_files, zip_bytes
from tests.hostile.conftest import Files, zipped


def entry_bomb(entries: int = 2_000_000) -> bytes:
    """A zip that is a list of entries and nothing else: each costs 47 bytes here and half a kilobyte in memory."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    names = entry * entries
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries % 65536, entries % 65536, len(names), 0, 0)
    return names + end


def labelled(listed: bytes | None = None, photo: bytes | None = None) -> bytes:
    listed = listed or json.dumps({"a.png": [{"xywh": [0, 0, 8, 8]}]}).encode()
    return zip_bytes({"boxes.json": listed, "images/a.png": photo or png()}, zipfile.ZIP_DEFLATED)


TAKERS: dict[str, Callable[[Path, Path], object]] = {
    "dataset": lambda source, home: import_any(source, "new", home / "datasets"),
    "bundle": lambda source, home: import_bundle_zip(source),
    "photos": lambda source, home: read_labelled_photos(source),
}


@pytest.mark.parametrize("taker", TAKERS)
def test_a_list_of_entries_without_end(tmp_path: Path, home: Path, taker: str) -> None:
    """In a process of its own, whose memory tells: reading the list would take more than a gigabyte."""
    (tmp_path / "a.zip").write_bytes(entry_bomb())
    code = """
import resource, sys, pathlib
from tests.hostile.test_archives import TAKERS
from emotion.errors import UserError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    TAKERS[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
except UserError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""
    command = [sys.executable, "-c", code, taker, str(tmp_path / "a.zip"), str(home)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=300)
    kilobytes, _, sentence = done.stdout.partition(" ")
    assert sentence.strip() and int(kilobytes) < 300_000, done.stdout + done.stderr


def swollen() -> bytes:
    """A photo's entry of 300 MB of zeros."""
    buffer = io.BytesIO(labelled())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("images/b.png", "w") as file:
        for _ in range(300):
            file.write(bytes(2**20))
    return buffer.getvalue().replace(b"images/a.png", b"images/c.png").replace(b"images/b.png", b"images/a.png")


BAD_PHOTOS: dict[str, Callable[[], bytes]] = {
    "a list of gigabytes": lambda: labelled(listed=b'{"a.png": []' + b" " * 2**25 + b"}"),
    "a photo that swells": swollen,
    "nested without end": lambda: labelled(listed=b'{"a.png":' + b"[" * 200_000),
    "no numbers": lambda: labelled(listed=b'{"a.png": [{"xywh": [NaN, 0, 1e999, 8]}]}'),
    "a list of lists": lambda: labelled(listed=b"[[1]]"),
    "names that lead out": lambda: labelled(listed=b'{"../../../etc/passwd": []}'),
    "cut": lambda: labelled()[:-30],
    "locked": lambda: labelled().replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0"),
    "damaged": lambda: labelled(listed=os.urandom(5000)).replace(b"boxes.json", b"boxes.jsom", 1),
    "another way to pack": lambda: labelled().replace(b"\0\0\x08\0", b"\0\0\x62\0"),
}


@pytest.mark.parametrize("case", BAD_PHOTOS)
def test_labelled_photos(case: str) -> None:
    with pytest.raises(UserError, match="no ZIP" if case == "cut" else "boxes.json in the ZIP doesn't fit"):
        read_labelled_photos(BAD_PHOTOS[case]())


def test_photos_that_fill_the_memory_only_once_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emotion.haar.accuracy._PIXELS_AT_MOST", 1000)
    listed = json.dumps({f"{n}.png": [] for n in range(9)}).encode()
    data = zip_bytes({"boxes.json": listed, **{f"images/{n}.png": png(n, 20) for n in range(9)}})
    with pytest.raises(UserError, match="more than 0 megapixels"):
        read_labelled_photos(data)


def test_a_device_is_no_zip() -> None:
    with pytest.raises(UserError):
        read_labelled_photos("/dev/zero")


@pytest.mark.parametrize("top", ["../", "/", "C:\\", "a/../../", "..\\"])
def test_a_bundle_s_zip_that_leads_out(files: Files, tmp_path: Path, home: Path, top: str) -> None:
    with pytest.raises(UserError, match="points out of the folder"):
        import_bundle_zip(zipped(tmp_path / "a.zip", files, top))
    assert not (home / "models").exists()


def test_a_zip_in_a_zip_in_a_zip_stays_packed(tmp_path: Path, home: Path) -> None:
    data = zip_bytes(tree_files(1))
    for _ in range(20):
        data = zip_bytes({"inner.zip": data, "train/a/0.png": png()})
    (tmp_path / "a.zip").write_bytes(data)
    (dataset,) = import_any(tmp_path / "a.zip", "new", home / "datasets")
    assert dataset.left_out == (("inner.zip", "another archive"),)
    assert not list((home / "datasets").rglob("*.zip"))
