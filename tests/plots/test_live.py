import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.live.faces import Prediction
from emotion.plots.live import probabilities, stage_timings

KEYS = tuple(label.key for label in EMOTIONS)


def test_probabilities_stand_in_the_classes_order_and_colours():
    (bars,) = (figure := probabilities(Prediction(KEYS, np.eye(7)[3]), "ko", "model")).data
    assert list(bars.y) == [label.korean for label in EMOTIONS]
    assert list(bars.marker.color) == [label.colour for label in EMOTIONS]
    assert list(bars.x) == [0, 0, 0, 100, 0, 0, 0]
    assert bars.text[3] == "100 %"
    assert figure.layout.title.text == "model"


def test_the_axis_of_probabilities_never_moves():
    for values in (np.zeros(7), np.ones(7) / 7):
        assert probabilities(Prediction(KEYS, values)).layout.xaxis.range == (0, 100)


@pytest.mark.parametrize(("slowest", "limit"), [(0, 20), (20, 20), (21, 50), (400, 500), (5000, 5000)])
def test_the_axis_of_times_grows_in_steps(slowest, limit):
    figure = stage_timings({"detect": slowest, "total": 9999}, {"decode": "Decode", "detect": "Detect"})
    assert figure.layout.xaxis.range == (0, limit)
    assert list(figure.data[0].y) == ["Decode", "Detect"]
    assert list(figure.data[0].x) == [0, slowest]
