"""UTKFace files, whose names say what the answer is."""

import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.dataset.importers.utkface import AGES, import_utkface, read_name
from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from tests.dataset.importers.sources import face_jpeg, png, utkface_files, write, zip_bytes


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        write(folder / name, data)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_two_datasets_with_one_split(tmp_path: Path, packed: bool) -> None:
    files = utkface_files(each=10)
    source = write(tmp_path / "u.zip", zip_bytes(files)) if packed else unpacked(tmp_path / "원본", files)
    told: list[tuple[int, int]] = []
    ages, genders = import_utkface(source, tmp_path / "sets", lambda done, total: told.append((done, total)))
    assert ages.classes == AGES and genders.classes == ("female", "male")
    # Ten of each age group and gender: one of them validates, one tests.
    assert {split: set(counts) for split, counts in ages.counts().items()} == {
        "train": {16}, "validation": {2}, "test": {2}
    }  # fmt: skip
    assert genders.counts()["test"].tolist() == [9, 9]
    assert ages.left_out == genders.left_out == () and told[-1] == (360, 360)
    splits = [{path.split("/")[2]: path.split("/")[0] for path in one.everything.paths} for one in (ages, genders)]
    assert splits[0] == splits[1] and len(splits[0]) == 180
    for path in ages.everything.paths:
        age, group = int(path.split("/")[2].split("_")[0]), path.split("/")[1]
        low, high = (70, 120) if group == "70+" else map(int, group.split("-"))
        assert low <= age <= high
    assert all((path.split("/")[2].split("_")[1] == "0") == ("/male/" in path) for path in genders.everything.paths)


def test_the_cut_is_the_largest_box_in_its_own_size(tmp_path: Path) -> None:
    small, large = face_jpeg(60), face_jpeg(112)
    scene = np.full((200, 300), 128, np.uint8)
    scene[10:70, 10:70] = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_GRAYSCALE)
    scene[60:172, 150:262] = cv2.imdecode(np.frombuffer(large, np.uint8), cv2.IMREAD_GRAYSCALE)
    source = unpacked(tmp_path / "in", {"30_1_0_1.jpg": cv2.imencode(".jpg", scene)[1].tobytes()})
    ages, genders = import_utkface(source, tmp_path / "sets")
    decoded = cv2.imread(str(source / "30_1_0_1.jpg"), cv2.IMREAD_GRAYSCALE)
    left, top, right, bottom = FaceDetector(min_size=(66, 66)).detect(decoded)[0].astype(int)
    assert left > 140 and right < 280
    cut = cv2.imread(str(ages.root / ages.everything.paths[0]), cv2.IMREAD_UNCHANGED)
    # The rim shifts the detector's grid by some pixels: the cut lies in the picture, unscaled, by the box found there.
    where = cv2.matchTemplate(decoded, cut, cv2.TM_SQDIFF)
    assert where.min() == 0
    row, column = np.unravel_index(where.argmin(), where.shape)
    assert cut.shape[0] == cut.shape[1]
    assert np.abs(np.array([column, row, column + len(cut), row + len(cut)]) - [left, top, right, bottom]).max() <= 8
    assert (genders.root / genders.everything.paths[0]).read_bytes() == (
        ages.root / ages.everything.paths[0]
    ).read_bytes()


def test_what_is_left_out_is_listed(tmp_path: Path) -> None:
    odd = {
        "UTKFace/25_0_0_2.jpg": png(size=112),
        "UTKFace/25_0_0_3.jpg": b"no image",
        "UTKFace/61_1_20170109150557335.jpg": face_jpeg(),
        "UTKFace/121_1_0_4.jpg": face_jpeg(),
    }
    source = write(tmp_path / "u.zip", zip_bytes({**utkface_files(), **odd}))
    ages, _ = import_utkface(source, tmp_path / "sets")
    assert dict(ages.left_out) == {
        "UTKFace/25_0_0_2.jpg": "no face found",
        "UTKFace/25_0_0_3.jpg": "no readable image",
        "UTKFace/61_1_20170109150557335.jpg": "the name is not [age]_[gender]_[race]_[date].jpg",
        "UTKFace/121_1_0_4.jpg": "the age is over 120",
    }
    assert len(ages.everything.paths) == 18


def test_the_same_name_in_two_folders_is_two_images(tmp_path: Path) -> None:
    source = unpacked(tmp_path / "in", {f"part{n}/30_1_0_1.jpg": face_jpeg() for n in range(12)})
    ages, genders = import_utkface(source, tmp_path / "sets")
    assert len(set(ages.everything.paths)) == len(set(genders.everything.paths)) == 12
    assert Counter(path.split("/")[0] for path in ages.everything.paths) == {"train": 10, "validation": 1, "test": 1}


@pytest.mark.parametrize("taken", ["age", "gender"])
def test_both_or_neither(tmp_path: Path, taken: str) -> None:
    write(tmp_path / "sets" / taken / "mine.txt", b"x")
    with pytest.raises(UserError, match=f"{taken} exists already"):
        import_utkface(write(tmp_path / "u.zip", zip_bytes(utkface_files())), tmp_path / "sets")
    assert os.listdir(tmp_path / "sets") == [taken]


def test_the_first_is_taken_back_where_the_second_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emotion import files

    real = files.replace_folder

    def replace(new: Path, final: Path) -> None:
        if final.name == "age":
            raise OSError(28, "No space left on device")
        real(new, final)

    monkeypatch.setattr(files, "replace_folder", replace)
    with pytest.raises(UserError, match="No space left"):
        import_utkface(write(tmp_path / "u.zip", zip_bytes(utkface_files())), tmp_path / "sets")
    assert os.listdir(tmp_path / "sets") == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"a/b.jpg": b""}, "holds no UTKFace images"),
        ({"130_0_0_1.jpg": b""}, "holds no UTKFace images"),
        ({}, "holds no UTKFace images"),
        ({"30_0_0_1.jpg": png(size=112), "30_0_0_2.jpg": b""}, "No face was found in any of the 2 images"),
    ],
)
def test_no_utkface_at_all(tmp_path: Path, data: dict[str, bytes], says: str) -> None:
    with pytest.raises(UserError, match=says):
        import_utkface(write(tmp_path / "u.zip", zip_bytes(data)), tmp_path / "sets")
    assert not (tmp_path / "sets").exists() or os.listdir(tmp_path / "sets") == []


@pytest.mark.parametrize("name", ["a.jpg", "1_2_0_3.jpg", "1_0_5_3.jpg", "1_0_0.jpg", "1_0_0_3.gif", "１_0_0_3.jpg"])
def test_other_names(name: str) -> None:
    assert read_name(name) is None
