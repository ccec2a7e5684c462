from math import exp

import numpy as np
import pytest

from emotion.live.faces import Prediction
from emotion.live.tracking import Tracker, blend, iou

NOTHING = np.empty((0, 4), np.float32)


def boxes(*rows):
    return np.array(rows, np.float32)


def test_iou_by_hand():
    first = boxes((0, 0, 2, 2), (0, 0, 4, 1))
    second = boxes((1, 1, 3, 3), (0, 0, 2, 2), (9, 9, 9, 9))
    assert iou(first, second) == pytest.approx(np.array([[1 / 7, 1, 0], [0, 2 / 6, 0]]))
    assert iou(first, NOTHING).shape == (2, 0)


def test_blend_is_63_percent_after_the_time_constant_at_any_frame_rate():
    assert blend(np.zeros(1), np.ones(1), 0.3, 0.3) == pytest.approx(1 - exp(-1))
    value = np.zeros(1)
    for _ in range(10):
        value = blend(value, np.ones(1), 0.03, 0.3)
    assert value == pytest.approx(1 - exp(-1))
    assert blend(np.zeros(1), np.ones(1), 0.0, 0.0) == 1


def test_faces_keep_their_identity_whatever_their_order():
    tracker = Tracker()
    left, right = (0, 0, 100, 100), (300, 0, 400, 100)
    first = tracker.update(boxes(left, right), 0.0)
    second = tracker.update(boxes((310, 0, 410, 100), (5, 0, 105, 100)), 0.04)
    assert [track.track_id for track in first] == [track.track_id for track in second] == [0, 1]
    assert second[0].detected.tolist() == [5, 0, 105, 100]


def test_one_box_serves_one_face():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 100, 100), (20, 0, 120, 100)), 0.0)
    after = tracker.update(boxes((18, 0, 118, 100)), 0.04)
    assert [(track.track_id, track.seen) for track in after] == [(0, 0.0), (1, 0.04)]


def test_a_missed_face_stays_for_half_a_second_and_comes_back_as_the_same():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 100, 100)), 0.0)
    assert len(tracker.update(NOTHING, 0.5)) == 1
    (back,) = tracker.update(boxes((0, 0, 100, 100)), 0.9)
    assert back.track_id == 1
    tracker.update(NOTHING, 1.2)
    (same,) = tracker.update(boxes((3, 0, 103, 100)), 1.3)
    assert same.track_id == 1
    assert tracker.update(NOTHING, 1.9) == []


def test_a_jump_is_a_new_face():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 100, 100)), 0.0)
    assert [track.track_id for track in tracker.update(boxes((300, 0, 400, 100)), 0.04)] == [0, 1]


@pytest.mark.parametrize(("smoothing", "lags"), [(0.3, True), (0.0, False)])
def test_boxes_move_smoothly(smoothing, lags):
    tracker = Tracker(smoothing)
    tracker.update(boxes((0, 0, 100, 100)), 0.0)
    (track,) = tracker.update(boxes((10, 0, 110, 100)), 0.04)
    assert (0 < track.xyxy[0] < 10) if lags else track.xyxy.tolist() == [10, 0, 110, 100]


def test_answers_are_smoothed_and_forgotten_with_their_model():
    (track,) = Tracker().update(boxes((0, 0, 9, 9)), 0.0)
    happy, sad = (Prediction(("happy", "sad"), np.array(values)) for values in ([1, 0], [0, 1]))
    track.smooth({"a": happy, "b": happy}, 0.0, 0.3)
    assert track.predictions["a"].probability == 1
    track.smooth({"a": sad}, 0.3, 0.3)
    assert track.predictions["a"].probabilities == pytest.approx([exp(-1), 1 - exp(-1)])
    assert list(track.predictions) == ["a"]
    track.smooth({"a": Prediction(("x", "y", "z"), np.array([0, 0, 1]))}, 0.31, 0.3)
    assert track.predictions["a"].label == "z"
