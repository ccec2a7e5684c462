"""The figures and drawn pictures of a cascade: what they show is what was counted."""

import numpy as np
import pytest

from emotion.haar.cascade import Answer, StageAnswer
from emotion.haar.grouping import find_groups
from emotion.haar.integral import Rectangle
from emotion.haar.stages import CascadeFeature, WeightedRectangle
from emotion.plots.cascade import funnel_figure, settings_figure, stages_figure, sums_figure
from emotion.plots.cascade_pictures import ACCEPTED, depth_colours, feature_on, grouped, heat_map
from emotion.plots.theme import BLUE, ORANGE


def test_the_chosen_stage_stands_out():
    (bars,) = stages_figure([3, 9, 27], chosen=1).data
    assert list(bars.y) == [3, 9, 27] and list(bars.customdata) == [1, 2, 3]
    assert list(bars.marker.color) == [BLUE, ORANGE, BLUE]


def test_the_funnel_is_logarithmic_and_says_first_and_last():
    figure = funnel_figure(np.array([10_000, 900, 80, 7]))
    assert list(figure.data[0].y) == [10_000, 900, 80, 7] and figure.layout.yaxis.type == "log"
    assert [note.text for note in figure.layout.annotations] == ["10,000", "7"]
    assert list(figure.layout.xaxis.ticktext) == ["tried"]
    funnel_figure(np.zeros(3, int))  # Nothing tried, nothing left.


def test_a_sum_below_its_threshold_is_orange():
    answers = [StageAnswer((Answer((), (), 1.0),), 1.0, 0.5), StageAnswer((Answer((), (), -2.0),), -2.0, 0.5)]
    bars, lines = sums_figure(answers, chosen=1).data
    assert list(bars.marker.color) == [BLUE, ORANGE] and list(bars.marker.line.width) == [0, 3]
    assert list(lines.y) == [0.5, 0.5]


def test_the_table_of_settings_frames_the_decks():
    figure = settings_figure(np.array([[0.5, 0.25], [1, 0]]), (1.1, 1.5), (3, 5), "Recall", True, (1.5, 5))
    assert list(figure.data[1].text) == ["50%", "25%", "100%", "0%"]
    assert list(figure.data[1].y) == ["1.1", "1.1", "1.5", "1.5"] and list(figure.data[1].x) == ["3", "5", "3", "5"]
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.y0) == (0.5, 0.5)
    assert settings_figure(np.full((1, 1), np.nan), (1.1,), (3,), "", True, (1.1, 3)).data[1].text == ("–",)
    assert not settings_figure(np.zeros((1, 1)), (1.1,), (3,), "", False, (1.5, 5)).layout.shapes


def test_depths_have_colours_of_their_own_from_dark_to_bright():
    colours = depth_colours(25)
    assert colours.shape == (27, 3) and tuple(colours[-1]) == ACCEPTED and len(np.unique(colours, axis=0)) == 27
    brightness = colours[1:-1].astype(int).sum(axis=1)
    assert (np.diff(brightness) > 0).all()


def test_where_no_window_is_the_photo_stays_as_it_is():
    heat = np.array([[np.nan, 25.0], [-1.0, 0.0]], np.float32)
    picture = heat_map(np.full((2, 2), 100, np.uint8), heat, 25)
    assert picture[0, 0].tolist() == [100, 100, 100]
    assert np.abs(picture[0, 1].astype(int) - (0.25 * 100 + 0.75 * np.array(ACCEPTED))).max() <= 1


@pytest.mark.parametrize("tilted", [False, True])
def test_black_is_added_and_white_taken_away(tilted: bool):
    whole, inner = (Rectangle(2, 10, 8, 8), Rectangle(2, 10, 4, 4)) if tilted else (
        Rectangle(4, 4, 12, 12), Rectangle(4, 4, 12, 6)
    )  # fmt: skip
    feature = CascadeFeature((WeightedRectangle(whole, -1), WeightedRectangle(inner, 2)), tilted)
    drawn = feature_on(np.full((20, 20), 128, np.uint8), (20, 20), feature, 200)
    assert drawn.shape == (200, 200, 3) and drawn[2, 2].tolist() == [128] * 3
    black, white = ((40, 100), (140, 100)) if tilted else ((100, 70), (100, 130))
    assert drawn[black].max() < 60 and drawn[white].min() > 190


def test_a_dropped_group_is_gray():
    boxes = np.array([[10, 40, 50, 80], [11, 41, 51, 81], [10, 40, 50, 81], [100, 40, 140, 80]])
    drawn = grouped(np.zeros((120, 160, 3), np.uint8), boxes, find_groups(boxes, 2))
    assert np.ptp(drawn[60, 100:103].max(axis=0).astype(int)) == 0 and drawn[60, 100].max() > 0
    assert np.ptp(drawn[60, 10].astype(int)) > 0
