"""Folders for someone's pictures."""

import gc
import subprocess
import sys

import pytest

from emotion.live.scratch import scratch_folder


class Owner:
    pass


@pytest.fixture(autouse=True)
def temp(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_private_and_goes_with_its_owner(temp):
    owner = Owner()
    folder = scratch_folder(owner)
    assert folder.parent == temp and folder.stat().st_mode & 0o077 == 0
    (folder / "film.mp4").write_bytes(b"film")
    del owner
    gc.collect()
    assert not folder.exists()


def test_what_a_killed_program_left_is_swept_away(temp):
    code = "import os; from emotion.live.scratch import scratch_folder as f; print(f(f), flush=True); os._exit(9)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"TMPDIR": str(temp)})
    (left,) = temp.iterdir()
    assert str(left) == done.stdout.strip()
    owner, mine = Owner(), scratch_folder(Owner.__new__(Owner))
    other = temp / "emotion-notes"
    other.mkdir()
    scratch_folder(owner)
    assert not left.exists() and other.exists() and not mine.exists()
