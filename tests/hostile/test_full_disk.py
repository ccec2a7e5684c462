"""A disk that is full, for real: a small tmpfs. Each writer says a sentence, and what was there stays as it was."""

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from emotion.homes import REPOSITORY
from emotion.live.clip import clip_frame
from emotion.live.recorder import Mp4Writer
from tests.conftest import write_faces
from tests.dataset.importers.test_bad_input import may_mount
from tests.hostile.conftest import Files, zipped

pytestmark = pytest.mark.skipif(not may_mount(), reason="unshare -rm, which mounts without rights, is refused here")
ROOM = """
import os, sys, pathlib
home = pathlib.Path(os.environ["EMOTION_HOME"])
def fill(left):
    "Take all room but so many bytes."
    free = os.statvfs(home); size = free.f_bavail * free.f_frsize - left
    with open(home / "ballast", "wb") as file:
        for _ in range(max(size, 0) // 4096): file.write(bytes(4096))
def state():
    from hashlib import sha256
    return {str(p): sha256(p.read_bytes()).hexdigest() for p in sorted(home.rglob("*"))
            if p.is_file() and p.name not in ("ballast", "train.log", ".runs.lock")}
from emotion.errors import UserError
"""
CODE = """
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
VOTES = """
import io
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS, attach_votes
data = open_dataset(sys.argv[1])
def votes(rows):
    "A list in which all rows but the first belong to no file."
    names = ["train/a/000.png", *(f"{n}.png" for n in range(1, rows))]
    file = io.BytesIO("\\n".join([f"file,{','.join(COLUMNS)}", *(f"{name},0,9{',0' * 8}" for name in names)]).encode())
    file.name = "votes.csv"
    return file
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
    "an export": (
        "from emotion.cnn.bundle import load_bundle; from emotion.cnn.export import export_zip; "
        "bundle = load_bundle(home / 'models' / 'tiny')",
        "export_zip(bundle, home / 'out.zip', ['tflite'])", 100_000,
    ),
    "a film": (
        "from emotion.haar.detector import FaceDetector; from emotion.live.pipeline import LIVE_SCAN, FacePipeline; "
        "from emotion.live.video import process_video; "
        "pipeline = FacePipeline(FaceDetector('frontalface_default', *LIVE_SCAN))",
        "process_video(pathlib.Path(sys.argv[3]), pipeline, home / 'drawn.mp4', home / 'drawn.csv')", 16_384,
    ),
    "the practice set": (
        "from emotion.dataset.sample import write_sample; practice = home / 'datasets' / 'practice'; "
        "write_sample(practice, 21)",
        "write_sample(practice, 210)", 200_000,
    ),
    "a clean copy": (
        "from emotion.dataset.clean import write_clean; from emotion.dataset.doctor import examine; "
        "from emotion.dataset.folder import open_dataset; data = open_dataset(sys.argv[1]); found = examine(data)",
        "write_clean(data, found, [], home / 'datasets' / 'clean')", 16_384,
    ),
    "the votes of a clean copy": (
        VOTES + "from emotion.dataset.clean import write_clean; from emotion.dataset.doctor import examine; "
        "found = examine(data); attach_votes(data, votes(9000))",
        "write_clean(data, found, [], home / 'datasets' / 'voted')", 18 * 4096,
    ),
    "votes": (VOTES + "attach_votes(data, votes(1))", "attach_votes(data, votes(9000))", 8192),
}  # fmt: skip
TRAINING = """
from dataclasses import replace
from emotion.cnn.runs import Run
from emotion.cnn.training import train
from emotion.cnn.workers import add_epochs, take_over
run = Run(next((home / "runs").iterdir())); add_epochs(run, 2)
before, states = len(run.metrics()), sorted((run.path / "state").iterdir())
fill(900_000)  # Room for the pixels that are kept, and not for another state of 1.2 MB.
try:
    train(run, take_over(run), None)
except UserError as error:
    print("SAID", error)
assert run.status().state == "failed" and sorted((run.path / "state").iterdir()) == states
(home / "ballast").unlink()
add_epochs(run, 2)
train(run, take_over(run), None)
epochs = [row["epoch"] for row in run.metrics()]
assert run.status().state == "finished" and epochs == list(range(1, before + 3)), epochs
fill(0)
failed = replace(run.status(), state="failed", error="{p} is full", error_values={"p": "x\\udc80" * 9999})
try:
    run.write_status(failed)
    raise SystemExit("there was room")
except OSError:
    run.write_last_status(failed)
assert run.status().state == "failed" and "x" in str(run.status().problem)
print("KEPT []")
"""


@pytest.mark.parametrize("act", ACTS)
def test_a_full_disk_is_a_sentence_and_costs_nothing(trained: Path, files: Files, tmp_path: Path, act: str) -> None:
    before, work, left = ACTS[act]
    done = on_a_small_disk(ROOM + CODE.format(before=before, work=work, left=left), trained, files, tmp_path)
    half = [path for path in json.loads(done.split("KEPT ")[1].replace("'", '"')) if "/runs/" not in path]
    # Faces, a film's table and a copy without its votes, that had room, are whole.
    assert all(re.search("/datasets/(me|voted)/|/cache/|datasets.json$|drawn.csv$", path) for path in half), half


def test_a_training_goes_on_when_there_is_room_again(trained: Path, files: Files, tmp_path: Path) -> None:
    on_a_small_disk(ROOM + TRAINING, trained, files, tmp_path)


def on_a_small_disk(code: str, trained: Path, files: Files, tmp_path: Path) -> str:
    """What the code says in a home of 24 MB that holds a finished run and its model; it has SAID that it is full."""
    data = write_faces(tmp_path / "faces", {"train": {"a": 5, "b": 5}, "validation": {"a": 3, "b": 3}}, size=48)
    archive = zipped(tmp_path / "a.zip", files)
    home = tmp_path / "disk"
    home.mkdir()
    mount = (
        f"mount -t tmpfs -o size=24m tmpfs '{home}' && cp -r '{trained}'/models '{trained}'/runs '{home}' && "
        f"export EMOTION_HOME='{home}' && exec \"$@\""
    )
    arguments = map(str, (data, archive, write_film(tmp_path / "film.mp4")))
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, encoding="utf-8", timeout=280)
    assert "SAID" in done.stdout and "No space left on device" in done.stdout, done.stdout + done.stderr[-3000:]
    assert "KEPT" in done.stdout, done.stderr[-3000:]
    return done.stdout


def write_film(path: Path) -> Path:
    """Two seconds of the clip."""
    with closing(Mp4Writer(path)) as writer:
        for number in range(60):
            writer.write(clip_frame(number / 30), number / 30)
    return path
