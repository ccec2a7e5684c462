"""A disk that is full, for real: a small tmpfs. Each writer says a sentence, and what was there stays as it was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from emotion.homes import REPOSITORY
from tests.conftest import write_faces
from tests.dataset.importers.test_bad_input import may_mount
from tests.hostile.conftest import Files, zipped

pytestmark = pytest.mark.skipif(not may_mount(), reason="unshare -rm, which mounts without rights, is refused here")
CODE = """
import os, sys, pathlib
home = pathlib.Path(os.environ["EMOTION_HOME"])
def fill(left):
    "Take all room but so many bytes."
    free = os.statvfs(home); size = free.f_bavail * free.f_frsize - left
    with open(home / "ballast", "wb") as file:
        for _ in range(max(size, 0) // 4096): file.write(bytes(4096))
def state():
    from hashlib import sha256
    return {{str(p): sha256(p.read_bytes()).hexdigest() for p in sorted(home.rglob("*"))
            if p.is_file() and p.name not in ("ballast", "train.log", ".runs.lock")}}
from emotion.errors import UserError
{before}
old = state()
fill({left})
try:
    {work}
except UserError as error:
    print("SAID", error)
now = state()
assert all(now.get(path) == seal for path, seal in old.items()), "changed"
print("KEPT", [path for path in now if path not in old])
"""
ACTS = {
    "notes of a run": (
        "from emotion.cnn.runs import Run; run = Run(next((home / 'runs').iterdir()))",
        "run.write_notes('x' * 100_000)", 8192,
    ),
    "a new run": (
        "from emotion.cnn.config import TrainConfig; from emotion.cnn.workers import start_run",
        "start_run(TrainConfig(sys.argv[1], 'new', architecture='tiny_cnn'))", 0,
    ),
    "an imported model": (
        "from emotion.cnn.importing import import_bundle_zip", "import_bundle_zip(pathlib.Path(sys.argv[2]))", 200_000,
    ),
    "a report": (
        "from emotion.cnn.report import write_report; from emotion.cnn.runs import Run",
        "write_report(Run(next((home / 'runs').iterdir())), home / 'report.html')", 4096,
    ),
    "collected faces": (
        "import numpy as np; from emotion.dataset.collect import Collection; c = Collection('me'); c.agree()",
        "c.add('a', [np.random.default_rng(n).integers(0, 256, (96, 96), np.uint8) for n in range(40)])", 100_000,
    ),
    "the list of datasets": (
        "from emotion.dataset.library import remember",
        "[remember(pathlib.Path('/' + 'x' * 200 + str(n))) for n in range(99)]",
        8192,
    ),
    "a session's log": (
        "from emotion.live.log import SessionLog; log = SessionLog(); "
        "log._columns.update({(str(n), 'x' * 99): n for n in range(2000)})",
        "log.write_csv(home / 'log.csv')", 4096,
    ),
    "a head": (
        "from emotion.cnn.bundle import load_bundle; from emotion.cnn.classifier import Classifier; "
        "from emotion.cnn.head import fit_head; from emotion.dataset.folder import open_dataset; "
        "base = Classifier(load_bundle(home / 'models' / 'tiny')); data = open_dataset(sys.argv[1]); "
        "data.load('train'); data.load('validation')",
        "fit_head(base, data, 'mine')", 2048,
    ),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_a_full_disk_is_a_sentence_and_costs_nothing(trained: Path, files: Files, tmp_path: Path, act: str) -> None:
    before, work, left = ACTS[act]
    data = write_faces(tmp_path / "faces", {"train": {"a": 5, "b": 5}, "validation": {"a": 3, "b": 3}}, size=48)
    archive = zipped(tmp_path / "a.zip", files)
    home = tmp_path / "disk"
    home.mkdir()
    code = CODE.format(before=before, work=work, left=left)
    mount = (
        f"mount -t tmpfs -o size=24m tmpfs '{home}' && cp -r '{trained}'/models '{trained}'/runs '{home}' && "
        f"export EMOTION_HOME='{home}' && exec \"$@\""
    )
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", code, str(data), str(archive)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=280)
    assert "SAID" in done.stdout and "No space left on device" in done.stdout, done.stdout + done.stderr[-3000:]
    assert "KEPT" in done.stdout, done.stderr[-3000:]
    half = [path for path in json.loads(done.stdout.split("KEPT ")[1].replace("'", '"')) if "/runs/" not in path]
    assert all("/datasets/me/" in path or "/cache/" in path or path.endswith("datasets.json") for path in half), (
        half
    )  # Faces that had room are whole.
