"""A dataset of one's own: nothing without consent, every class a folder, all of it gone at the end."""

import json

import numpy as np
import pytest

from emotion.dataset.collect import Collection, collections
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.homes import cache_folder
from tests.conftest import write_faces


def faces(count, value=100):
    return [np.full((112, 112), value + number, np.uint8) for number in range(count)]


@pytest.fixture
def mine(home):
    collection = Collection("안경 set")
    collection.agree()
    return collection


def test_nothing_is_kept_without_consent(home):
    collection = Collection("mine")
    with pytest.raises(UserError, match="consent"):
        collection.add("glasses", faces(1))
    assert collection.consent is None and not collection.root.exists() and collections() == []


def test_crops_become_a_dataset(mine):
    assert mine.add("glasses", faces(10)) == 10
    assert mine.add("glasses", faces(2)) == 12
    mine.add("안경 없음", faces(10, 150))
    assert mine.counts() == {"glasses": 12, "안경 없음": 10}
    assert Collection("안경 set").consent == mine.consent
    assert collections() == ["안경 set"]
    dataset = open_dataset(mine.root)
    assert dataset.classes == ("glasses", "안경 없음")
    assert sorted(dataset.load("train", (112, 112)).pixels[:, 0, 0])[0] == 100
    assert json.loads((mine.root / "dataset.json").read_text(encoding="utf-8"))["consent"] == mine.consent


@pytest.mark.parametrize(("label", "folder"), [("a/b", "ab"), ("..  x", "x"), ("con", "_con"), ("a  b", "a b")])
def test_any_class_name_is_made_a_safe_folder(mine, label, folder):
    mine.add(label, faces(1))
    assert mine.counts() == {folder: 1}
    assert [path.parent.name for path in mine.root.rglob("*.png")] == [folder]


@pytest.mark.parametrize("label", ["", "  ", "..", "/"])
def test_a_name_of_nothing_is_refused(mine, label):
    with pytest.raises(UserError, match="folder"):
        mine.add(label, faces(1))


def test_a_class_stays_as_long_as_it_has_pictures_of_any_spelling(mine):
    mine.add("a", faces(1))
    (image,) = mine.images("a")
    (image.parent / "IMG_1.PNG").write_bytes(image.read_bytes())
    assert mine.counts() == {"a": 2}
    mine.remove(image)
    assert [path.name for path in mine.images("a")] == ["IMG_1.PNG"]


def test_a_class_goes_with_all_that_is_in_it(mine):
    mine.add("a", faces(3))
    mine.add("b", faces(1))
    for label in ("a", "b"):
        (mine.root / "train" / label / ".DS_Store").write_bytes(b"Finder")
    mine.remove_class("a")
    mine.remove_class("no images yet")
    assert mine.counts() == {"b": 1} and mine.images("a") == ()
    mine.remove(*mine.images("b"))
    assert mine.counts() == {} and not (mine.root / "train" / "b").exists()


def test_delete_all_leaves_nothing(mine):
    mine.add("a", faces(3))
    mine.delete_all()
    assert collections() == [] and not mine.root.exists() and Collection("안경 set").consent is None


def test_another_dataset_is_never_touched(home):
    root = write_faces(home / "datasets" / "fer", {"train": {"a": 3, "b": 3}})
    with pytest.raises(UserError, match="another dataset called fer"):
        Collection("fer")
    assert len(list(root.rglob("*.png"))) == 6


def test_a_class_has_an_end(mine, monkeypatch):
    monkeypatch.setattr("emotion.dataset.collect.IMAGES_AT_MOST", 4)
    mine.add("a", faces(3))
    with pytest.raises(UserError, match="enough"):
        mine.add("a", faces(2))
    assert mine.counts() == {"a": 3}


def test_a_class_gets_another_name_and_an_image_goes(mine):
    mine.add("glases", faces(2))
    mine.add("none", faces(1))
    assert mine.rename("glases", " glasses/ ") == "glasses" and mine.counts() == {"glasses": 2, "none": 1}
    assert mine.rename("no images yet", "other") == "other"
    with pytest.raises(UserError, match="a class none already"):
        mine.rename("glasses", "none")
    first, last = mine.images("glasses")
    mine.remove(first)
    assert mine.images("glasses") == (last,)
    mine.remove(last)
    assert mine.counts() == {"none": 1} and mine.images("glasses") == ()


def test_nothing_that_was_kept_of_the_images_stays(mine, home):
    write_faces(home / "datasets" / "other", {"train": {"a": 3, "b": 3}, "validation": {"a": 1}})
    for _ in range(2):  # Two states of the dataset, each with copies of its own.
        mine.add("a", faces(10))
        mine.add("b", faces(10))
        open_dataset(mine.root).load("train")
    open_dataset(home / "datasets" / "other").load("train")
    kept = home / "cache" / "pixels"
    assert len(list(kept.glob("*.npy"))) == 3
    mine.delete_all()
    assert len(list(kept.glob("*"))) == 2


def test_a_deleted_face_is_kept_nowhere(mine):
    mine.add("glasses", faces(10))
    mine.add("none", faces(10, 150))

    def kept():
        open_dataset(mine.root).load("train")
        return list((cache_folder() / "pixels").glob("*"))

    assert kept()
    mine.remove(mine.images("glasses")[0])
    assert not list((cache_folder() / "pixels").glob("*"))
    assert kept()
    mine.remove_class("none")
    assert not list((cache_folder() / "pixels").glob("*"))
