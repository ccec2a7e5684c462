"""Worker processes: one training at a time, one worker a run. No Keras here; the pages start workers with this."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import psutil

from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, Status, active_run, create_run
from emotion.errors import UserError
from emotion.homes import REPOSITORY, runs_folder

_LOCK_SECONDS = 10
_workers: list[subprocess.Popen[bytes]] = []


def start_run(config: TrainConfig) -> Run:
    """Make a run and start its worker process; UserError while another training runs."""
    with _one_at_a_time():
        _insist_on_rest()
        run = create_run(config)
        _launch(run)
    return run


def resume_run(run: Run) -> None:
    """Start a worker process that goes on with a run; UserError while a training runs."""
    with _one_at_a_time():
        _insist_on_rest()
        _launch(run)


def _launch(run: Run) -> None:
    """Start the worker process of a run; it outlives this process, a reload and the browser."""
    (run.path / "stop").unlink(missing_ok=True)
    run.write_status(replace(run.status(), state="queued", pid=0, error="", error_values={}))
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        detached = {"creationflags": flags}
    command = [sys.executable, "-m", "emotion", "train", "--resume", str(run.path)]
    with (run.path / "train.log").open("ab") as log:
        worker = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONUTF8": "1"},  # Whatever the system's code page: paths may hold Hangul.
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **detached,
        )
    # Asking the others how they are also buries the dead: a finished child stays a zombie until its parent asks.
    _workers[:] = [worker, *(other for other in _workers if other.poll() is None)]


def take_over(run: Run) -> Status:
    """Make this process the run's worker and say so in its status; UserError where another process is at it."""
    with _one_at_a_time():
        before, process = run.status(), psutil.Process()
        if before.active and before.pid not in {0, process.pid}:
            raise UserError("{run} is being trained already, by process {pid}.", run=run.name, pid=before.pid)
        if before.state != "queued":  # A wish to stop that came after the launch is kept.
            (run.path / "stop").unlink(missing_ok=True)
        status = Status("running", process.pid, process.create_time(), phase="loading", bundle=before.bundle)
        status = replace(status, epoch=len(run.metrics()), epochs=run.config().epochs)
        run.write_status(status)
    return status


def _insist_on_rest() -> None:
    if busy := active_run():
        raise UserError("A training is running already: {run}. Wait until it ends, or stop it.", run=busy.name)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process at a time look at the runs and start one: two browsers may press Start at once."""
    lock = runs_folder() / ".lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > _LOCK_SECONDS:  # Its owner was killed.
                    lock.unlink()
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
