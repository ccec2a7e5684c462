import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.history import LastMinute, SessionHistory
from emotion.plots.live import answer, last_minute, mood, probabilities, session, stages

KEYS = tuple(label.key for label in EMOTIONS)


def seen(position, track=1):
    face = Face(np.array([0, 0, 9, 9]), track, {"model": Prediction(KEYS, np.eye(7)[position])})
    return FrameResult((face,))


def samples(*moments):
    minute = LastMinute()
    for seconds, position in moments:
        minute.add(seen(position), seconds)
    return minute.samples()


def test_an_answer_stands_in_the_classes_order_and_colours():
    chart = answer(Prediction(KEYS, np.eye(7)[3]), "ko")
    assert chart.data["class"] == [label.korean for label in EMOTIONS] and chart.data["share"] == [0, 0, 0, 1, 0, 0, 0]
    assert chart.data["said"] == ["0%", "0%", "0%", "100%", "0%", "0%", "0%"]
    colour = chart.spec["layer"][0]["encoding"]["color"]["scale"]
    assert colour == {"domain": chart.data["class"], "range": [label.colour for label in EMOTIONS]}


def test_of_nobody_no_number_is_said():
    chart = answer(Prediction(KEYS, np.zeros(7)))
    assert chart.data["share"] == [0] * 7 and chart.data["said"] == [""] * 7


def test_a_still_figure_of_probabilities():
    (bars,) = (figure := probabilities(Prediction(KEYS, np.eye(7)[3]), "ko", "model")).data
    assert list(bars.y) == [label.korean for label in EMOTIONS]
    assert list(bars.marker.color) == [label.colour for label in EMOTIONS]
    assert list(bars.x) == [0, 0, 0, 100, 0, 0, 0]
    assert bars.text[3] == "100%"
    assert figure.layout.title.text == "model"
    assert figure.layout.xaxis.range == (0, 100)


def test_a_chart_is_the_same_whatever_moves_in_it():
    """The browser gives a chart new data and leaves it standing only where the specification is the same."""
    first, second = (answer(Prediction(KEYS, values)).spec for values in (np.zeros(7), np.ones(7) / 7))
    assert first == second
    assert last_minute(samples((0, 1)), 0).spec == last_minute(samples((0, 1), (5, 2), (9, 2)), 9).spec


def test_the_last_minute_ends_now_and_breaks_where_no_face_was():
    data = last_minute(samples((10, 3), (11, 3), (20, 5)), 21.5).data  # For the last 1.5 s nobody was there.
    assert data["seconds"][::7] == [-11.5, -10.5, -10.49, -1.51, -1.5]
    shares = np.array(data["share"]).reshape(5, 7)
    assert shares.sum(axis=1).tolist() == [1, 1, 0, 0, 1]
    assert shares.argmax(axis=1)[[0, 1, 4]].tolist() == [3, 3, 5]
    assert last_minute((), 0).data["share"] == []


def test_a_long_timeline_is_thinned_out():
    many = samples(*((number / 5, 0) for number in range(300)))
    assert len(many) == 300
    assert len(last_minute(many, 60).data["share"]) == 150 * 7


def test_the_session_and_its_mood():
    history = SessionHistory()
    for number in range(40):
        history.add(seen(3 if number < 20 else 5), number / 4)  # Happy, then sad.
    summary = history.summary().models["model"]
    data = session(summary).data
    assert set(data["class"]) == {label.english for label in EMOTIONS}
    values = mood(summary).data["value"]
    assert values[0] == 1 and values[-1] == -1


def test_the_mood_falls_to_nothing_while_nobody_is_there():
    history = SessionHistory()
    for second in (*range(60), *range(660, 720)):
        history.add(seen(3), second)
    data = mood(history.summary().models["model"]).data
    away = [value for second, value in zip(data["seconds"], data["value"], strict=True) if 59 < second < 660]
    assert away and set(away) == {0}


@pytest.mark.parametrize(("slowest", "limit"), [(0, 20), (20, 20), (21, 50), (400, 500), (5000, 6000)])
def test_the_axis_of_times_grows_in_steps(slowest, limit):
    chart = stages({"detect": slowest, "total": 9999})
    assert chart.spec["encoding"]["x"]["scale"]["domain"] == [0, limit]
    assert chart.data["stage"] == ["Decode", "Detect", "Classify", "Draw"]
    assert chart.data["ms"] == [0, slowest, 0, 0]
