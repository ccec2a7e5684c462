"""The queue of runs, their workers, and a bundle of what a run has learned so far."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from emotion.cnn import publish
from emotion.cnn.architectures import build
from emotion.cnn.bundle import Card, load_bundle
from emotion.cnn.config import TrainConfig
from emotion.cnn.elsewhere import command_line
from emotion.cnn.history import own_bundle
from emotion.cnn.publish import publish_run
from emotion.cnn.runs import Run, Status, active_run, create_run, list_runs, running_runs, waiting_runs
from emotion.cnn.status import WAITING
from emotion.cnn.workers import (
    add_epochs,
    continue_run,
    delete_run,
    one_at_a_time,
    publish_best,
    resume_run,
    runs_at_most,
    start_run,
    start_waiting,
    starts_at_once,
    stop_run,
    take_over,
)
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.files import write_json
from emotion.homes import REPOSITORY
from tests.conftest import is_over, wait_until, write_faces

NO_PROCESS = 2**22 + 1  # Over Linux' largest number.


@pytest.fixture
def config(home: Path, tmp_path: Path) -> TrainConfig:
    data = write_faces(tmp_path / "자료 🙂", {"train": {"a": 16, "b": 16}, "validation": {"a": 4, "b": 4}})
    return TrainConfig(str(data), "small", architecture="tiny_cnn", epochs=1, batch_size=16, size=16)


@pytest.fixture
def busy(config: TrainConfig) -> Iterator[Run]:
    """A run that a living process (which trains nothing) is at."""
    run = create_run(replace(config, name="busy"))
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run.write_status(Status("running", sleeper.pid, psutil.Process(sleeper.pid).create_time()))
    yield run
    sleeper.communicate(b"\n")


def test_a_second_run_waits_and_starts_when_the_first_has_ended(config: TrainConfig) -> None:
    first = start_run(config)
    second = start_run(replace(config, name="second"))
    third = start_run(replace(config, name="third"))
    assert running_runs() == [first] and waiting_runs() == [second, third]
    assert active_run() == first
    assert second.status().waiting and not first.status().waiting
    worker = psutil.Process(first.status().pid)
    assert worker.nice() == max(10, psutil.Process().nice())  # The pages go first, and a training has what they leave.
    group = Path(f"/proc/{worker.pid}/autogroup")
    assert not group.exists() or group.read_text(encoding="ascii").endswith("nice 10\n")
    stop_run(third)
    assert third.status().state == "stopped" and waiting_runs() == [second]
    # Nobody looks: the worker that ends starts the next.
    wait_until(second, is_over)
    assert [run.status().state for run in (first, second, third)] == ["finished", "finished", "stopped"]
    assert first.status().bundle != second.status().bundle


def test_whoever_looks_starts_the_next_after_a_killed_worker(config: TrainConfig, busy: Run) -> None:
    waiting = start_run(config)
    assert waiting.status().waiting
    psutil.Process(busy.status().pid).kill()
    wait_until(busy, is_over, 5)
    assert busy.status().state == "interrupted"
    start_waiting()
    assert not waiting.status().waiting and running_runs() == [waiting]
    stop_run(waiting)
    wait_until(waiting, is_over)


def test_a_run_may_wait_for_days(config: TrainConfig, busy: Run) -> None:
    run = start_run(config)
    values = json.loads((run.path / "status.json").read_text(encoding="utf-8"))
    (run.path / "status.json").write_text(json.dumps({**values, "heartbeat": 0.0}), encoding="utf-8")
    assert run.status().state == "queued"
    with pytest.raises(UserError, match="waits for its turn"):
        resume_run(run)


def test_more_at_a_time_where_the_machine_is_larger(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    for found, expected in (("", 1), ("3", 3)):
        monkeypatch.setenv("EMOTION_MAX_RUNS", found)
        assert runs_at_most() == expected
    for wrong in ("0", "-1", "many"):
        monkeypatch.setenv("EMOTION_MAX_RUNS", wrong)
        with pytest.raises(UserError, match="EMOTION_MAX_RUNS"):
            start_run(config)
    assert not list_runs()


def test_whether_a_run_would_queue(config: TrainConfig, busy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not starts_at_once()
    monkeypatch.setenv("EMOTION_MAX_RUNS", "2")
    assert starts_at_once()
    create_run(config, WAITING)
    assert not starts_at_once()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let nothing be written from now on."""

    def refuse(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return lambda: monkeypatch.setattr("emotion.files.os.fsync", refuse)


def test_a_full_disk_is_said(config: TrainConfig, busy: Run, full_disk: Callable[[], None]) -> None:
    stopped = create_run(config)
    stopped.write_status(Status("stopped"))
    waiting = create_run(config, WAITING)
    waiting.request_stop()
    full_disk()
    for act in (lambda: add_epochs(stopped, 1), lambda: resume_run(stopped), lambda: stop_run(busy), start_waiting):
        with pytest.raises(UserError, match="No space left"):
            act()
    assert stopped.config() == config and stopped.status().state == "stopped" and waiting.status().waiting


def test_a_worker_that_can_t_be_noted_is_ended(config: TrainConfig, full_disk: Callable[[], None]) -> None:
    run, before = create_run(config, WAITING), psutil.Process().children()
    full_disk()
    with pytest.raises(UserError, match="No space left"):
        start_waiting()
    assert run.status().waiting and psutil.Process().children() == before


def test_a_run_that_somebody_has_deleted_is_not_stopped(config: TrainConfig, busy: Run) -> None:
    run = create_run(config)
    shutil.rmtree(run.path)
    with pytest.raises(UserError, match="deleted"):
        stop_run(run)


@pytest.fixture
def ended(config: TrainConfig) -> Callable[[], Run]:
    """Make a run that has ended, with weights as drawn."""

    def make() -> Run:
        run = create_run(config)
        build("tiny_cnn", 2, 16).save_weights(run.path / "best.weights.h5")
        write_json(run.path / "setting.json", {"classes": ["a", "b"]})
        run.write_status(Status("stopped"))
        return run

    return make


def test_a_bundle_of_another_run_is_not_replaced(
    ended: Callable[[], Run], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, taken = ended(), home / "models" / "small"
    card = json.loads((REPOSITORY / "models" / "emotion-deck" / "card.json").read_text(encoding="utf-8"))
    taken.mkdir(parents=True)
    made = Card.from_json({**card, "training": {"run": run.name}})
    monkeypatch.setattr(publish, "_make", lambda *_: made)
    for owner, name in ((run.name, "small"), ("another", "small-2")):
        write_json(taken / "card.json", {**card, "training": {"run": owner}})
        run.write_status(Status("stopped", bundle=str(taken)))
        assert publish_run(run, open_dataset(run.config().data)) == own_bundle(run) == home / "models" / name
        assert json.loads((home / "models" / name / "card.json").read_text(encoding="utf-8"))["name"] == name


def test_two_runs_of_one_name_are_published_at_once(ended: Callable[[], Run], home: Path) -> None:
    runs = [ended(), ended()]
    processes = [
        subprocess.Popen(command_line("train", "--publish", str(run.path)), cwd=REPOSITORY, stderr=subprocess.DEVNULL)
        for run in runs
    ]
    assert [process.wait() for process in processes] == [0, 0]
    bundles = [own_bundle(run) for run in runs]
    assert {bundle.name for bundle in bundles if bundle} == {"small", "small-2"}
    assert {path.name for path in (home / "models").iterdir()} == {"small", "small-2"}  # Nothing half-written is left.
    for run, bundle in zip(runs, bundles, strict=True):
        card = load_bundle(bundle or home).card
        assert card.training["run"] == run.name and card.name == Path(run.status().bundle).name


def test_two_browsers_press_start_at_once(home: Path, config: TrainConfig) -> None:
    (home / "config.json").parent.mkdir(parents=True, exist_ok=True)
    (home / "config.json").write_text(json.dumps(config.to_json()), encoding="utf-8")
    code = (
        "import json, sys; from pathlib import Path; from emotion.cnn.config import TrainConfig; "
        "from emotion.cnn.workers import start_run; "
        "start_run(TrainConfig.from_json(json.loads(Path(sys.argv[1]).read_text(encoding='utf-8'))))"
    )
    command = [sys.executable, "-c", code, str(home / "config.json")]
    browsers = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(2)]
    assert [browser.wait() for browser in browsers] == [0, 0]
    running, waiting = running_runs(), waiting_runs()
    assert len(running) == len(waiting) == 1
    for run in (*waiting, *running):  # Before the worker has so much as imported Keras: the wish is kept.
        stop_run(run)
    wait_until(running[0], is_over)
    assert [run.status().state for run in list_runs()] == ["stopped", "stopped"]
    assert running[0].metrics() == []


def test_a_worker_that_dies_at_once_is_seen_at_once(config: TrainConfig) -> None:
    run = start_run(config)
    launched = run.status()
    assert launched.state == "queued" and launched.pid
    psutil.Process(launched.pid).kill()
    wait_until(run, is_over, 5)
    assert run.status().state == "interrupted"


def test_a_run_has_one_worker(config: TrainConfig, busy: Run) -> None:
    with pytest.raises(UserError, match=f"already, by process {busy.status().pid}"):
        take_over(busy)
    psutil.Process(busy.status().pid).kill()
    wait_until(busy, is_over, 5)
    assert take_over(busy).pid == os.getpid()


def test_delete_never_takes_an_active_run(config: TrainConfig, busy: Run) -> None:
    waiting = start_run(config)
    for run in (busy, waiting):
        with pytest.raises(UserError, match="Stop it first"):
            delete_run(run)
        with pytest.raises(UserError, match="Stop it first"):
            continue_run(run, 3)
    stop_run(waiting)
    waits_for_its_maker = f".{waiting.name}.{NO_PROCESS}-0123abcd"  # What a delete that was killed has left.
    (busy.path.parent / waits_for_its_maker).mkdir()
    delete_run(waiting)
    assert list_runs() == [busy] and not waiting.path.exists()
    deadline = time.monotonic() + 5
    while {path.name for path in busy.path.parent.iterdir()} != {busy.name}:
        assert time.monotonic() < deadline
        time.sleep(0.02)


HOLDER = (
    "import sys; from emotion.cnn.workers import one_at_a_time\n"
    "with one_at_a_time():\n    print('held', flush=True); sys.stdin.read()"
)


def test_a_lock_is_held_by_one_and_ends_with_its_process(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(config)
    run.write_status(Status("stopped"))
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline().strip() == b"held"
        os.utime(run.path.parent.with_name(".runs.lock"), (0, 0))  # However old it is.
        monkeypatch.setattr("emotion.cnn.workers._LOCK_SECONDS", 0.1)
        for _ in range(2):
            with pytest.raises(UserError, match="locked"):
                add_epochs(run, 1)
        holder.kill()
    add_epochs(run, 1)
    with one_at_a_time(), pytest.raises(UserError, match="locked"):  # Of two threads, too.
        add_epochs(run, 1)


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere psutil adds no time of the boot")
def test_a_step_of_the_clock_ends_no_run(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(config)
    take_over(run)
    boot = psutil.boot_time()
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot + 3600)
    assert run.status().state == "running" and running_runs() == [run]
    run.write_status(replace(run.status(), process_created=run.status().process_created + 60))
    assert run.status().state == "interrupted"  # Another process with its number.


def test_a_run_that_an_earlier_version_trains_goes_on(busy: Run) -> None:
    assert busy.status().state == "running"


def test_continue_adds_epochs_and_fork_takes_the_weights(config: TrainConfig) -> None:
    run = start_run(replace(config, patience=1))
    wait_until(run, is_over)
    run.write_notes("첫 번째 시도 🙂")
    first = run.metrics()
    continue_run(run, 2)
    wait_until(run, is_over)
    assert run.status().state == "finished", run.log_tail(40)
    assert [row["epoch"] for row in run.metrics()] == [1, 2, 3] and run.metrics()[:1] == first
    assert run.config().patience == 0
    assert sorted(run.confusions()) == [1, 2, 3]
    card = json.loads((Path(run.status().bundle) / "card.json").read_text(encoding="utf-8"))
    assert card["notes"] == run.notes() == "첫 번째 시도 🙂" and card["training"]["run"] == run.name
    fork = start_run(replace(run.config(), name="fork", epochs=1, learning_rate=1e-6, start_from=str(run.path)))
    wait_until(fork, is_over)
    assert fork.config().start_from == str(run.path)
    best = max(row["val_accuracy"] for row in run.metrics())
    assert fork.metrics()[0]["val_accuracy"] == pytest.approx(best, abs=0.13)  # One of eight images.


def test_a_bundle_of_what_is_best_so_far(config: TrainConfig, busy: Run, trained: Path, home: Path) -> None:
    stopped = create_run(replace(config, epochs=100))
    with pytest.raises(UserError, match="Stop it first"):
        publish_best(busy)
    stopped.write_status(Status("stopped"))
    with pytest.raises(UserError, match="finished no epoch"):
        publish_best(stopped)
    finished = next((trained / "runs").glob("*-tiny"))
    stopped = Run(Path(shutil.copytree(finished, home / "runs" / "stopped")))
    stopped.write_status(Status("stopped"))
    bundle = publish_best(stopped)
    assert (bundle / "card.json").exists() and stopped.status().bundle == str(bundle)
    assert stopped.status().state == "stopped"
