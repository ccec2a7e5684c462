"""Labels that are wrong on purpose are found; probabilities by hand have known answers."""

import numpy as np
import pytest

from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.sample import write_sample
from emotion.dataset.suspects import oriented_gradients, out_of_sample, suspect_rows, suspects
from emotion.jobs import Cancelled


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, set[str]]:
    """A sample of drawn faces in which ten happy and sad ones changed places, and the paths these have now."""
    root = write_sample(tmp_path_factory.mktemp("sample") / "faces", 700)
    wrong = {"happy": "sad", "sad": "happy"}
    chosen = [path for key in wrong for path in sorted((root / "train" / key).iterdir())[:5]]
    moved = {path.rename(root / "train" / wrong[path.parent.name] / f"moved_{path.name}") for path in chosen}
    return open_dataset(root), {path.relative_to(root).as_posix() for path in moved}


def faces(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.load(split).pixels for split in dataset.splits])


def test_swapped_labels_come_first_without_a_model(swapped: tuple[Dataset, set[str]]) -> None:
    dataset, moved = swapped
    pixels, told = faces(dataset), []
    finding = suspects(dataset, np.arange(700), lambda rows: pixels[rows], progress=lambda *step: told.append(step))
    first = [dataset.everything.paths[row] for row in finding.rows[:20]]
    assert len(moved & set(first)) >= 7
    assert finding.scores.tolist() == sorted(finding.scores.tolist()) and finding.scores.dtype == np.float32
    assert told[0] == (700, 1400) and told[-1] == (1400, 1400)
    again = suspects(dataset, np.arange(700), lambda rows: pixels[rows])
    assert again.rows.tolist() == finding.rows.tolist()


def test_a_model_is_asked_only_about_what_it_has_not_seen(swapped: tuple[Dataset, set[str]]) -> None:
    dataset, moved = swapped
    pixels, truth = faces(dataset), dataset.everything.labels.copy()
    wrong = np.flatnonzero(dataset.split_of == 1)[:3]
    asked: list[int] = []

    def predict(rows: np.ndarray) -> np.ndarray:
        asked.extend(rows)
        answers = np.full((len(rows), 7), 0.02, np.float32)
        answers[np.arange(len(rows)), np.where(np.isin(rows, wrong), (truth[rows] + 1) % 7, truth[rows])] = 0.88
        return answers

    finding = suspects(
        dataset, np.arange(700), lambda rows: rows, lambda rows: oriented_gradients(pixels[rows]), predict,
        trained_on=dataset.split_of == 0,
    )  # fmt: skip
    assert asked == np.flatnonzero(dataset.split_of > 0).tolist()
    held_out = finding.rows[dataset.split_of[finding.rows] > 0]
    assert sorted(held_out) == wrong.tolist()
    assert len(moved & {dataset.everything.paths[row] for row in finding.rows}) >= 7


def test_probabilities_by_hand() -> None:
    labels = np.repeat([0, 1, 2], 10)
    probabilities = np.full((30, 3), 0.05, np.float32)
    probabilities[np.arange(30), labels] = 0.9
    probabilities[4] = [0.02, 0.95, 0.03]  # Labelled 0, surely 1.
    probabilities[25] = [0.85, 0.05, 0.1]  # Labelled 2, surely 0.
    probabilities[13] = [0.3, 0.36, 0.34]  # Nobody knows: no suspect.
    probabilities[7] = np.nan  # Nobody was asked.
    rows, scores = suspect_rows(labels, probabilities)
    assert rows.tolist() == [4, 25]
    assert scores == pytest.approx([0.02, 0.1])


@pytest.mark.parametrize("labels", [[], [3], [1, 1, 1]])
def test_nothing_to_compare_is_no_suspect(labels: list[int]) -> None:
    rows, scores = suspect_rows(np.array(labels, np.int64), np.full((len(labels), 4), 0.25, np.float32))
    assert len(rows) == len(scores) == 0


def test_no_row_teaches_its_own_answer() -> None:
    """Labels drawn by lot can't be told from the embeddings, unless a row is in what it is judged by."""
    random = np.random.default_rng(0)
    embeddings, labels = random.normal(size=(400, 200)).astype(np.float32), random.integers(0, 2, 400)
    probabilities = out_of_sample(embeddings, labels)
    assert probabilities.shape == (400, 2) and probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert 0.4 < (probabilities.argmax(axis=1) == labels).mean() < 0.6


def test_classes_too_small_for_the_folds_are_left_out() -> None:
    labels = np.array([0] * 20 + [2] * 3 + [3] * 20)
    embeddings = np.random.default_rng(0).normal(size=(43, 4)).astype(np.float32) + labels[:, None]
    told: list[tuple[int, int]] = []
    probabilities = out_of_sample(embeddings, labels, progress=lambda *step: told.append(step))
    assert np.isnan(probabilities[20:23]).all() and not np.isnan(probabilities[[*range(20), *range(23, 43)]]).any()
    assert (probabilities[:20, 1:3] == 0).all() and told[-1] == (43, 43) and len(told) == 5


@pytest.mark.parametrize(("labels", "features"), [([], 3), ([0, 0, 1], 3), ([0] * 9, 3), ([0] * 9 + [1] * 9, 1)])
def test_little_or_constant_data_is_no_fault(labels: list[int], features: int) -> None:
    embeddings = np.ones((len(labels), features), np.float32)
    probabilities = out_of_sample(embeddings, np.array(labels, np.int64))
    assert len(probabilities) == len(labels)
    assert np.isnan(probabilities).all() == (len(set(labels)) < 2 or len(labels) < 10)
    suspect_rows(np.array(labels, np.int64), probabilities)


def test_the_search_can_be_cancelled(swapped: tuple[Dataset, set[str]]) -> None:
    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        suspects(swapped[0], np.arange(700), lambda rows: np.zeros((len(rows), 48, 48), np.uint8), progress=cancel)


def test_gradients_of_a_slope_point_up_it() -> None:
    slope = np.repeat(np.arange(48, dtype=np.uint8)[None] * 5, 48, axis=0)
    across, down = oriented_gradients(np.array([slope, slope.T])).reshape(2, 100, 9)
    # Nine directions of 20 degrees: 0 degrees lies between the last and the first, 90 in the middle of the fifth.
    assert (across[:, 1:8] < 1e-6).all() and (across[:, [0, 8]] > 0.1).all()
    assert (down.argmax(axis=1) == 4).all()
    assert oriented_gradients(np.zeros((0, 30, 30), np.uint8)).shape == (0, 900)


def test_gradients_do_not_see_the_light_but_the_picture() -> None:
    face = np.random.default_rng(0).integers(0, 200, (2, 30, 30), np.uint8)
    one, other = oriented_gradients(face)
    [lighter] = oriented_gradients(face[:1] + np.uint8(40))
    assert np.allclose(one, lighter, atol=0.02) and np.abs(one - other).mean() > 0.05
