import numpy as np
import pytest

from emotion.live.faces import Face, FrameResult, Prediction


def test_prediction_names_the_most_probable_class():
    prediction = Prediction(("angry", "happy", "sad"), np.array([0.2, 0.7, 0.1]))
    assert (prediction.label, prediction.position) == ("happy", 1)
    assert prediction.probability == pytest.approx(0.7)
    assert prediction.probabilities.dtype == np.float32


@pytest.mark.parametrize(
    ("classes", "probabilities"),
    [((), []), (("happy", "sad"), [1.0]), (("happy",), [1.5]), (("happy",), [-0.5]), (("happy",), [np.nan])],
)
def test_prediction_refuses_what_is_none(classes, probabilities):
    with pytest.raises(ValueError, match="expected"):
        Prediction(classes, np.array(probabilities))


@pytest.mark.parametrize("xyxy", [(0, 0, 1), (5, 0, 1, 4), (0, 5, 4, 1), (0, 0, np.inf, 1)])
def test_face_refuses_a_box_that_is_none(xyxy):
    with pytest.raises(ValueError, match="expected a box"):
        Face(xyxy, 0)


def test_results_cannot_be_changed_by_another_thread():
    box = np.array([0, 0, 2, 3], np.float32)
    face = Face(box, 0, {"m": Prediction(("happy",), np.ones(1))})
    box[0] = 1
    assert face.xyxy[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        face.xyxy[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        face.predictions["m"].probabilities[0] = 0


def test_the_largest_face_is_the_person_in_front():
    small, large = Face((0, 0, 10, 10), 0), Face((50, 0, 80, 20), 1)
    assert FrameResult((small, large)).largest is large
    assert large.area == 600
    assert FrameResult().largest is None


def test_times_are_never_negative():
    with pytest.raises(ValueError, match="0 ms"):
        FrameResult((), {"detect": -1.0})


AGES = ("00-02", "03-09", "10-19", "70+")


def test_the_expected_age_weighs_the_middle_of_each_group():
    assert Prediction(AGES, np.array([0, 0.5, 0.5, 0])).age == pytest.approx((6.5 + 15) / 2)
    assert Prediction(AGES, np.array([0, 0, 0, 1])).age == 80
    assert Prediction(("happy", "20-29"), np.array([0, 1])).age is None
    assert Prediction(("female", "male"), np.array([0, 1])).is_gender
    assert not Prediction(("happy", "male"), np.array([0, 1])).is_gender


def test_what_is_shown_may_differ_from_what_is_most_probable():
    prediction = Prediction(("happy", "sad"), np.array([0.48, 0.52]), shown=0)
    assert (prediction.label, prediction.position) == ("happy", 0)
    assert prediction.probability == pytest.approx(0.48)
    with pytest.raises(ValueError, match="expected a place"):
        Prediction(("happy", "sad"), np.array([0.5, 0.5]), shown=2)
