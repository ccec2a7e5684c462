"""Pixels as OpenCV and Pillow read them, kept for the next time, and read anew when a file changes."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from emotion.dataset.folder import open_dataset
from emotion.dataset.pixels import fit, load_images, load_kept
from emotion.errors import UserError
from emotion.jobs import Cancelled
from tests.conftest import write_faces


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_faces(tmp_path / "set", {"train": {"a": 30, "b": 20}, "val": {"a": 2, "b": 2}}, size=48)


def kept_files(home: Path) -> list[Path]:
    return sorted((home / "cache" / "pixels").glob("*.npy"))


def test_pixels_are_those_of_the_files(root: Path) -> None:
    images = open_dataset(root).load("train")
    for path, pixels in zip(images.paths, images.pixels, strict=True):
        assert (np.asarray(Image.open(root / path)) == pixels).all()


def test_the_second_time_they_are_mapped_from_the_disk(root: Path, home: Path) -> None:
    dataset = open_dataset(root)
    first, second = dataset.load("train"), dataset.load("train")
    assert not isinstance(first.pixels, np.memmap) and isinstance(second.pixels, np.memmap)
    assert (first.pixels == second.pixels).all() and first.paths == second.paths
    assert (first.labels == second.labels).all()
    assert len(kept_files(home)) == 1
    assert dataset.load("train", (24, 24)).pixels.shape == (50, 24, 24)
    assert len(kept_files(home)) == 2


def test_a_changed_file_is_read_anew(root: Path) -> None:
    dataset = open_dataset(root)
    dataset.load("train")
    path = root / dataset.part("train").paths[7]
    stamp = path.stat().st_mtime_ns
    path.write_bytes(cv2.imencode(".png", np.full((48, 48), 9, np.uint8))[1].tobytes())
    assert (dataset.load("train").pixels[7] == 9).all()
    # The same size within the clock's grain, and only the time tells.
    path.write_bytes(cv2.imencode(".png", np.full((48, 48), 8, np.uint8))[1].tobytes())
    os.utime(path, ns=(stamp + 1, stamp + 1))
    assert (dataset.load("train").pixels[7] == 8).all()


def test_unreadable_files_are_listed_from_the_copy_too(root: Path) -> None:
    (root / "train" / "b" / "005.png").write_bytes(b"no image")
    dataset = open_dataset(root)
    for _time in range(2):
        images = dataset.load("train")
        assert [path for path, _reason in images.unreadable] == ["train/b/005.png"]
        assert len(images.pixels) == len(images.paths) == len(images.labels) == 49


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"no array"])
def test_a_damaged_copy_is_made_anew(root: Path, home: Path, damage: bytes) -> None:
    dataset = open_dataset(root)
    before = dataset.load("train").pixels
    (file,) = kept_files(home)
    file.write_bytes(damage)
    assert (dataset.load("train").pixels == before).all()
    assert isinstance(dataset.load("train").pixels, np.memmap)


def test_a_home_that_cannot_be_written_costs_the_copy_only(
    root: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.write_text("a file where the folder should be", encoding="utf-8")
    assert open_dataset(root).load("train").pixels.shape == (50, 48, 48)
    assert "not kept" in caplog.text


def test_the_oldest_copies_make_room(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_dataset(root)
    monkeypatch.setattr("emotion.dataset.pixels._ROOM", 50 * 48 * 48 + 1000)
    dataset.load("validation")
    dataset.load("train")
    (file,) = kept_files(home)
    assert np.load(file).shape == (50, 48, 48)
    assert len(list(file.parent.iterdir())) == 2  # The list of unreadable files goes with its pixels.


def test_cancelled_half_way_nothing_is_kept(root: Path, home: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    dataset = open_dataset(root)
    with pytest.raises(Cancelled):
        load_kept(root, dataset.everything, progress=cancel)
    assert not kept_files(home)


def test_a_picture_over_the_limit_is_listed(root: Path) -> None:
    blank = Image.new("1", (20_000, 20_000))
    blank.save(root / "train" / "a" / "huge.png")
    images = open_dataset(root).load("train")
    ((path, reason),) = images.unreadable
    assert path == "train/a/huge.png" and "more than 40 megapixels" in reason


def test_none_readable(tmp_path: Path) -> None:
    root = write_faces(tmp_path, {"train": {"a": 1, "b": 1}})
    for path in root.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match="None of the 2 files"):
        load_images(root, open_dataset(root).everything)


def test_fit_averages_down_and_keeps_what_fits() -> None:
    checks = np.tile(np.array([[0, 100], [100, 200]], np.uint8), (4, 4))
    assert (fit(checks, (4, 4)) == 100).all()  # The mean of each 2 × 2, by hand.
    assert fit(checks, (8, 8)) is checks
    assert fit(checks, (16, 16)).shape == (16, 16)
