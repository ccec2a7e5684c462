"""Targets and weights, worked by hand."""

from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.targets import class_weights, one_hot, soft_targets, stratified_rows, usable_votes
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes
from emotion.errors import UserError
from tests.conftest import write_faces


def test_the_label_alone_is_one_hot() -> None:
    assert soft_targets(np.array([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]] == one_hot(np.array([1, 0]), 3).tolist()


def test_smoothing_takes_from_the_label_and_gives_to_all() -> None:
    found = soft_targets(np.array([2]), 4, smoothing=0.2)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx([0.05, 0.05, 0.85, 0.05])


def test_votes_take_their_share_where_there_are_any() -> None:
    counts = np.array([[2, 6, 0], [0, 0, 0]], np.float32)
    found = soft_targets(np.array([0, 2]), 3, counts=counts, share=0.5)
    assert found[0] == pytest.approx([0.5 + 0.5 * 0.25, 0.5 * 0.75, 0])
    assert found[1] == pytest.approx([0, 0, 1])
    both = soft_targets(np.array([0, 2]), 3, 0.3, counts, 1.0)
    assert both[0] == pytest.approx([0.7 * 0.25 + 0.1, 0.7 * 0.75 + 0.1, 0.1])


@pytest.mark.parametrize(("share", "votes"), [(0.5, [10, 0]), (1.0, [5, 5])])
def test_where_label_and_votes_tie_the_label_decides(share: float, votes: list[int]) -> None:
    (found,) = soft_targets(np.array([1]), 2, counts=np.array([votes], np.float32), share=share)
    assert found == pytest.approx([0.5, 0.5]) and found.argmax() == 1


def test_weights_make_every_class_count_the_same() -> None:
    weights = class_weights(np.array([0, 0, 0, 1]), 2)
    assert weights.tolist() == pytest.approx([4 / 6, 4 / 6, 4 / 6, 2])  # N / (K × count).
    assert weights.mean() == pytest.approx(1)


def test_a_subset_keeps_the_shares_and_every_class() -> None:
    labels = np.repeat([0, 1, 2], [800, 198, 2])
    rows = stratified_rows(labels, 100, seed=1)
    assert np.bincount(labels[rows]).tolist() == [80, 20, 1]
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert rows.tolist() == stratified_rows(labels, 100, seed=1).tolist() != stratified_rows(labels, 100, 2).tolist()


def test_votes_reach_the_images_they_belong_to(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path / "d", {"train": {"happy": 3, "sad": 1}, "validation": {"happy": 1}}))
    with pytest.raises(UserError, match="no FER\\+ votes"):
        usable_votes(dataset, dataset.load("train", (12, 12)))
    votes = {
        "train/happy/000.png": {"happiness": 8, "sadness": 2},
        "train/happy/001.png": {"happiness": 5, "NF": 5},  # Half saw no face: it keeps its label.
        "train/sad/000.png": {"sadness": 4, "happiness": 3, "contempt": 3},
    }
    lines = [f"file,{','.join(COLUMNS)}"]
    lines += [",".join([file, *(str(row.get(column, 0)) for column in COLUMNS)]) for file, row in votes.items()]
    (tmp_path / "votes.csv").write_text("\n".join(lines), encoding="utf-8")
    attach_votes(dataset, tmp_path / "votes.csv")
    assert usable_votes(dataset, dataset.load("train", (12, 12))).tolist() == [[8, 2], [0, 0], [0, 0], [3, 4]]


def test_neighbours_take_a_share_and_the_ends_have_one() -> None:
    found = soft_targets(np.array([0, 1, 3]), 4, neighbours=0.4)
    assert found == pytest.approx(np.array([[0.6, 0.4, 0, 0], [0.2, 0.6, 0.2, 0], [0, 0, 0.4, 0.6]]))
