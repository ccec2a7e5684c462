"""FER+ votes, counted by hand."""

import io
from pathlib import Path

import numpy as np
import pytest

from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, Votes, attach_votes, detach_votes, votes_of
from emotion.errors import UserError
from tests.conftest import write_faces

CLASSES = ("angry", "happy", "sad")
HEADER = "file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
ROWS = [
    "train/angry/000.png,4,0,0,1,5,0,0,0,0,0\n",  # anger
    "train/angry/001.png,5,0,0,0,5,0,0,0,0,0\n",  # a tie
    "train/happy/000.png,0,3,0,0,0,0,0,7,0,0\n",  # contempt
    "train/happy/001.png,1,9,0,0,0,0,0,0,0,0\n",  # happiness
    "train/sad/000.png,2,0,0,8,0,0,0,0,0,0\n",  # sadness
]


def dataset_at(root: Path):
    return open_dataset(write_faces(root, {"train": {key: 3 for key in CLASSES}, "validation": {"sad": 1}}))


def stream(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_counts_emotions_and_majority(tmp_path: Path, home: Path) -> None:
    dataset = dataset_at(tmp_path / "얼굴")
    assert votes_of(dataset) is None
    before = sorted(dataset.root.rglob("*"))
    votes = attach_votes(dataset, stream(HEADER + "".join(ROWS)))
    assert votes.counts.dtype == np.int16 and votes.counts.shape == (10, 10)
    rows = [dataset.everything.paths.index(row.split(",")[0]) for row in ROWS]
    assert votes.counts[rows[0]].tolist() == [4, 0, 0, 1, 5, 0, 0, 0, 0, 0]
    assert votes.emotions(CLASSES)[rows].tolist() == [[5, 0, 1], [5, 0, 0], [0, 3, 0], [0, 9, 0], [0, 0, 8]]
    assert votes.emotions(CLASSES).dtype == np.float32
    assert votes.majority(CLASSES)[rows].tolist() == [0, -1, -1, 1, 2]
    assert votes.majority(("glasses", "Sad"))[rows].tolist() == [-1, -1, -1, -1, 1]
    assert votes.emotions(("glasses", "Sad"))[rows[4]].tolist() == [0, 8]
    assert votes.found.sum() == 5 and (votes.majority(CLASSES)[~votes.found] == -1).all()
    assert sorted(dataset.root.rglob("*")) == before
    kept = votes_of(dataset)
    assert kept is not None and (kept.counts == votes.counts).all()
    detach_votes(dataset.root)
    detach_votes(dataset.root)
    assert votes_of(dataset) is None and list((home / "votes").iterdir()) == []


def test_fer2013new_by_file_names(tmp_path: Path) -> None:
    dataset = open_dataset(write_faces(tmp_path, {"train": {"happy": 1, "sad": 2}}))
    header = "Usage,Image name," + ",".join(COLUMNS) + "\n"
    # 000.png is there twice, so its votes can't be told; a row without a name was taken out by FER+.
    text = (
        header
        + "Training,001.png,0,0,0,9,0,0,0,0,1,0\nTraining,000.png,9,0,0,0,0,0,0,0,0,1\nTraining,,0,0,0,0,0,0,0,0,0,10\n"
    )
    votes = attach_votes(dataset, stream(text))
    assert {dataset.everything.paths[row] for row in np.flatnonzero(votes.found)} == {"train/sad/001.png"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks neutral"),
        (HEADER.replace(",contempt", ""), "lacks contempt"),
        (HEADER.replace("file", "path") + ROWS[0], "lacks Image name"),
        (HEADER, "has no votes for any image"),
        (HEADER + ROWS[0].replace("train", "elsewhere"), "has no votes for any image"),
        (HEADER + "train/angry/000.png,4,0\n", r"line 2: expected 11 columns, found 3"),
        (HEADER + ROWS[0] + ROWS[1].replace("5", "many"), r"line 3: “many” is no number of votes"),
        (HEADER + ROWS[0].replace("4", "-4"), r"line 2: “-4” is no number of votes"),
        (HEADER + ROWS[0].replace("4", "1000"), r"“1000” is no number of votes"),
    ],
)
def test_what_are_no_votes(tmp_path: Path, home: Path, text: str, says: str) -> None:
    dataset = dataset_at(tmp_path / "set")
    with pytest.raises(UserError, match=says):
        attach_votes(dataset, stream(text))
    assert votes_of(dataset) is None and not home.exists()


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no csv in UTF-8"):
        attach_votes(dataset_at(tmp_path / "set"), io.BytesIO(b"\xff\xfe\x00"))


def test_votes_of_files_that_are_gone_are_none(tmp_path: Path) -> None:
    dataset = dataset_at(tmp_path / "set")
    attach_votes(dataset, stream(HEADER + ROWS[0]))
    (dataset.root / "train/angry/000.png").rename(dataset.root / "train/angry/zzz.png")
    assert votes_of(open_dataset(dataset.root)) is None


def test_where_the_votes_speak_against_the_label_the_clearest_first() -> None:
    counts = np.zeros((5, 10), np.int16)
    counts[0, [1, 3]] = 6, 4  # happiness 6, sadness 4
    counts[1, [1, 3]] = 9, 1
    counts[2, [1, 3]] = 5, 5  # A tie speaks against neither.
    counts[3, 9] = 10  # Ten say: no face.
    rows, shares = Votes(counts).disagreeing(np.array([1, 1, 1, 0, 0]), ("happy", "sad"))
    assert rows.tolist() == [3, 1, 0]
    np.testing.assert_allclose(shares, [0, 0.1, 0.4])
    assert Votes(counts).disagreeing(np.zeros(5, int), ("glasses", "sad"))[0].tolist() == []
