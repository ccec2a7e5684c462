"""The emotion mirror's points, by hand."""

from itertools import pairwise

import numpy as np
import pytest

from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.mirror import Round, draw_targets, share_of


def crop(value: int) -> np.ndarray:
    return np.full((4, 4), value, np.uint8)


def test_the_score_is_the_mean_over_time_and_the_best_face_is_kept() -> None:
    one = Round("happy")
    assert one.score == 0 and one.best is None
    # Half a second at 0, one at 1, then half a second down to 0 again; the frames come unevenly.
    for seconds, share, value in ((1.0, 0.0, 1), (1.5, 0.0, 2), (1.5, 1.0, 3), (2.4, 1.0, 4), (2.5, 1.0, 5)):
        one.add(share, seconds, crop(value))
    one.add(0.0, 3.0, None)
    assert one.score == round(100 * (1.0 + 0.25) / 2) and one.best[0, 0] == 5


def test_one_picture_counts_by_itself() -> None:
    one = Round("sad")
    one.add(0.42, 0.0, crop(7))
    assert one.score == 42 and one.best[0, 0] == 7


def test_the_share_is_the_largest_face_s_by_the_model_asked() -> None:
    answers = {"a": Prediction(("happy", "sad"), np.array([0.8, 0.2])), "b": Prediction(("x",), np.array([1.0]))}
    small = Face(np.array([0, 0, 5, 5]), 0, {"a": Prediction(("happy", "sad"), np.array([0.0, 1.0]))})
    result = FrameResult((small, Face(np.array([0, 0, 9, 9]), 1, answers)))
    assert share_of(result, "sad", "a") == pytest.approx(0.2)
    assert share_of(result, "sad", "b") == share_of(result, "sad", "none") == share_of(FrameResult(), "sad", "a") == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_emotion_comes_and_none_twice_in_a_row(seed: int) -> None:
    targets = draw_targets("abcdefg", np.random.default_rng(seed))
    assert len(targets) == 10 and set(targets) == set("abcdefg")
    assert all(first != second for first, second in pairwise(targets))
    assert draw_targets("a", np.random.default_rng(seed), 3) == ("a", "a", "a")
