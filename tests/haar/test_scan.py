"""What a scan says of its windows: funnel, heat, places, and what OpenCV skips."""

import cv2
import numpy as np
import pytest

from emotion.haar.cascade import open_cascade
from emotion.haar.grouping import group_boxes
from emotion.haar.photos import astronaut, shrink
from emotion.haar.pyramid import Layer
from emotion.haar.scan import Scan, clipped, skipped


@pytest.fixture(scope="module")
def scan() -> Scan:
    gray = shrink(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[:300, 80:360], 160)
    return open_cascade().scan(gray, 1.2)


def test_the_funnel_narrows_and_ends_with_the_accepted(scan):
    tried = (~scan.skipped).sum()
    assert scan.funnel[0] == tried and scan.funnel[1] == (scan.reached[~scan.skipped] >= 0).sum()
    assert (np.diff(scan.funnel) <= 0).all() and scan.funnel[-1] == len(scan.raw) > 0


def test_stage_sums_decide(scan):
    for number, (entered, sums) in enumerate(zip(scan.entered, scan.sums, strict=True)):
        np.testing.assert_array_equal(entered, np.flatnonzero(scan.reached >= number))
        np.testing.assert_array_equal(sums >= scan.thresholds[number], scan.reached[entered] > number)


def test_boxes_go_through_all_layers(scan):
    boxes = scan.boxes(np.arange(len(scan.reached)))
    assert len(boxes) == scan.firsts[-1]
    for number in (0, 1, int(scan.firsts[1]) - 1, int(scan.firsts[1]), len(boxes) - 1):
        layer = scan.layers[scan.layer_of(number)]
        np.testing.assert_array_equal(
            boxes[number], layer.boxes(np.array([number - scan.firsts[scan.layer_of(number)]]))[0]
        )
        assert boxes[number][2] - boxes[number][0] == round(24 * float(layer.scale))


def test_the_face_is_the_hottest_place(scan):
    ((left, top, right, bottom),) = group_boxes(scan.raw, 3)
    assert scan.heat.shape == scan.gray.shape
    assert scan.heat[(top + bottom) // 2, (left + right) // 2] == len(scan.thresholds)
    assert np.isnan(scan.heat[0, 0]) and np.nanmin(scan.heat) == -1


def test_the_windows_at_a_place_lie_about_it_the_furthest_first(scan):
    windows = scan.windows_at(80, 90)
    assert len({scan.layer_of(window) for window in windows}) == len(windows) >= 4
    assert (np.diff(scan.reached[windows]) <= 0).all()
    for window in windows:
        box, layer = scan.boxes(np.array([window]))[0], scan.layers[scan.layer_of(window)]
        middle = (box[:2] + box[2:]) / 2
        assert np.abs(middle - [80, 90]).max() <= layer.step * float(layer.scale) / 2 + 1
    assert scan.heat[90, 80] == scan.reached[windows[0]]
    assert scan.windows_at(0, 0).size == 0


def test_a_window_s_pixels_and_place_in_its_grid(scan):
    number = int(scan.firsts[1]) + scan.layers[1].shape[1] * 2 + 3  # The third row's fourth window of layer 1.
    layer = scan.layers[1]
    top, left = 2 * layer.step, 3 * layer.step
    np.testing.assert_array_equal(scan.pixels(number), layer.gray[top : top + 24, left : left + 24])
    assert scan.grids[1][2, 3] == scan.reached[number]
    assert [grid.shape for grid in scan.grids] == [layer.shape for layer in scan.layers]


def test_progress_is_told_of_every_stage_and_may_end_the_scan(scan):
    told: list[tuple[int, int]] = []
    open_cascade().scan(scan.gray[:40, :40], progress=lambda *words: told.append(words))
    assert told == [(number, 25) for number in range(1, 26)]


def _skipped_one_by_one(rejected: list[bool]) -> list[bool]:
    """OpenCV's loop: x goes on by a step, and by one more after a rejection in the first stage."""
    tried, x = [False] * len(rejected), 0
    while x < len(rejected):
        tried[x] = True
        x += 2 if rejected[x] else 1
    return [not seen for seen in tried]


def test_what_is_skipped_equals_a_loop():
    random = np.random.default_rng(0)
    gray = np.zeros((24 + 2 * 19, 24 + 2 * 39), np.uint8)
    layer = Layer(gray, np.float32(1), (24, 24), 2, last_row=34)
    for share in (0, 0.3, 0.8, 1):
        rejected = random.random(layer.shape) < share
        found = skipped(rejected.ravel(), [layer]).reshape(layer.shape)
        for row, line in enumerate(rejected.tolist()):
            assert found[row].tolist() == (_skipped_one_by_one(line) if row * 2 < 34 else [True] * len(line))


def test_clipped_cuts_and_drops():
    boxes = np.array([[-1, -1, 5, 5], [8, 2, 12, 6], [10, 0, 14, 4]])
    assert clipped(boxes, (6, 10)).tolist() == [[0, 0, 5, 5], [8, 2, 10, 6]]
