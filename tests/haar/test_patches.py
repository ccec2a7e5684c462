"""Patches, and the bank of all features on them."""

import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.feature_bank import FeatureBank
from emotion.haar.features import KINDS, Feature
from emotion.haar.patches import Patches, background_patches, face_patches, lfw_patches, net_area


@pytest.fixture(scope="module")
def patches() -> Patches:
    return Patches(np.random.default_rng(0).integers(0, 256, (4, 12, 14), np.uint8))


@pytest.mark.parametrize("step", [1, 2, 3])
def test_the_banks_values_equal_each_features(patches, step):
    bank = FeatureBank(12, 14, tuple(KINDS.values()), step)
    values = bank.values(patches)
    assert values.shape == (len(bank), 4) and values.dtype == np.int32
    for number in range(0, len(bank), max(1, len(bank) // 300)):
        np.testing.assert_array_equal(values[number], bank[number].values(patches.gray))


def test_a_step_leaves_out_sizes_and_places():
    bank = FeatureBank(24, 24, step=2)
    assert 24**4 / 16 / 64 < len(bank) < 162_336 / 10
    assert all(
        {bank[n].row % 2, bank[n].column % 2, bank[n].height % 2 - 1, bank[n].width % 2 - 1} == {0}
        for n in (0, 99, 5000)
    )


def test_a_number_past_the_last_is_none():
    for number in (-1, len(FeatureBank(5, 5))):
        with pytest.raises(IndexError):
            FeatureBank(5, 5)[number]


def test_a_window_too_small_for_any_feature_has_none():
    assert len(FeatureBank(1, 1)) == 0


def test_patches_of_another_size_are_refused(patches):
    with pytest.raises(ValueError, match="24 × 24"):
        FeatureBank(24, 24).values(patches)


def test_in_even_light_a_value_is_that_of_the_normalised_patch(patches):
    pixels = patches.gray.astype(float)
    even = (pixels - pixels.mean((1, 2), keepdims=True)) / pixels.std((1, 2), keepdims=True)
    bank = FeatureBank(12, 14, tuple(KINDS.values()), 3)
    together = bank.values_in_even_light(bank.blocks, patches)
    for number in range(0, len(bank), 7):
        feature = bank[number]
        mask = feature.mask((12, 14))
        assert net_area(feature) == mask.sum()
        np.testing.assert_allclose(patches.values(feature), (even * mask).sum((1, 2)), atol=2e-4)
        np.testing.assert_array_equal(together[number], patches.values(feature))


def test_light_and_contrast_do_not_matter():
    gray = np.random.default_rng(1).integers(0, 100, (1, 8, 8), np.uint8)
    dark, bright = Patches(gray), Patches(gray * 2 + 40)
    for feature in (FeatureBank(8, 8)[number] for number in (0, 500, 900)):
        np.testing.assert_allclose(dark.values(feature), bright.values(feature), atol=1e-4)


def test_an_even_patch_has_values_of_zero():
    assert (Patches(np.full((2, 6, 6), 200, np.uint8)).values(FeatureBank(6, 6)[10]) == 0).all()


def test_the_faces_that_come_with_scikit_image():
    faces, others = lfw_patches()
    assert faces.gray.shape == others.gray.shape == (100, 24, 24)
    # The forehead is brighter than the eyes: one feature tells most faces from the others.
    eyes = Feature(KINDS["two_below"], row=3, column=6, height=3, width=8)
    assert (faces.values(eyes) > 6).mean() > 0.9 and (others.values(eyes) > 6).mean() < 0.1


def test_backgrounds_are_squares_of_the_photos():
    photos = [np.full((30, 90), 7, np.uint8), np.full((10, 10), 9, np.uint8), np.full((100, 40), 7, np.uint8)]
    found = background_patches(photos, 20, seed=3)
    assert found.gray.shape == (20, 24, 24) and (found.gray == 7).all()
    ramp = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    np.testing.assert_array_equal(background_patches([ramp], 3).gray, background_patches([ramp], 3).gray)
    with pytest.raises(UserError, match="No photo has 24 × 24"):
        background_patches(photos[1:2], 5)


def test_faces_are_shrunk():
    assert face_patches(np.zeros((3, 48, 48), np.uint8)).gray.shape == (3, 24, 24)


@pytest.mark.parametrize("gray", [np.zeros((4, 4), np.uint8), np.zeros((2, 4, 4)), np.zeros((2, 0, 4), np.uint8)])
def test_patches_of_another_shape_or_dtype_are_refused(gray):
    with pytest.raises(ValueError, match="patches must be"):
        Patches(gray)
