"""The integral image against the deck's hand-worked answers, OpenCV and plain slicing."""

import cv2
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.integral import (
    DECK_MATRIX,
    DECK_RECTANGLES,
    Corners,
    corners,
    integral_image,
    matrix_from_cells,
    rectangle_sum,
    squared_integral,
    tilted_integral,
    tilted_sum,
)


def test_integral_image_of_the_deck_by_hand():
    by_hand = [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 3, 5, 9, 10],
        [0, 4, 10, 13, 22, 25],
        [0, 6, 15, 21, 32, 39],
        [0, 10, 20, 31, 46, 59],
        [0, 16, 29, 42, 58, 74],
    ]
    np.testing.assert_array_equal(integral_image(DECK_MATRIX), by_hand)


@pytest.mark.parametrize(
    ("rectangle", "found", "total"),
    [(DECK_RECTANGLES[0], Corners(1, 10, 9, 46), 28), (DECK_RECTANGLES[1], Corners(0, 10, 0, 31), 21)],
)
def test_the_decks_two_examples(rectangle, found, total):
    integral = integral_image(DECK_MATRIX)
    assert corners(integral, *rectangle) == found
    assert rectangle_sum(integral, *rectangle) == found.d - found.b - found.c + found.a == total


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (24, 24), (48, 31)])
def test_integral_image_equals_opencv(shape):
    gray = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    integral = integral_image(gray)
    assert integral.dtype == np.int64
    np.testing.assert_array_equal(integral, cv2.integral(gray))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_integral_image_of_nothing_is_zero(shape):
    np.testing.assert_array_equal(integral_image(np.empty(shape, np.uint8)), np.zeros((shape[0] + 1, shape[1] + 1)))


def test_integral_image_does_not_overflow():
    assert integral_image(np.full((300, 300), 255, np.uint8))[-1, -1] == 300 * 300 * 255


@pytest.mark.parametrize("gray", [np.zeros(3, np.uint8), np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2))])
def test_integral_image_refuses_another_shape_or_dtype(gray):
    with pytest.raises(ValueError, match="whole numbers"):
        integral_image(gray)


def test_every_rectangle_sum_equals_the_slice():
    gray = np.random.default_rng(1).integers(0, 256, (4, 5), np.uint8)
    integral = integral_image(gray)
    for row, column in np.ndindex(5, 6):
        for height, width in np.ndindex(5 - row, 6 - column):
            expected = int(gray[row : row + height, column : column + width].sum(dtype=int))
            assert rectangle_sum(integral, row, column, height, width) == expected


@pytest.mark.parametrize("rectangle", [(-1, 0, 2, 2), (0, -1, 2, 2), (0, 0, 6, 1), (3, 3, 1, 3), (2, 2, -1, 1)])
def test_a_rectangle_out_of_the_picture_is_refused(rectangle):
    with pytest.raises(ValueError, match="reaches out"):
        rectangle_sum(integral_image(DECK_MATRIX), *rectangle)


@pytest.mark.parametrize("cell", ["x", "", None, float("nan"), 2.5, -1, 256, float("inf")])
def test_a_cell_without_a_gray_value_is_named(cell):
    with pytest.raises(UserError, match="Row 2, column 1 holds no whole number"):
        matrix_from_cells([[1, 2], [cell, 4]])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (24, 24), (31, 50)])
def test_squared_and_tilted_integral_equal_opencv(shape):
    gray = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    _plain, squared, tilted = cv2.integral3(gray)
    np.testing.assert_array_equal(squared_integral(gray), squared)
    np.testing.assert_array_equal(tilted_integral(gray), tilted)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_the_tilted_integral_of_nothing_is_zero(shape):
    np.testing.assert_array_equal(tilted_integral(np.empty(shape, np.uint8)), np.zeros((shape[0] + 1, shape[1] + 1)))


def test_the_tilted_integral_by_its_definition():
    gray = np.random.default_rng(3).integers(0, 256, (7, 6), np.uint8)
    tilted = tilted_integral(gray)
    y, x = np.indices(gray.shape)
    for row, column in np.ndindex(tilted.shape):
        triangle = (y < row) & (np.abs(x - column + 1) <= row - 1 - y)
        assert tilted[row, column] == gray[triangle].sum(dtype=int)


def test_a_tilted_sum_by_hand():
    gray = np.array([[0, 1, 0, 0], [2, 4, 8, 0], [16, 32, 64, 0], [0, 128, 0, 0]])
    tilted = tilted_integral(gray)
    # One step each way: two pixels, one below the other. Two steps to the right: two more, a step further.
    assert tilted_sum(tilted, 0, 2, 1, 1) == 1 + 4
    assert tilted_sum(tilted, 0, 2, 1, 2) == 1 + 4 + 8 + 64
    assert tilted_sum(tilted, 0, 2, 2, 2) == (1 + 4) + (8 + 64) + (2 + 16) + (32 + 128)


@pytest.mark.parametrize(
    "place", [(0, 0, 1, 1), (0, 2, 3, 1), (0, 3, 1, 2), (-1, 2, 1, 1), (2, 2, 2, 1), (0, 2, -1, 1)]
)
def test_a_tilted_rectangle_out_of_the_picture_is_refused(place):
    with pytest.raises(ValueError, match="reaches out"):
        tilted_sum(tilted_integral(np.ones((4, 4), int)), *place)


@pytest.mark.parametrize("gray", [np.zeros(3, np.uint8), np.zeros((2, 2))])
def test_the_tilted_integral_refuses_another_shape_or_dtype(gray):
    with pytest.raises(ValueError, match="whole numbers"):
        tilted_integral(gray)
