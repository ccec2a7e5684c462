"""Grouping against cv2.groupRectangles and detectMultiScale."""

import cv2
import numpy as np
import pytest

from emotion.haar.cascade import open_cascade
from emotion.haar.detector import FaceDetector
from emotion.haar.grouping import find_groups, group_boxes
from emotion.haar.photos import astronaut, shrink
from emotion.haar.scan import clipped


@pytest.mark.parametrize("spread", [2, 6, 70])
def test_groups_equal_opencvs(spread):
    random = np.random.default_rng(spread)
    for _ in range(150):
        count, least = int(random.integers(0, 70)), int(random.integers(0, 6))
        centres = random.integers(0, 120, (max(1, count // 8), 2))
        corner = centres[random.integers(0, len(centres), count)] + random.integers(-5, 6, (count, 2))
        size = random.integers(20, 21 + spread, (count, 1)) + random.integers(0, 1 + spread // 3, (count, 2))
        theirs = cv2.groupRectangles(np.hstack([corner, size]).tolist(), least, 0.2)[0]
        ours = group_boxes(np.hstack([corner, corner + size]), least)
        expected = [(x, y, x + w, y + h) for x, y, w, h in np.array(theirs).reshape(-1, 4).tolist()]
        assert sorted(map(tuple, ours.tolist())) == sorted(expected)


@pytest.mark.parametrize("neighbors", [1, 3, 5])
@pytest.mark.parametrize("name", ["frontalface_default", "smile"])
def test_scan_and_grouping_make_the_detector(name, neighbors):
    gray = shrink(cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)[:300, 80:360], 200)
    ours = clipped(group_boxes(open_cascade(name).scan(gray, 1.1).raw, neighbors), gray.shape)
    theirs = FaceDetector(name, 1.1, neighbors).detect(gray)
    assert len(theirs) and sorted(map(tuple, ours.tolist())) == sorted(map(tuple, theirs.astype(int).tolist()))


def test_the_groups_say_who_belongs_to_them():
    boxes = np.array([[0, 0, 20, 20], [100, 0, 120, 20], [1, 1, 21, 21], [2, 1, 22, 21]])
    groups = find_groups(boxes, 2)
    assert groups.members.tolist() == [0, 1, 0, 0] and groups.sizes.tolist() == [3, 1]
    assert groups.kept.tolist() == [True, False] and groups.boxes[0].tolist() == [1, 1, 21, 21]


def test_more_boxes_than_are_compared_at_a_time():
    boxes = np.tile(np.array([[0, 0, 20, 20], [200, 0, 220, 20]]), (400, 1))
    assert group_boxes(boxes, 5).tolist() == [[0, 0, 20, 20], [200, 0, 220, 20]]


def test_nothing_stays_nothing():
    nothing = np.empty((0, 4), int)
    assert group_boxes(nothing, 3).shape == (0, 4) and len(find_groups(nothing, 3).sizes) == 0
