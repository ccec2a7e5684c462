"""The detector against a plain call of OpenCV's."""

import cv2
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar import detector
from emotion.haar.detector import (
    ACCURATE,
    DECK,
    DetectorSettings,
    FaceDetector,
    available_cascades,
    cascade_xml,
    face_cascades,
)
from emotion.haar.photos import astronaut, webcam_still


@pytest.fixture(scope="module")
def gray():
    return cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)


@pytest.mark.parametrize("cascade", ["frontalface_default", "frontalface_alt2", "profileface"])
@pytest.mark.parametrize("settings", [ACCURATE, DetectorSettings(1.2, 0), DetectorSettings(1.3, 2, (60, 60)), DECK])
def test_detect_equals_opencv(gray, cascade, settings):
    plain = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{cascade}.xml")
    scale_factor, min_neighbors, min_size = settings
    found = plain.detectMultiScale(gray, scale_factor, min_neighbors, minSize=min_size or (0, 0))
    boxes = FaceDetector(cascade, *settings).detect(gray)
    assert boxes.dtype == np.float32 and boxes.shape[1:] == (4,)
    # As sets: OpenCV's order is its threads'.
    assert sorted(map(tuple, boxes.tolist())) == sorted((x, y, x + w, y + h) for x, y, w, h in map(tuple, found))


def test_the_largest_face_comes_first_and_the_order_stays(gray):
    detector, gray = FaceDetector("smile", 1.3, 1), gray[:256]
    boxes = detector.detect(gray)
    assert len(boxes) > 5 and (np.diff(boxes[:, 2] - boxes[:, 0]) <= 0).all()
    for _ in range(3):
        np.testing.assert_array_equal(detector.detect(gray), boxes)


def test_the_astronauts_face_is_found(gray):
    (box,) = FaceDetector().detect(gray)
    left, top, right, bottom = box
    assert left < 225 < right and top < 115 < bottom  # Her nose.


def test_the_decks_settings_find_the_face_in_the_webcam_still():
    assert len(FaceDetector("frontalface_default", *DECK).detect(cv2.cvtColor(webcam_still(), cv2.COLOR_BGR2GRAY))) == 1


@pytest.mark.parametrize("shape", [(480, 640), (24, 24), (23, 200), (200, 23), (1, 1), (0, 0), (0, 50)])
def test_no_face_gives_an_empty_array(shape):
    boxes = FaceDetector().detect(np.zeros(shape, np.uint8))
    assert boxes.shape == (0, 4) and boxes.dtype == np.float32


def test_every_cascade_loads_from_memory():
    assert "frontalface_default" in available_cascades() and len(available_cascades()) == 16
    for name in available_cascades():
        assert min(FaceDetector(name).window) >= 14


def test_a_cascade_is_added_by_its_file(tmp_path, monkeypatch):
    (tmp_path / "haarcascade_frontalface_mine.xml").write_text(cascade_xml("frontalface_alt"), encoding="utf-8")
    assert "frontalface_mine" not in face_cascades()
    monkeypatch.setattr(detector, "OWN_CASCADES", tmp_path)
    assert {"frontalface_mine", "profileface"} < set(face_cascades()) and "eye" not in face_cascades()
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    expected = FaceDetector("frontalface_alt").detect(gray)
    np.testing.assert_array_equal(FaceDetector("frontalface_mine").detect(gray), expected)


def test_the_window_is_width_by_height():
    assert FaceDetector("fullbody").window == (14, 28)


@pytest.mark.parametrize("name", ["frontalface", "", "../secret", "license_plate_rus_16stages"])
def test_an_unknown_cascade_is_named_with_the_known_ones(name):
    with pytest.raises(UserError, match=f"There is no cascade {name}.*frontalface_default"):
        cascade_xml(name)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ((1.0, 5), "scale factor is 1.0"),
        ((0.5, 5), "scale factor is 0.5"),
        ((float("nan"), 5), "scale factor is nan"),
        ((float("inf"), 5), "scale factor is inf"),
        ((1.1, -1), "minNeighbors is -1"),
        ((1.1, 5, (30, -1)), "30 × -1 pixels"),
    ],
)
def test_a_setting_out_of_range_is_explained(settings, sentence):
    with pytest.raises(UserError, match=sentence):
        FaceDetector("frontalface_default", *settings)


@pytest.mark.parametrize("picture", [np.zeros((50, 50, 3), np.uint8), np.zeros((50, 50)), np.zeros(50, np.uint8)])
def test_another_shape_or_dtype_is_refused(picture):
    with pytest.raises(ValueError, match="uint8"):
        FaceDetector().detect(picture)


def test_a_view_of_a_picture_gives_what_its_copy_gives(gray):
    view = gray[:, 100:400]
    np.testing.assert_array_equal(FaceDetector().detect(view), FaceDetector().detect(view.copy()))
