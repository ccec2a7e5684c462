from math import exp

import numpy as np
import pytest

from emotion.haar.boxes import iou
from emotion.live.faces import Prediction
from emotion.live.tracking import Tracker, blend

NOTHING = np.empty((0, 4), np.float32)


def boxes(*rows):
    return np.array(rows, np.float32)


def tracker_that_knows(*rows):
    """At the moment 0 it has found them often enough to wait for them."""
    tracker = Tracker()
    for seconds in (-0.08, -0.04, 0.0):
        tracker.update(boxes(*rows), seconds)
    return tracker


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
    tracker = tracker_that_knows((0, 0, 100, 100), (20, 0, 120, 100))
    after = tracker.update(boxes((18, 0, 118, 100)), 0.04)
    assert [(track.track_id, track.seen) for track in after] == [(0, 0.0), (1, 0.04)]


def test_a_missed_face_stays_for_half_a_second_and_keeps_its_number_for_two():
    tracker = tracker_that_knows((0, 0, 100, 100))
    assert len(tracker.update(NOTHING, 0.5)) == 1 and not tracker.lately(0.5)
    assert tracker.update(NOTHING, 1.0) == [] and [track.track_id for track in tracker.lately(1.0)] == [0]
    (same,) = tracker.update(boxes((3, 0, 103, 100)), 1.9)
    assert same.track_id == 0
    assert tracker.update(NOTHING, 4.0) == [] == tracker.lately(4.0)
    (other,) = tracker.update(boxes((0, 0, 100, 100)), 4.1)
    assert other.track_id == 1


def test_what_was_found_once_or_twice_is_not_waited_for():
    tracker = Tracker()
    for seconds in (0.0, 0.04):
        assert len(tracker.update(boxes((0, 0, 100, 100)), seconds)) == 1
        assert len(tracker.alive(seconds + 0.2)) == 1  # However slow the computer is: the next frame is not here yet.
    assert tracker.update(NOTHING, 0.08) == [] and [track.track_id for track in tracker.lately(0.08)] == [0]
    (again,) = tracker.update(boxes((0, 0, 100, 100)), 0.12)
    assert again.track_id == 0 and tracker.update(NOTHING, 0.16) == [again]


def test_a_face_elsewhere_is_another_one():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 100, 100)), 0.0)
    (other,) = tracker.update(boxes((150, 0, 250, 100)), 1.0)
    assert other.track_id == 1


def test_a_jump_is_a_new_face():
    tracker = tracker_that_knows((0, 0, 100, 100))
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
    track.keep_only(("x", "a"))
    assert list(track.predictions) == ["a"]
    track.smooth({"a": Prediction(("x", "y", "z"), np.array([0, 0, 1]))}, 0.31, 0.3)
    assert track.predictions["a"].label == "z"


def crossing(times):
    """Two faces of 100 pixels that walk through each other, 60 pixels a second each; the right one walks behind."""
    for time in times:
        front, behind = 60 * time, 300 - 60 * time
        hidden = abs(front - behind) < 55
        rows = [(front, 0, front + 100, 100)] + ([] if hidden else [(behind, 10, behind + 100, 110)])
        yield time, boxes(*rows[::-1]) if int(time * 25) % 2 else boxes(*rows)


def test_two_who_cross_slowly_keep_their_numbers():
    tracker = Tracker()
    counts = []
    for time, rows in crossing(np.arange(0, 5, 0.04)):
        tracks = tracker.update(rows, time)
        counts.append(len(tracks))
    ends = {track.track_id: float(track.detected[0]) for track in tracks}
    assert set(ends) == {0, 1} and ends[0] > 250 and ends[1] < 50
    assert min(counts) == 1  # The one behind was out of sight for longer than the patience.


def test_a_face_that_leaves_is_not_taken_for_hidden():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 100, 100), (300, 0, 400, 100)), 0.0)
    for time in np.arange(0.04, 2.4, 0.04):
        tracker.update(boxes((0, 0, 100, 100)), time)
    assert [t.track_id for t in tracker.update(boxes((0, 0, 100, 100), (300, 0, 400, 100)), 2.4)] == [0, 2]


def test_motion_carries_a_face_over_a_gap_that_iou_alone_would_lose():
    tracker = Tracker()
    for time in np.arange(0, 0.6, 0.04):
        tracker.update(boxes((500 * time, 0, 500 * time + 100, 100)), time)
    (track,) = tracker.update(boxes((380, 0, 480, 100)), 0.76)  # 100 pixels on: no overlap with the last box at 280.
    assert track.track_id == 0


def answer(*values):
    return {"a": Prediction(("happy", "sad"), np.array(values))}


def test_the_label_changes_only_when_another_is_clearly_more_probable():
    (track,) = Tracker().update(boxes((0, 0, 9, 9)), 0.0)
    shown = []
    for place, happy in enumerate((0.6, 0.46, 0.44, 0.54, 0.56)):
        track.smooth(answer(happy, 1 - happy), place / 10, 0, hysteresis=0.1)
        shown.append(track.predictions["a"].label)
    assert shown == ["happy", "happy", "sad", "sad", "happy"]


def test_a_label_under_the_threshold_is_unsure_until_it_is_clearly_over_it():
    (track,) = Tracker().update(boxes((0, 0, 9, 9)), 0.0)
    unsure = []
    for happy in (0.71, 0.69, 0.72, 0.76, 0.71):
        track.smooth(answer(happy, 1 - happy), 0, 0, unsure_below=0.7)
        unsure.append(track.predictions["a"].unsure)
    assert unsure == [False, True, True, False, False]


def test_without_smoothing_and_hysteresis_the_answer_is_the_raw_one():
    (track,) = Tracker(0).update(boxes((0, 0, 9, 9)), 0.0)
    for happy in (0.9, 0.49):
        track.smooth(answer(happy, 1 - happy), 0.1, 0)
        assert track.predictions["a"].label == ("happy" if happy > 0.5 else "sad")
        assert track.predictions["a"].probabilities[0] == pytest.approx(happy)


def test_numbers_are_never_given_twice():
    tracker = Tracker()
    tracker.update(boxes((0, 0, 9, 9)), 0.0)
    assert tracker.renewed().update(boxes((0, 0, 9, 9)), 0.1)[0].track_id == 1
