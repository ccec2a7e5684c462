"""The last minute and the whole session, by hand and over hours."""

import numpy as np
import pytest

from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.history import LastMinute, SessionHistory, valence


def result(happy, number=0, size=10, name="m"):
    prediction = Prediction(("happy", "sad"), np.array([happy, 1 - happy]))
    return FrameResult((Face((0, 0, size, size), number, {name: prediction}),))


def test_the_last_minute_has_five_samples_a_second_and_forgets():
    minute = LastMinute()
    for frame in range(30 * 130):
        minute.add(result(0.5), frame / 30)
    samples = minute.samples()
    assert 295 <= len(samples) <= 302
    assert samples[0].seconds == pytest.approx(70, abs=0.3) and samples[-1].seconds == pytest.approx(130, abs=0.3)


def test_it_stays_small_with_many_faces():
    minute = LastMinute()
    for frame in range(400):
        many = [result(0.5, number).faces[0] for number in range(40)]
        minute.add(FrameResult(tuple(many)), frame / 5)
    assert len(minute.samples()) <= 9000


def test_ten_faces_and_three_models_have_their_whole_minute():
    minute = LastMinute()
    for frame in range(5 * 62):
        faces = tuple(result(0.5, number).faces[0] for number in range(10))
        models = {name: faces[0].predictions["m"] for name in "abc"}
        minute.add(FrameResult(tuple(Face(face.xyxy, face.track_id, models) for face in faces)), frame / 5)
    samples = minute.samples()
    assert samples[-1].seconds - samples[0].seconds == pytest.approx(60, abs=0.3)


def test_the_summary_of_a_session_by_hand():
    history = SessionHistory()
    history.add(result(1.0), 10.0)
    history.add(FrameResult(), 10.5)
    history.add(FrameResult((result(0.5, size=20).faces[0], result(1.0, 1, 5).faces[0])), 11.0)
    found = history.summary()
    assert (found.seconds, found.frames, found.with_faces, found.most_faces) == (1.0, 3, 2, 2)
    model = found.models["m"]
    assert model.mean == pytest.approx([0.75, 0.25])  # Of the largest face alone.
    assert model.valence == pytest.approx(0.5)
    assert model.seconds.tolist() == [0.125, 1.125] and model.curve[1] == pytest.approx([0.5, 0.5])


def test_hours_take_no_more_room_and_keep_the_mean():
    history = SessionHistory(points=50)
    values = []
    for second in range(0, 3 * 3600, 2):
        values.append((second // 600 % 2) * 0.8 + 0.1)
        history.add(result(values[-1]), float(second))
    model = history.summary().models["m"]
    assert len(model.seconds) <= 50 and model.mean[0] == pytest.approx(np.mean(values))
    assert model.curve[:, 0].min() < 0.3 and model.curve[:, 0].max() > 0.7
    assert (np.diff(model.seconds) > 0).all() and model.seconds[-1] < 3 * 3600 + 600


def test_an_empty_session():
    assert SessionHistory().summary().models == {} and LastMinute().samples() == ()


def test_valence_is_for_emotions_alone():
    assert valence(("happy", "neutral", "angry"), np.array([0.2, 0.3, 0.5])) == pytest.approx(-0.3)
    assert valence(("female", "male"), np.array([0.5, 0.5])) is None
