"""Dataset folders as people have them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.dataset.folder import open_dataset
from emotion.dataset.library import folder_stamp, known_datasets, remember
from emotion.dataset.splits import stratified_parts
from emotion.errors import UserError
from tests.conftest import write_faces


def split_counts(root: Path) -> dict[str, list[int]]:
    return {split: counts.tolist() for split, counts in open_dataset(root).counts().items()}


@pytest.mark.parametrize("names", [("train", "validation", "test"), ("Training", "PublicTest", "PrivateTest")])
def test_splits_and_their_aliases(tmp_path: Path, names: tuple[str, str, str]) -> None:
    write_faces(tmp_path, dict(zip(names, ({"sad": 3, "angry": 2}, {"sad": 1}, {"angry": 1}), strict=True)))
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("angry", "sad")
    assert split_counts(tmp_path) == {"train": [2, 3], "validation": [0, 1], "test": [1, 0]}
    assert dataset.part("train").paths[0] == f"{names[0]}/angry/000.png"


def test_two_names_of_one_split_are_read_as_one(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 3}, "val": {"a": 2}, "PublicTest": {"a": 1, "b": 4}})
    assert split_counts(tmp_path) == {"train": [3, 0], "validation": [3, 4]}
    paths = open_dataset(tmp_path).part("validation").paths
    assert len(set(paths)) == 7 and {path.split("/")[0] for path in paths} == {"val", "PublicTest"}


def test_class_folders_alone_are_split_80_10_10(tmp_path: Path) -> None:
    write_faces(tmp_path, {"": {"no": 20, "yes": 40}})
    assert split_counts(tmp_path) == {"train": [16, 32], "validation": [2, 4], "test": [2, 4]}
    splits = open_dataset(tmp_path).splits
    everything = [path for part in splits.values() for path in part.paths]
    assert len(everything) == len(set(everything)) == 60
    assert splits["test"].paths == open_dataset(tmp_path).splits["test"].paths  # The draw is seeded.


def test_validation_comes_from_train_never_from_test(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 20, "b": 20}, "test": {"a": 5, "b": 5}})
    assert split_counts(tmp_path) == {"train": [18, 18], "validation": [2, 2], "test": [5, 5]}


def test_nested_quoted_and_hangul(tmp_path: Path) -> None:
    root = write_faces(tmp_path / "내려받은 자료" / "fer2013" / "data", {"train": {"행복": 2, "슬픔 🙂": 1}})
    dataset = open_dataset(f' "{tmp_path / "내려받은 자료"}" ')
    assert dataset.root == root
    assert set(dataset.classes) == {"행복", "슬픔 🙂"}
    assert dataset.load("train").pixels.shape == (2, 48, 48) and dataset.load("validation").pixels.shape == (1, 48, 48)


def test_load_resizes_and_keeps_pixels(tmp_path: Path) -> None:
    folder = tmp_path / "train" / "a"
    folder.mkdir(parents=True)
    values = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48).astype(np.uint8)
    colour = np.zeros((96, 96, 3), np.uint8) + np.uint8(120)
    for name, image in {"exact.png": values, "larger.bmp": colour}.items():
        (folder / name).write_bytes(cv2.imencode(Path(name).suffix, image)[1].tobytes())
    write_faces(tmp_path, {"validation": {"a": 1}})
    images = open_dataset(tmp_path).load("train")
    assert (images.pixels[0] == values).all()
    assert (images.pixels[1] == 120).all()
    assert images.labels.dtype == np.int64 and images.labels.tolist() == [0, 0]


def test_unreadable_files_are_listed_not_dropped_silently(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 2, "b": 1}, "validation": {"a": 1}})
    (tmp_path / "train" / "a" / "broken.png").write_bytes(b"\x89PNG but no more")
    (tmp_path / "train" / "b" / "empty.jpg").write_bytes(b"")
    (tmp_path / "train" / "b" / "notes.txt").write_text("no image", encoding="utf-8")
    images = open_dataset(tmp_path).load("train")
    assert [path for path, _ in images.unreadable] == ["train/a/broken.png", "train/b/empty.jpg"]
    assert images.labels.tolist() == [0, 0, 1] and len(images.pixels) == len(images.paths) == 3
    assert all("readable image" in reason for _, reason in images.unreadable)


def test_fingerprint_tells_file_lists_apart(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 2, "b": 1}, "validation": {"a": 1}})
    before = open_dataset(tmp_path).fingerprint()
    assert before["counts"] == {"train": 3, "validation": 1}
    (tmp_path / "train" / "a" / "001.png").rename(tmp_path / "train" / "a" / "009.png")
    assert open_dataset(tmp_path).fingerprint()["files_sha256"] != before["files_sha256"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda root: root / "missing", "is no folder"),
        (lambda root: root, "holds no images"),
        (lambda root: (root / "train" / "angry").mkdir(parents=True) or root, "holds no images"),
        (lambda root: (root / "a.png").write_bytes(b"x") and root / "a.png", "is no folder"),
        (lambda root: "~nosuchuser/x", "is no folder"),
        (lambda root: "a\0b", "is no folder"),
        (lambda root: (root / "loop").symlink_to("loop") or root, "can't be read"),
    ],
)
def test_what_is_no_dataset(tmp_path: Path, make, says: str) -> None:
    with pytest.raises(UserError, match=says):
        open_dataset(make(tmp_path))


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 20, "b": 20}, "validation": {"a": 1}})
    with pytest.raises(UserError, match=r"“test”.*train, validation"):
        open_dataset(tmp_path).load("test")


def test_no_readable_image_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "train" / "a"
    folder.mkdir(parents=True)
    (folder / "x.png").write_bytes(b"no")
    (folder / "y.png").write_bytes(b"no")
    with pytest.raises(UserError, match="None of the"):
        open_dataset(tmp_path).load("train")


def test_a_damaged_description_is_named(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 1, "b": 1}})
    (tmp_path / "dataset.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"dataset\.json"):
        open_dataset(tmp_path)


def test_a_description_that_is_no_object_is_named(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a": 1, "b": 1}})
    (tmp_path / "dataset.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match="expected an object"):
        open_dataset(tmp_path)


def test_the_stamp_of_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        folder_stamp(tmp_path / "gone")


def test_a_damaged_list_of_opened_folders_begins_anew(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (home / "datasets.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        known_datasets()
    root = write_faces(tmp_path / "one", {"train": {"a": 1, "b": 1}})
    remember(root)
    assert known_datasets() == [root]


@pytest.mark.parametrize(("images", "parts"), [(1, (0, 0, 1)), (2, (1, 0, 1)), (5, (1, 0, 4)), (8, (1, 1, 6))])
def test_of_few_images_validation_gets_one_first(images: int, parts: tuple[int, ...], tmp_path: Path) -> None:
    write_faces(tmp_path, {"": {"a": images, "b": 20}}, size=8)
    dataset = open_dataset(tmp_path)
    assert tuple((dataset.splits[name].labels == 0).sum() for name in ("validation", "test", "train")) == parts


def test_stratified_parts_cover_every_row_once() -> None:
    labels = np.array([0] * 7 + [1] * 31 + [2])
    parts = stratified_parts(labels, [0.1, 0.2])
    assert sorted(np.concatenate(parts)) == list(range(39))
    assert [len(part) for part in stratified_parts(np.array([], np.int64), [0.5])] == [0, 0]


def test_opened_folders_are_remembered_newest_first(home: Path, tmp_path: Path) -> None:
    first, second = (write_faces(tmp_path / name, {"train": {"a": 1, "b": 1}}) for name in ("one", "two"))
    own = write_faces(home / "datasets" / "own", {"train": {"a": 1, "b": 1}})
    for root in (first, second, first):
        remember(root)
    assert known_datasets() == [first, second, own]


def test_stamp_changes_with_the_files(tmp_path: Path) -> None:
    root = write_faces(tmp_path, {"train": {"a": 1, "b": 1}})
    before = folder_stamp(root)
    assert folder_stamp(root) == before
    (root / "train" / "a" / "000.png").unlink()
    assert folder_stamp(root) != before


def test_splits_may_spell_a_class_differently(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"Happy": 6, "SAD": 6, "sad": 6}, "validation": {"happy": 2, "sad": 2}})
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("Happy", "SAD", "sad")  # Two of one split are two.
    assert dataset.counts()["validation"].tolist() == [2, 0, 2] and len(dataset.load("validation").pixels) == 4
