"""Features against pixel sums taken one by one, counts by hand, and scikit-image."""

import numpy as np
import pytest
from skimage.feature import haar_like_feature, haar_like_feature_coord
from skimage.transform import integral_image as skimage_integral

from emotion.haar.feature_bank import FeatureBank
from emotion.haar.features import (
    CENTRE,
    FOUR,
    KINDS,
    OPPOSITE_IN_SKIMAGE,
    SKIMAGE_NAMES,
    THREE_BESIDE,
    TWO_BELOW,
    TWO_BESIDE,
    VIOLA_JONES,
    Feature,
    count_features,
)
from emotion.haar.patches import Patches

TILTED_EDGE = KINDS["tilted_two_beside"]


def test_black_minus_white_by_hand():
    gray = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], np.uint8)
    assert Feature(TWO_BESIDE, 0, 0, 2, 2).values(gray) == (3 + 4 + 7 + 8) - (1 + 2 + 5 + 6)
    assert Feature(TWO_BELOW, 1, 1, 1, 3).values(gray) == (6 + 7 + 8) - (10 + 11 + 12)
    assert Feature(THREE_BESIDE, 2, 1, 1, 1).values(gray) == 11 - 10 - 12
    assert Feature(FOUR, 0, 0, 1, 2).values(gray) == (3 + 4 + 5 + 6) - (1 + 2 + 7 + 8)
    assert Feature(CENTRE, 0, 1, 1, 1).values(gray) == 7 - (2 + 3 + 4 + 6 + 8 + 10 + 11 + 12)


def test_the_tilted_edge_by_hand():
    # Cells of 1 × 1, of two pixels each: white the upper left one, black the one down to the right of it.
    by_hand = [[-1, 0, 0], [-1, 1, 0], [0, 1, 0]]
    np.testing.assert_array_equal(Feature(TILTED_EDGE, 0, 0, 1, 1).mask((3, 3)), by_hand)


def _by_slices(feature: Feature, gray: np.ndarray) -> int:
    total = 0
    for (down, right), colour in np.ndenumerate(np.array(feature.kind.cells)):
        row, column = feature.row + down * feature.height, feature.column + right * feature.width
        total += colour * int(gray[row : row + feature.height, column : column + feature.width].sum(dtype=int))
    return total


def _by_pixels(feature: Feature, gray: np.ndarray) -> int:
    """Every pixel asked which tilted cell it is in. One step down to the left and one to the right make two pixels, one
    below the other: how the picture's squares are shared out among the lozenges of the tilted lattice."""
    total = 0
    top = feature.column + feature.kind.grid[0] * feature.height
    for row, column in np.ndindex(gray.shape):
        steps, aside = (
            row - feature.row,
            column - top + 1,
        )  # Steps to the left and right together, and their difference.
        steps -= (steps - aside) % 2
        cell = (steps - aside) // 2 // feature.height, (steps + aside) // 2 // feature.width
        if min(cell) >= 0 and cell[0] < feature.kind.grid[0] and cell[1] < feature.kind.grid[1]:
            total += feature.kind.cells[cell[0]][cell[1]] * int(gray[row, column])
    return total


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_values_equal_the_sums_of_the_pixels(kind):
    random = np.random.default_rng(0)
    gray = random.integers(0, 256, (20, 22), np.uint8)
    truth = _by_pixels if kind.tilted else _by_slices
    checked = 0
    while checked < 40:
        feature = Feature(kind, *random.integers(0, 10, 2).tolist(), *random.integers(1, 6, 2).tolist())
        if feature.row + feature.size[0] <= 20 and feature.column + feature.size[1] <= 22:
            assert feature.values(gray) == truth(feature, gray)
            checked += 1


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_responses_and_patches_equal_single_values(kind):
    random = np.random.default_rng(1)
    gray = random.integers(0, 256, (17, 23), np.uint8)
    found = Feature(kind, 3, 3, 1, 2).responses(gray)
    rows, columns = kind.size(1, 2)
    assert found.shape == (18 - rows, 24 - columns)
    for row, column in np.ndindex(found.shape):
        assert found[row, column] == Feature(kind, row, column, 1, 2).values(gray)
    many = random.integers(0, 256, (5, 17, 23), np.uint8)
    feature = Feature(kind, 1, 2, 2, 1)
    np.testing.assert_array_equal(feature.values(many), [feature.values(one) for one in many])


def test_a_picture_without_room_has_no_responses():
    assert Feature(TWO_BESIDE, 0, 0, 4, 4).responses(np.zeros((3, 30), np.uint8)).shape == (0, 23)


@pytest.mark.parametrize("place", [(-1, 0, 1, 1), (0, 0, 0, 1), (0, 3, 1, 1), (3, 0, 2, 1), (0, 0, 5, 1)])
def test_a_feature_out_of_the_window_is_refused(place):
    with pytest.raises(ValueError, match="reaches out"):
        Feature(TWO_BESIDE, *place).values(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize("window", [(24, 24), (20, 20), (7, 13), (1, 9), (3, 3)])
def test_the_count_is_that_of_the_places_that_do_not_raise(kind, window):
    height, width = window
    expected = 0
    for tall in range(1, height + 1):
        for wide in range(1, width + 1):
            rows, columns = kind.size(tall, wide)
            expected += max(height - rows + 1, 0) * max(width - columns + 1, 0)
    assert count_features(kind, height, width) == len(FeatureBank(height, width, (kind,))) == expected


def test_the_five_kinds_have_162336_features_as_in_scikit_image():
    assert len(FeatureBank(24, 24)) == 162_336
    assert sum(count_features(kind, 24, 24) for kind in VIOLA_JONES) == 162_336
    for kind, name in SKIMAGE_NAMES.items():
        assert count_features(kind, 15, 12) == len(haar_like_feature_coord(12, 15, name)[0])


@pytest.mark.parametrize("kind", VIOLA_JONES, ids=lambda kind: kind.name)
def test_values_equal_scikit_image(kind):
    """All features of random windows, matched by their extent.

    Each window is cut out first: haar_like_feature slices the integral image and takes what lies left of a window that
    is not at the picture's edge for zero, so that its values there are not sums of pixels.
    """
    random = np.random.default_rng(2)
    bank = FeatureBank(11, 13, (kind,))
    gray = random.integers(0, 256, (30, 30), np.uint8)
    for row, column in random.integers(0, 17, (5, 2)).tolist():
        window = gray[row : row + 11, column : column + 13]
        ours = bank.values(Patches(window[None]))[:, 0]
        theirs = haar_like_feature(skimage_integral(window.astype(np.int64)), 0, 0, 13, 11, SKIMAGE_NAMES[kind])
        corners = haar_like_feature_coord(13, 11, SKIMAGE_NAMES[kind])[0]
        known = dict(zip(map(_extent, corners), theirs.tolist(), strict=True))
        sign = -1 if kind in OPPOSITE_IN_SKIMAGE else 1
        assert len(known) == len(bank)
        for number, value in enumerate(ours.tolist()):
            feature = bank[number]
            rows, columns = feature.size
            extent = (feature.row, feature.column, feature.row + rows - 1, feature.column + columns - 1)
            assert value == sign * known[extent], feature


def _extent(rectangles) -> tuple[int, int, int, int]:
    places = np.array(rectangles).reshape(-1, 2)
    return *places.min(axis=0).tolist(), *places.max(axis=0).tolist()
