"""A lesson on real faces: it learns, steps and goes back."""

import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.adaboost import Round
from emotion.haar.lesson import Lesson, prepare
from emotion.haar.patches import Patches, lfw_patches


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return prepare(*lfw_patches(), step=3)


@pytest.fixture(scope="module")
def rounds(lesson) -> tuple[Round, ...]:
    return tuple(lesson.rounds(12))


def test_nothing_is_held_out_and_learnt_from(lesson):
    assert len(lesson.train) == 140 and len(lesson.held_out) == 60
    assert lesson.train_faces.sum() == 70 and lesson.held_out_faces.sum() == 30
    learnt = {patch.tobytes() for patch in lesson.train.gray}
    assert not learnt & {patch.tobytes() for patch in lesson.held_out.gray}


def test_it_learns_faces(lesson, rounds):
    errors = lesson.errors(rounds)
    assert errors.shape == (12, 2) and errors[0, 0] > errors[-1, 0] and errors[-1, 0] < 0.02 and errors[-1, 1] < 0.2
    train, held_out = lesson.rocs(rounds)
    assert train.area > 0.99 and 0.9 < held_out.area <= 1


def test_the_recorded_error_is_the_stumps_on_the_patches(lesson, rounds):
    for found in rounds:
        feature = lesson.feature(found)
        wrong = found.stump.faces(lesson.train.values(feature)) != lesson.train_faces
        np.testing.assert_array_equal(wrong, found.wrong)
        assert found.error == pytest.approx(found.weights[wrong].sum())


def test_a_step_back_and_forth_is_the_same_round(lesson, rounds):
    again = lesson.next(rounds[:5])
    assert (again.feature, again.stump, again.error) == (rounds[5].feature, rounds[5].stump, rounds[5].error)


def test_after_a_feature_without_a_mistake_nothing_is_left_to_learn():
    gray = np.random.default_rng(0).integers(0, 60, (2, 20, 24, 24), np.uint8)
    gray[0, :, :12] += 190  # The faces are bright above, the others below: one feature tells them apart.
    gray[1, :, 12:] += 190
    simple = prepare(Patches(gray[0]), Patches(gray[1]), step=6)
    first = simple.next(())
    assert not first.wrong.any()
    with pytest.raises(UserError, match="nothing is left to learn"):
        simple.next((first,))


def test_progress_is_told_and_may_cancel():
    told = []
    prepare(*lfw_patches(12), step=4, progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told) and told[-1][0] == told[-1][1] > 10

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        prepare(*lfw_patches(12), step=4, progress=stop)


def test_too_few_patches_are_a_sentence():
    few = Patches(np.zeros((3, 12, 12), np.uint8))
    with pytest.raises(UserError, match="there are 3 and 3"):
        prepare(few, few)
