"""Changed images, against PIL and against what can be worked out by hand."""

import numpy as np
import pytest
from PIL import Image

from emotion.cnn.augment import _affine_matrices, _warp, augment, mixed_up, several_draws
from emotion.cnn.config import STRONG, Augmentation
from emotion.haar.photos import astronaut


def faces(count: int = 6) -> np.ndarray:
    photo = Image.fromarray(astronaut()[..., ::-1]).convert("L").crop((160, 40, 288, 168)).resize((48, 48))
    return np.repeat(np.asarray(photo)[np.newaxis], count, axis=0)


def drawn(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nothing_asked_nothing_changed() -> None:
    assert np.array_equal(augment(faces(), Augmentation(), drawn()), faces())
    assert augment(faces(0), STRONG, drawn()).shape == (0, 48, 48)


def test_the_same_draw_gives_the_same_pixels() -> None:
    original = faces()
    one, again, other = (augment(original, STRONG, drawn(seed)) for seed in (1, 1, 2))
    assert one.dtype == np.uint8 and one.shape == original.shape
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert np.array_equal(original, faces()), "the caller's images were changed"
    assert not np.array_equal(one[0], one[1]), "every face has its own draw"


def test_about_half_are_mirrored_the_others_left() -> None:
    changed = augment(faces(200), Augmentation(flip=True), drawn())
    mirrored = [np.array_equal(face, faces(1)[0][:, ::-1]) for face in changed]
    left = [np.array_equal(face, faces(1)[0]) for face in changed]
    assert sum(mirrored) + sum(left) == 200 and 70 < sum(mirrored) < 130


def test_a_turn_is_pil_s_turn() -> None:
    face = faces(1)[0]
    angle = 17.0
    matrix = _affine_matrices(1, (48, 48), Augmentation(rotate=angle), _Always(1.0))[0]
    # PIL counts pixels from their corners, so that its centre is 24 where ours is 23.5.
    expected = np.asarray(Image.fromarray(face).rotate(angle, Image.Resampling.BILINEAR, center=(24, 24)), float)
    inside = (slice(12, 36), slice(12, 36))
    difference = np.abs(_warp(face, matrix)[inside] - expected[inside])
    assert difference.mean() < 1 and difference.max() < 8


def test_a_shift_moves_and_repeats_the_edge() -> None:
    face = np.tile(np.arange(48, dtype=np.uint8) * 5, (48, 1))
    matrix = _affine_matrices(1, (48, 48), Augmentation(shift=0.125), _Always(1.0))[0]  # 6 of 48 pixels.
    moved = _warp(face, matrix)
    assert np.array_equal(moved[:, :42], face[:, 6:])
    assert np.array_equal(moved[:, 42:], np.repeat(face[:, 47:], 6, axis=1))


def test_a_zoom_keeps_the_middle_and_enlarges() -> None:
    face = np.zeros((49, 49), np.uint8)
    face[20:29, 20:29] = 200
    matrix = _affine_matrices(1, (49, 49), Augmentation(zoom=0.5), _Always(1.0))[0]
    enlarged = _warp(face, matrix) > 100
    rows = np.flatnonzero(enlarged.any(axis=1))
    assert (rows[0] + rows[-1]) / 2 == 24 and abs(len(rows) - 9 * 1.5) < 1.5


def test_light_stays_within_its_bounds() -> None:
    gray = np.full((300, 8, 8), 100, np.uint8)
    means = augment(gray, Augmentation(brightness=0.2), drawn()).mean(axis=(1, 2))
    assert 49 <= means.min() < 60 and 140 < means.max() <= 151
    halves = np.array([[[60, 200]]] * 300, np.uint8)
    spreads = np.ptp(augment(halves, Augmentation(contrast=0.5), drawn()).astype(int), axis=(1, 2))
    assert 70 <= spreads.min() < 80 and 200 < spreads.max() <= 210


def test_blur_keeps_the_light_and_loses_the_detail() -> None:
    boards = np.tile(np.indices((48, 48)).sum(axis=0) % 2 * 200, (200, 1, 1)).astype(np.uint8)
    changed = augment(boards, Augmentation(blur=0.5), drawn())
    coarse = changed[(changed != boards).any(axis=(1, 2))]
    assert 70 < len(coarse) < 130
    assert np.abs(coarse.mean(axis=(1, 2)) - 100).max() < 3
    assert coarse.std(axis=(1, 2)).max() < 0.6 * boards[0].std()


def test_erasing_blots_out_one_rectangle() -> None:
    white = np.full((100, 48, 48), 255, np.uint8)
    changed = augment(white, Augmentation(erase=1), drawn())
    for face in changed:
        rows, columns = np.nonzero(face != 255)
        share = (np.ptp(rows) + 1) * (np.ptp(columns) + 1) / face.size
        assert 0.01 < share < 0.22
    untouched = augment(np.full((400, 48, 48), 255, np.uint8), Augmentation(erase=0.25), drawn())
    assert 60 < sum((face != 255).any() for face in untouched) < 140


def test_mixup_blends_faces_and_targets_by_the_same_share() -> None:
    faces = np.array([[[0, 0]], [[200, 100]]], np.uint8)
    targets = np.eye(2, dtype=np.float32)
    for seed in range(20):
        blended, mixed = mixed_up(faces, targets, 1.0, drawn(seed))
        assert blended.dtype == np.uint8 and np.allclose(mixed.sum(axis=1), 1)
        # Pixel and target of the second image are both 200 and 1 times the same share.
        assert blended[:, 0, 0] == pytest.approx(200 * mixed[:, 1], abs=0.51)


def test_several_draws_differ_and_are_the_same_again() -> None:
    first, second = several_draws(faces(3), STRONG, 2, seed=1)
    assert first.shape == (3, 48, 48) and not np.array_equal(first, second)
    assert np.array_equal(several_draws(faces(3), STRONG, 2, seed=1)[1], second)
    assert not np.array_equal(several_draws(faces(3), STRONG, 2, seed=2)[1], second)
    pair = np.stack([np.zeros((4, 4), np.uint8), np.full((4, 4), 200, np.uint8)])
    assert {len(np.unique(draw[0])) for draw in several_draws(pair, Augmentation(mixup=1), 4, 0)} == {1}
    assert any(0 < draw[0, 0, 0] < 200 for draw in several_draws(pair, Augmentation(mixup=1), 4, 0))


class _Always(np.random.Generator):
    """Every draw is at one end of its range."""

    def __init__(self, end: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.end = end

    def uniform(self, low: float = 0, high: float = 1, size: object = None) -> np.ndarray:  # type: ignore[override]
        return np.full(size, low + (high - low) * (self.end + 1) / 2)  # type: ignore[call-overload]
