"""Files are whole or absent."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from emotion.errors import UserError
from emotion.files import (
    decode_image,
    folder_in_the_making,
    is_plain_name,
    read_image,
    sha256,
    write_atomic,
    write_image,
    write_json,
)
from emotion.names import insist_on_plain_name

NAMES = {
    "": "A name is missing",
    "  ": "A name is missing",
    "CON": "Windows keeps the name “CON” for a device.*“_CON”",
    "nul.txt": "Windows keeps",
    "Com1": "Windows keeps",
    "LPT³": "Windows keeps",
    "conout$": "Windows keeps",
    "a" * 200: "is too long: expected up to 100 letters, or 33 in Hangul; found 200",
    "가" * 34: "is too long.*found 34",
    "two\nlines": "one line of signs.*“two lines”",
    "a\tb": "one line of signs",
    "a\x00b": "one line of signs",
    "../up": "without /",
    "a:b": "without /",
    "end.": "a dot or space at its ends",
    " a": "a dot or space at its ends",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_some_system_refuses_gets_one_clear_sentence(name: str) -> None:
    with pytest.raises(UserError, match=NAMES[name]) as refused:
        insist_on_plain_name(name)
    assert str(refused.value).isprintable() and not is_plain_name(name)


@pytest.mark.parametrize("name", ["감정 1", "console", "com", "lpt10", "nul-2", "a" * 100, "가" * 33, "🙂"])
def test_a_name_that_every_system_takes(name: str) -> None:
    insist_on_plain_name(name)
    assert is_plain_name(name)


def test_write_atomic_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.txt", "한글")
    write_json(tmp_path / "a.txt", {"b": 1})
    assert json.loads((tmp_path / "a.txt").read_text(encoding="utf-8")) == {"b": 1}
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a.txt", "old")

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_atomic(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    final = tmp_path / "set"
    with pytest.raises(RuntimeError), folder_in_the_making(final) as folder:
        (folder / "half").write_text("x", encoding="utf-8")
        raise RuntimeError
    assert os.listdir(tmp_path) == []
    for content in ("one", "two"):
        with folder_in_the_making(final) as folder:
            (folder / content).write_text("x", encoding="utf-8")
    assert os.listdir(tmp_path) == ["set"] and os.listdir(final) == ["two"]


def test_images_round_trip_at_hangul_paths(tmp_path: Path) -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_image(tmp_path / "얼굴 1.png", image)
    assert (read_image(tmp_path / "얼굴 1.png", gray=True) == image).all()
    assert read_image(tmp_path / "얼굴 1.png").shape == (8, 8, 3)


@pytest.mark.parametrize("data", [b"", b"GIF", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_bytes_that_are_no_image(data: bytes) -> None:
    with pytest.raises(UserError, match=r"photo\.png is no readable image"):
        decode_image(data, "photo.png")


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_image(tmp_path / "missing.png")


def test_sha256_of_a_published_vector(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendix B.1.
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
