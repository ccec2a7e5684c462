"""One picture: which part of it the network is shown."""

import cv2
import numpy as np
import pytest

from emotion.haar.detector import FaceDetector
from emotion.haar.photos import astronaut
from emotion.live.still import read_picture


@pytest.fixture
def portrait():
    """The astronaut's face as large as a data set's images, and the same in gray; Haar finds a box in it."""
    bgr = cv2.resize(astronaut()[40:220, 130:310], (48, 48), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    assert len(FaceDetector().detect(gray)) == 1
    return bgr, gray


def test_a_data_set_s_image_is_the_face_as_it_is(portrait, make_classifier):
    bgr, gray = portrait
    (face,) = read_picture(bgr, make_classifier())
    assert face.xyxy is None
    np.testing.assert_array_equal(face.crop, gray)


def test_twice_the_network_s_input_is_taken_whole_and_more_is_searched(portrait, make_classifier):
    for side, whole in ((96, True), (97, False)):
        (face,) = read_picture(cv2.resize(portrait[0], (side, side)), make_classifier())
        assert (face.xyxy is None) == whole
        assert face.crop.shape == (48, 48)


def test_without_a_face_the_whole_picture_is_taken(make_classifier):
    (face,) = read_picture(np.full((200, 300, 3), 128, np.uint8), make_classifier())
    assert face.xyxy is None and face.prediction.classes == ("happy", "sad")


def test_the_largest_face_comes_first(make_classifier):
    photo = np.hstack([cv2.resize(astronaut(), (256, 256)), astronaut()[:256]])
    faces = read_picture(photo, make_classifier())
    widths = [face.xyxy[2] - face.xyxy[0] for face in faces]
    assert len(widths) > 1 and widths == sorted(widths, reverse=True)
