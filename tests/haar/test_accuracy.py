"""Matching by hand, and the table of accuracy against a count made one by one."""

import io
import json
import zipfile

import cv2
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.accuracy import Accuracy, LabelledPhoto, accuracy, candidates, read_labelled_photos
from emotion.haar.boxes import iou, match
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import astronaut

FACE = np.array([[170.0, 65.0, 280.0, 175.0]])  # Of the astronaut, drawn by hand.


@pytest.fixture(scope="module")
def photo() -> LabelledPhoto:
    return LabelledPhoto(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[:400, :400], FACE, np.array([True]))


def test_iou_by_hand():
    boxes = np.array([[0, 0, 4, 4], [2, 2, 6, 6], [4, 4, 5, 5]])
    np.testing.assert_allclose(iou(boxes[:1], boxes), [[1, 4 / 28, 0]])
    assert iou(np.empty((0, 4)), boxes).shape == (0, 3)


def test_the_closest_pair_is_matched_first_and_each_once():
    truth = np.array([[0, 0, 10, 10], [4, 0, 14, 10]])
    found = np.array([[3, 0, 13, 10], [0, 0, 9, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
    assert match(found, truth, 0.5).tolist() == [1, 0, -1, -1]
    assert match(found, truth, 0.95).tolist() == [-1, -1, -1, -1]
    assert match(found, np.empty((0, 4)), 0.5).tolist() == [-1] * 4


def test_the_table_equals_a_detector_for_each_setting(photo):
    told = []
    table = accuracy([photo, photo], "frontalface_alt", (1.1, 1.3), (1, 4), progress=lambda *words: told.append(words))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)] and table.photos == 2 and table.faces == 2
    for row, column in np.ndindex(2, 2):
        boxes = FaceDetector("frontalface_alt", table.scale_factors[row], table.min_neighbors[column]).detect(
            photo.gray
        )
        hits = int((iou(boxes, FACE) >= 0.5).any())
        assert table.found[row, column] == 2 * hits and table.false[row, column] == 2 * (len(boxes) - hits)
    assert table.recall[0, 0] == 1 and table.false_per_photo[0, 0] == table.false[0, 0] / 2
    assert (table.milliseconds > 0).all()


def test_a_face_that_does_not_count_is_neither_found_nor_false(photo):
    quiet = LabelledPhoto(photo.gray, photo.boxes, np.array([False]))
    ours, theirs = (accuracy([one], "frontalface_alt", (1.1,), (3,)) for one in (quiet, photo))
    assert ours.faces == 0 and ours.found.sum() == 0 and np.isnan(ours.recall).all()
    assert theirs.found.sum() == 1 and ours.false.sum() == theirs.false.sum()


def test_the_best_setting_finds_most_less_what_is_wrong_and_of_equals_is_the_quickest():
    found, false = np.array([[5, 4], [5, 3], [2, 4]]), np.array([[9, 1], [2, 0], [0, 1]])
    table = Accuracy((1.1, 1.2, 1.5), (2, 5), 3, 6, found, false, np.array([300.0, 200.0, 90.0]))
    assert table.best == (2, 1)


def test_no_photos_make_an_empty_table():
    table = accuracy([], "frontalface_alt", (1.1,), (3,))
    assert table.photos == 0 and table.false_per_photo.tolist() == [[0.0]]


def test_candidates_hold_the_face_first_and_what_is_none():
    boxes, likely = candidates(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY))
    assert iou(boxes[:1], FACE)[0, 0] > 0.5 and likely[0]
    assert 1 < len(boxes) <= 16 and not likely[-1] and boxes.dtype == np.int64
    for nothing in (np.full((50, 60), 9, np.uint8), np.zeros((5, 5), np.uint8)):
        assert [part.shape for part in candidates(nothing)] == [(0, 4), (0,)]


def _zip(boxes: object, names: tuple[str, ...] = ("images/a.png",)) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, cv2.imencode(".png", np.zeros((30, 40), np.uint8))[1].tobytes())
        archive.writestr("boxes.json", json.dumps(boxes))
    return buffer.getvalue()


def test_labelled_photos_are_read(tmp_path):
    data = _zip({"a.png": [{"xywh": [1, 2, 3, 4], "easy": False}, {"xywh": [5, 6, 7, 8]}]})
    (tmp_path / "사진.zip").write_bytes(data)
    for source in (data, tmp_path / "사진.zip"):
        (found,) = read_labelled_photos(source)
        assert found.gray.shape == (30, 40) and found.boxes.tolist() == [[1, 2, 4, 6], [5, 6, 12, 14]]
        assert found.counted.tolist() == [False, True]
    assert read_labelled_photos(data, limit=0) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "no ZIP"), (b"no zip", "no ZIP"), (b"PK\5\6" + bytes(18), "holds no boxes"),
     (_zip({"b.png": []}), "doesn't fit"),
     (_zip([1]), "doesn't fit"), (_zip({"a.png": [{"box": 1}]}), "doesn't fit"),
     (_zip({"a.png": [{"xywh": [1]}]}), "doesn't fit"),
     (_zip({"a.png": [{"xywh": [1, 2, 3]}] * 4}), "doesn't fit"),
     (_zip({"a.png": [{"xywh": [1, 2, 3, 4, 5, 6, 7, 8]}]}), "doesn't fit"),
     (_zip({"a.png": [{"xywh": [9, 9, -5, -5]}]}), "doesn't fit"),
     (_zip({"a.png": [{"xywh": [1, 2, 3, 4], "easy": "false"}]}), "doesn't fit")],
)  # fmt: skip
def test_another_file_is_a_sentence(data, says):
    with pytest.raises(UserError, match=says):
        read_labelled_photos(data)
