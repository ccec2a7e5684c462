"""The list of known datasets: forgotten ones keep their files, the app's own can be deleted."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import attach_votes, votes_of
from emotion.dataset.library import delete, folder_stamp, forget, is_own, known_datasets, remember
from emotion.errors import UserError
from tests.conftest import write_faces

ONE_EACH = {"train": {"a": 1, "b": 1}}


def test_a_forgotten_folder_keeps_its_files(tmp_path: Path) -> None:
    first, second = (write_faces(tmp_path / name, ONE_EACH) for name in ("one", "two"))
    remember(first)
    remember(second)
    forget(first)
    assert known_datasets() == [second]
    assert (first / "train" / "a" / "000.png").exists()


def test_an_own_dataset_is_deleted_for_good(home: Path) -> None:
    own = write_faces(home / "datasets" / "내 얼굴", ONE_EACH)
    remember(own)
    assert is_own(own)
    delete(own)
    assert known_datasets() == []
    deadline = time.monotonic() + 10
    while list((home / "datasets").iterdir()):  # The files themselves go in the background.
        assert time.monotonic() < deadline


def test_somebody_else_s_folder_is_never_deleted(tmp_path: Path, home: Path) -> None:
    root = write_faces(tmp_path / "one", ONE_EACH)
    nested = write_faces(home / "datasets" / "own" / "deeper", ONE_EACH)
    for folder in (root, nested, home / "datasets" / "..", home / "datasets"):
        with pytest.raises(UserError, match="not in the app's data folder"):
            delete(folder)
    assert (root / "train" / "a" / "000.png").exists() and (nested / "train" / "a" / "000.png").exists()


@pytest.mark.parametrize("place", ["train/a/new.png", "train/new class/1.png", "test/a/1.png"])
def test_the_stamp_tells_of_a_new_file_wherever_it_is(tmp_path: Path, place: str) -> None:
    root = write_faces(tmp_path, ONE_EACH)
    before = folder_stamp(root)
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(b"")
    assert folder_stamp(root) != before


def test_the_stamp_of_class_folders_alone(tmp_path: Path) -> None:
    root = write_faces(tmp_path, {"": {"a": 2, "b": 2}})
    before = folder_stamp(root)
    assert folder_stamp(root) == before
    (root / "b" / "001.png").unlink()
    assert folder_stamp(root) != before


def test_many_sessions_at_once_lose_no_entry(home: Path, tmp_path: Path) -> None:
    roots = [write_faces(tmp_path / str(number), ONE_EACH) for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(remember, roots))
    assert set(known_datasets()) == set(roots)


def test_votes_go_with_the_dataset_and_do_not_wait_for_another(home: Path, tmp_path: Path) -> None:
    own = write_faces(home / "datasets" / "own", {"train": {"happy": 2, "sad": 2}})
    ballot = tmp_path / "votes.csv"
    names = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    ballot.write_text(f"file,{names}\ntrain/sad/000.png,0,9,0,1,0,0,0,0,0,0\n", encoding="utf-8")
    attach_votes(open_dataset(own), ballot)
    delete(own)
    write_faces(home / "datasets" / "own", {"train": {"happy": 2, "sad": 2}})
    assert votes_of(open_dataset(own)) is None
