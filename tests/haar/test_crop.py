"""The crop against answers worked by hand, and against cv2.resize."""

import cv2
import numpy as np
import pytest

from emotion.haar.crop import crop_face

GRAY = np.arange(20, dtype=np.uint8).reshape(4, 5)


def test_a_square_inside_is_the_slice():
    np.testing.assert_array_equal(crop_face(GRAY, (1, 1, 4, 4), size=3), GRAY[1:4, 1:4])


def test_the_square_stands_about_the_centre_of_a_box_that_is_none():
    np.testing.assert_array_equal(crop_face(GRAY, (2, 0, 3, 3), size=3), GRAY[0:3, 1:4])
    np.testing.assert_array_equal(crop_face(GRAY, (1, 1, 4, 2), size=3), GRAY[0:3, 1:4])


def test_beyond_the_border_the_edge_is_repeated():
    by_hand = [[0, 0, 1], [0, 0, 1], [5, 5, 6]]
    np.testing.assert_array_equal(crop_face(GRAY, (-1, -1, 2, 2), size=3), by_hand)
    by_hand = [[13, 14, 14], [18, 19, 19], [18, 19, 19]]
    np.testing.assert_array_equal(crop_face(GRAY, (3, 2, 6, 5), size=3), by_hand)


def test_a_box_far_outside_shows_the_nearest_corner():
    assert (crop_face(GRAY, (100, 100, 110, 110), size=4) == 19).all()


def test_the_margin_is_a_part_of_the_longer_side_on_each_side():
    gray = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    np.testing.assert_array_equal(crop_face(gray, (10, 10, 20, 30), size=28, margin=0.2), gray[6:34, 1:29])


def test_shrinking_averages_and_enlarging_interpolates():
    gray = np.random.default_rng(1).integers(0, 256, (100, 120), np.uint8)
    square = gray[5:85, 10:90]
    for size, interpolation in ((48, cv2.INTER_AREA), (80, cv2.INTER_AREA), (112, cv2.INTER_LINEAR)):
        expected = cv2.resize(square, (size, size), interpolation=interpolation)
        np.testing.assert_array_equal(crop_face(gray, (10, 5, 90, 85), size), expected)


def test_fractions_are_rounded_and_halves_up():
    np.testing.assert_array_equal(crop_face(GRAY, (0.5, 0.5, 2.5, 2.5), size=2), GRAY[1:3, 1:3])
    np.testing.assert_array_equal(crop_face(GRAY, (0.4, 0.4, 2.4, 2.4), size=2), GRAY[0:2, 0:2])


def test_a_box_without_extent_is_one_pixel():
    assert (crop_face(GRAY, (2, 1, 2, 1), size=3) == GRAY[1, 2]).all()


def test_the_result_is_the_callers_own():
    crop = crop_face(GRAY, (0, 0, 4, 4), size=4)
    crop[:] = 255
    assert GRAY[0, 0] == 0 and crop.dtype == np.uint8


@pytest.mark.parametrize("box", [(3, 0, 1, 2), (0, 0, float("nan"), 2), (0, 0, float("inf"), 2), (0, 0, 1), (0, 0)])
def test_a_box_that_is_none_is_refused(box):
    with pytest.raises(ValueError, match="xyxy"):
        crop_face(GRAY, box, size=2)


@pytest.mark.parametrize("gray", [np.zeros((0, 4), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4))])
def test_a_picture_of_another_kind_is_refused(gray):
    with pytest.raises(ValueError, match="gray"):
        crop_face(gray, (0, 0, 1, 1), size=2)
