"""A dataset of one's own: nothing without consent, every class a folder, all of it gone at the end."""

import json

import numpy as np
import pytest

from emotion.dataset.collect import Collection, collections
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
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


def test_the_last_images_are_taken_back(mine):
    mine.add("a", faces(3))
    mine.remove_last("a", 2)
    assert mine.counts() == {"a": 1}
    mine.remove_last("a", 5)
    assert mine.counts() == {}


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
