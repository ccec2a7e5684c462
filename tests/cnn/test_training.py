"""Training by real worker processes: finish, stop, kill, resume."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from emotion.cnn.config import TrainConfig, task_of
from emotion.cnn.runs import Run, Status, active_run, create_run, list_runs, open_run
from emotion.cnn.training import Batches, has_bfloat16, one_hot, precision_of
from emotion.cnn.workers import resume_run, take_over
from emotion.dataset.folder import open_dataset
from emotion.dataset.pixels import Images
from emotion.errors import UserError
from emotion.files import is_plain_name, plain_name
from emotion.homes import REPOSITORY
from tests.conftest import emotion_command, write_faces


def wait_until(run: Run, holds: Callable[[Run], bool], seconds: float = 280) -> None:
    deadline = time.monotonic() + seconds
    while not holds(run):
        assert time.monotonic() < deadline, run.log_tail(40)
        time.sleep(0.05)


def is_over(run: Run) -> bool:
    return not run.status().active


@pytest.fixture
def small_run(home: Path, tmp_path: Path) -> Run:
    """A run of four short epochs on noise that was stopped before it began."""
    data = write_faces(tmp_path / "data", {"train": {"a": 24, "b": 24}, "validation": {"a": 4, "b": 4}})
    run = create_run(TrainConfig(str(data), "small", epochs=4, batch_size=8, seed=3))
    run.write_status(Status("stopped", epochs=4))
    return run


def test_a_finished_run_left_all_its_files(trained: Path) -> None:
    run = Run(next((trained / "runs").iterdir()))
    status = run.status()
    assert status.state == "finished" and status.fraction == 1 and Path(status.bundle).name == "tiny"
    assert [row["epoch"] for row in run.metrics()] == [1, 2]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(run.metrics()[0])
    present = {path.name for path in run.path.iterdir()}
    assert {
        "config.json",
        "status.json",
        "metrics.csv",
        "progress.jsonl",
        "best.weights.h5",
        "state",
        "tensorboard",
    } <= present
    assert sorted(path.name for path in (run.path / "state").iterdir()) == ["epoch-0001", "epoch-0002"]
    assert not [path for path in run.path.rglob("*") if path.name.startswith(".")], "a temporary file was left"
    points = [point["epoch"] for point in run.progress()]
    assert points == sorted(points) and points[0] > 0 and points[-1] <= 2


def test_killed_at_once_resumed_without_gap_or_repetition(small_run: Run) -> None:
    resume_run(small_run)
    wait_until(small_run, lambda run: run.status().epoch >= 1 and run.status().step >= 1)
    rows = small_run.metrics()
    psutil.Process(small_run.status().pid).kill()
    wait_until(small_run, is_over, 5)
    assert small_run.status().state == "interrupted"
    assert active_run() is None
    kept = len(small_run.metrics())
    assert kept >= len(rows)
    resume_run(small_run)
    wait_until(small_run, is_over)
    assert small_run.status().state == "finished", small_run.log_tail(40)
    assert [row["epoch"] for row in small_run.metrics()] == [1, 2, 3, 4]
    assert small_run.metrics()[: len(rows)] == rows
    points = [point["epoch"] for point in small_run.progress()]
    assert points == sorted(points)  # What the killed worker noted of its last epoch is gone.


def test_stop_finishes_the_batch_and_writes_no_partial_row(small_run: Run) -> None:
    resume_run(small_run)
    wait_until(small_run, lambda run: run.status().epoch == 1)
    assert active_run() == small_run
    small_run.request_stop()
    wait_until(small_run, is_over)
    assert small_run.status().state == "stopped"
    finished = len(small_run.metrics())
    assert 1 <= finished < 4
    assert not small_run.stop_requested
    # The row's state is the one that a resume starts from.
    newest = sorted((small_run.path / "state").iterdir())[-1]
    assert len(json.loads((newest / "state.json").read_text(encoding="utf-8"))["rows"]) == finished


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_polite_signal_stops_too(small_run: Run) -> None:
    resume_run(small_run)
    wait_until(small_run, lambda run: run.status().epoch == 1)
    os.kill(small_run.status().pid, signal.SIGTERM)
    wait_until(small_run, is_over)
    assert small_run.status().state == "stopped"


def test_a_user_s_mistake_fails_with_its_sentence(home: Path, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", {"train": {"only": 4}, "validation": {"only": 2}})
    run = create_run(TrainConfig(str(data), "one"))
    done = emotion_command(home, "train", "--resume", run.path, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert run.status().state == "failed"
    assert "one class only (only)" in str(run.status().problem)


def test_every_epoch_has_its_own_order_and_repeats_it() -> None:
    images = Images(np.arange(10, dtype=np.uint8).reshape(10, 1, 1), np.arange(10) % 2, tuple("0123456789"))
    batches = Batches(images, 2, 4, seed=1)
    orders = []
    for epoch in (0, 1, 0):
        batches.start_epoch(epoch)
        orders.append([batches[i][0].ravel().tolist() for i in range(len(batches))])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(np.concatenate(orders[0])) == list(range(10))
    assert [len(batch) for batch in orders[0]] == [4, 4, 2]
    assert batches[0][1].tolist() == one_hot(batches[0][0].ravel() % 2, 2).tolist()


def test_bfloat16_only_where_the_processor_has_it(tmp_path: Path) -> None:
    for flags, expected in (("fpu avx512f", False), ("fpu avx512_bf16", True), ("amx_bf16 fpu", True)):
        (tmp_path / "cpuinfo").write_text(f"flags\t\t: {flags}\n", encoding="utf-8")
        assert has_bfloat16(tmp_path / "cpuinfo") is expected
    assert not has_bfloat16(tmp_path / "missing")
    assert precision_of(TrainConfig("d", "n", precision="float32")) == "float32"


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "con", "LPT1.txt", "end.", "end ", "가" * 40, "a\tb"])
def test_names_that_some_system_would_refuse(name: str) -> None:
    assert not is_plain_name(name)
    assert plain_name(name) == "" or is_plain_name(plain_name(name))


def test_the_task_is_emotion_or_the_dataset_s_name(tmp_path: Path) -> None:
    emotions = write_faces(tmp_path / "faces", {"train": {"happy": 1, "sad": 1}})
    assert task_of(open_dataset(emotions)) == "emotion"
    assert task_of(open_dataset(write_faces(tmp_path / "glasses", {"train": {"no": 1, "yes": 1}}))) == "glasses"


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": -1.0},
        {"schedule": "x"},
        {"name": "../up"},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"(?i)expected"):
        TrainConfig(**{"data": "d", "name": "n", **wrong})


def test_runs_are_listed_newest_first_and_found_by_name(small_run: Run, home: Path) -> None:
    second = create_run(small_run.config())
    assert second.path != small_run.path
    assert list_runs() == [second, small_run]
    assert open_run(small_run.name) == small_run
    with pytest.raises(UserError, match="is no run folder"):
        open_run("nothing")


def test_a_run_that_never_started_reads_as_interrupted_after_a_minute(small_run: Run) -> None:
    small_run.write_status(Status("queued"))
    assert small_run.status().state == "queued"
    status = json.loads((small_run.path / "status.json").read_text(encoding="utf-8"))
    status["heartbeat"] -= 61
    (small_run.path / "status.json").write_text(json.dumps(status), encoding="utf-8")
    assert small_run.status().state == "interrupted"


def test_of_two_starts_at_once_one_is_refused(home: Path, small_run: Run) -> None:
    code = (
        "import sys; from pathlib import Path; from emotion.cnn.runs import Run; "
        "from emotion.cnn.workers import start_run; "
        "start_run(Run(Path(sys.argv[1])).config())"
    )
    command = [sys.executable, "-c", code, str(small_run.path)]
    browsers = [subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE) for _ in range(2)]
    refused = [browser.communicate()[1].decode("utf-8") for browser in browsers]
    assert sorted(browser.returncode for browser in browsers) == [0, 1]
    assert "A training is running already" in "".join(refused)
    started = active_run()
    assert started and len(list_runs()) == 2
    with pytest.raises(UserError, match="already"):
        resume_run(small_run)
    started.request_stop()  # Before the worker has so much as imported Keras: the wish is kept.
    wait_until(started, is_over)
    assert started.status().state == "stopped" and started.metrics() == []


def test_a_run_has_one_worker(small_run: Run) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        small_run.write_status(Status("running", sleeper.pid, psutil.Process(sleeper.pid).create_time()))
        with pytest.raises(UserError, match=f"already, by process {sleeper.pid}"):
            take_over(small_run)
    finally:
        sleeper.communicate(b"\n")
    assert take_over(small_run).pid == os.getpid()  # The other one is gone.


DAMAGE = {
    "config.json": ["{", "[]", "{}", '{"data": "d"}'],
    "status.json": ["{", "[]", '{"state": "happy"}', '{"state": "running", "pid": "x"}', '{"pid": 1}'],
    "metrics.csv": ["epoch,loss\n1,abc\n", "epoch,loss\n1\n", "loss\n1\n"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in DAMAGE.items() for text in texts])
def test_a_damaged_run_folder_says_which_file(small_run: Run, name: str, text: str) -> None:
    (small_run.path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(name)):
        {"config.json": small_run.config, "status.json": small_run.status, "metrics.csv": small_run.metrics}[name]()


def test_half_a_line_of_progress_is_not_read(small_run: Run) -> None:
    lines = '{"epoch": 0.5, "loss": 1.0}\n[1]\n{"epoch": "x"}\n{"epoch": 0.'
    (small_run.path / "progress.jsonl").write_text(lines, encoding="utf-8")
    assert small_run.progress() == [{"epoch": 0.5, "loss": 1.0}]
