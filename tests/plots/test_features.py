"""Features as pictures: what is black, what is white, and where the answers are painted."""

import numpy as np
import pytest

from emotion.haar.adaboost import Roc, Stump
from emotion.haar.features import FOUR, KINDS, TWO_BELOW, TWO_BESIDE, Feature
from emotion.plots.boosting import errors_chart, roc_chart
from emotion.plots.features import feature_picture, kind_picture, response_picture, values_figure


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_black_and_white_lie_where_the_feature_counts_them(kind):
    feature = Feature(kind, 2, 1, 3, 2)
    scale = 20
    picture = feature_picture(np.full((24, 24), 128, np.uint8), feature, 24 * scale, strength=1)
    middles = picture[scale // 2 :: scale, scale // 2 :: scale].astype(int)
    mask = feature.mask((24, 24))
    # A tilted cell's edge runs through pixels: there either colour is right.
    inside = np.ones(mask.shape, bool) if not kind.tilted else _inner(mask)
    assert (middles[inside & (mask == 1)] < 50).all() and (middles[inside & (mask == -1)] > 200).all()
    assert (mask[inside] == 1).any() and (mask[inside] == -1).any()
    if not kind.tilted:
        assert (middles[mask == 0] == 128).all()


def _inner(mask):
    """The pixels whose four neighbours have the same colour."""
    around = [np.roll(mask, step, axis) for step in (1, -1) for axis in (0, 1)]
    return np.all([mask == near for near in around], axis=0)


def test_every_kind_has_a_picture_of_its_own():
    pictures = {kind_picture(kind).tobytes() for kind in KINDS.values()}
    assert len(pictures) == len(KINDS)


def test_an_edge_answers_where_it_is():
    gray = np.full((20, 30), 200, np.uint8)
    gray[:, 15:] = 40  # Bright on the left, dark on the right: black − white is lowest about column 15.
    picture = response_picture(gray, Feature(TWO_BESIDE, 0, 0, 4, 3), longest=30).astype(int)
    red, blue = picture[..., 0], picture[..., 2]
    assert (blue - red)[10, 14] > 50
    assert (red[10, :8] == blue[10, :8]).all()  # An even place answers 0 and stays gray.


def test_values_and_both_lines_are_drawn():
    figure = values_figure(np.array([1.0, 2.0]), np.array([5.0]), own=1.5, stump=Stump(3.0, 1))
    assert [line.x0 for line in figure.layout.shapes] == [1.5, 3.0]
    assert [list(trace.x) for trace in figure.data] == [[1.0, 2.0], [5.0]]
    assert len(values_figure(np.zeros(2), np.zeros(2), own=0.0).layout.shapes) == 1


@pytest.mark.parametrize("kind", [TWO_BELOW, FOUR])
def test_the_sums_of_both_colours(kind):
    patch = np.random.default_rng(0).integers(0, 256, (24, 24))
    feature = Feature(kind, 3, 4, 5, 6)
    mask = feature.mask((24, 24))
    assert feature.sums(patch) == (patch[mask == 1].sum(), patch[mask == -1].sum())


def test_the_charts_hold_every_round_and_every_threshold():
    chart = errors_chart(np.array([[0.2, 0.3], [0.1, 0.25]]))
    assert chart.data == {
        "round": [1, 2, 1, 2],
        "error": [0.2, 0.1, 0.3, 0.25],
        "part": ["training", "training", "held out", "held out"],
    }
    roc = Roc(np.array([0, 0.5, 1]), np.array([0, 1.0, 1]))
    assert roc_chart((roc, roc)).data["true"] == [0, 1, 1, 0, 1, 1]
