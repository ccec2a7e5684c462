"""Sums of many rectangles, with the integral image and without."""

import numpy as np
import pytest

from emotion.haar.timing import SumTimes, random_rectangles, sums_by_integral, sums_by_pixels, time_sums


@pytest.mark.parametrize("shape", [(12, 20), (1, 9), (7, 1), (1, 1)])
def test_both_ways_add_up_the_same_within_the_picture(shape):
    gray = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    rectangles = random_rectangles(shape, 300)
    row, column, height, width = rectangles.T
    assert rectangles.min(axis=0).tolist() == [0, 0, 1, 1]
    assert (row + height).max() == shape[0] and (column + width).max() == shape[1]
    expected = [gray.astype(int)[r : r + h, c : c + w].sum() for r, c, h, w in rectangles]
    assert sums_by_pixels(gray, rectangles).tolist() == expected
    assert sums_by_integral(gray, rectangles).tolist() == expected


def test_it_is_measured_for_every_count():
    told = []
    times = time_sums(np.zeros((60, 80), np.uint8), counts=(1, 20), progress=lambda *done: told.append(done))
    assert times.counts == (1, 20) and told == [(1, 2), (2, 2)]
    assert (times.pixels > 0).all() and (times.integral > 0).all()


def test_from_where_on_it_pays():
    pixels = np.array([1.0, 3.0, 9.0])
    assert SumTimes((1, 10, 100), pixels, np.array([2.0, 2.0, 2.0])).pays_from == 10
    assert SumTimes((1, 10, 100), pixels, np.array([0.5, 0.5, 0.5])).pays_from == 1
    assert SumTimes((1, 10, 100), pixels, np.array([0.5, 0.5, 10])).pays_from is None
