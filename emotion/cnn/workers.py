"""Worker processes: one worker a run, so many at a time, the others queue. No Keras here; the pages start workers."""

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from emotion.cnn.config import TrainConfig
from emotion.cnn.elsewhere import ask, command_line, surroundings
from emotion.cnn.origin import with_origin
from emotion.cnn.runs import Run, create_run, running_runs, waiting_runs
from emotion.cnn.status import WAITING, Status, began
from emotion.errors import UserError
from emotion.files import remove_folder, write_json, writing
from emotion.homes import runs_folder
from emotion.jobs import Progress

_LOCK_SECONDS = 60.0
"""How long to wait for another process, which holds the lock for milliseconds."""
_NICENESS = 10  # Of 19: a training that meets a busy server gets about a tenth of the machine.
_workers: list[subprocess.Popen[bytes]] = []


def start_run(config: TrainConfig) -> Run:
    """Make a run; its worker process starts at once, or when those that are at it have ended."""
    config = with_origin(config)
    runs_at_most()
    with writing(runs_folder()):
        run = create_run(config, WAITING)
    start_waiting()
    return run


def resume_run(run: Run) -> None:
    """Let a run go on from its last whole epoch, as ``start_run`` starts one; UserError where it is at it already."""
    run.config()  # One that can't be read is said here, and not in a log.
    with one_at_a_time():
        _queue(run)
    start_waiting()


def continue_run(run: Run, more: int) -> None:
    """Let a run that has ended go on for so many ``more`` epochs."""
    add_epochs(run, more)
    resume_run(run)


def add_epochs(run: Run, more: int) -> None:
    """Set a run's epochs to those it has finished and ``more``, and its patience to none: it may have ended by that."""
    with one_at_a_time():
        _insist_on_rest(run)
        config = replace(run.config(), epochs=len(run.metrics()) + more, patience=0)
        with writing(run.path):
            write_json(run.path / "config.json", config.to_json())


def stop_run(run: Run) -> None:
    """Ask the worker to finish its batch and stop; a run that waits leaves the queue at once.

    Raises UserError for a run that was deleted.
    """
    if not run.path.exists():
        raise UserError("{run} is not there any more: somebody has deleted it.", run=run.name)
    with writing(run.path):
        run.request_stop()
    start_waiting()


def delete_run(run: Run) -> None:
    """Remove a run's folder; UserError while it is queued or trained. Its bundles stay."""
    with one_at_a_time():
        _insist_on_rest(run)
        with writing(run.path):
            remove_folder(run.path)


def start_waiting() -> None:
    """Start the workers of runs that wait, as far as there is room; whoever looks at the runs may call it."""
    if not waiting_runs():
        return
    with one_at_a_time():
        for run in waiting_runs():
            if run.stop_requested:
                with writing(run.path):
                    run.write_status(replace(run.status(), state="stopped", phase=""))
                    (run.path / "stop").unlink(missing_ok=True)
            elif len(running_runs()) < runs_at_most():
                _launch(run)


def starts_at_once() -> bool:
    """Whether a run that is started now begins at once; else it queues."""
    return not waiting_runs() and len(running_runs()) < runs_at_most()


def runs_at_most() -> int:
    """How many runs are trained at a time: ``EMOTION_MAX_RUNS``, else one; UserError for no whole number from 1."""
    found = os.environ.get("EMOTION_MAX_RUNS") or "1"
    if not found.isdecimal() or int(found) < 1:
        raise UserError("EMOTION_MAX_RUNS: expected a whole number from 1, found “{found}”.", found=found)
    return int(found)


def take_over(run: Run) -> Status:
    """Make this process the run's worker and say so in its status; UserError where another process is at it."""
    with one_at_a_time():
        before, process = run.status(), psutil.Process()
        # On Windows the process that was launched starts Python as a child of its own.
        if before.active and before.pid not in {0, process.pid, process.ppid()}:
            raise UserError("{run} is being trained already, by process {pid}.", run=run.name, pid=before.pid)
        if before.state != "queued":  # A wish to stop that came after the launch is kept.
            (run.path / "stop").unlink(missing_ok=True)
        status = Status("running", process.pid, began(process), phase="loading", bundle=before.bundle)
        status = replace(status, epoch=len(run.metrics()), epochs=run.config().epochs)
        run.write_status(status)
    return status


def publish_best(run: Run, progress: Progress | None = None, averaged: str = "", by_class: float | None = None) -> Path:
    """Make a bundle of the best weights that a run has so far, as ``elsewhere.ask`` does it; the bundle's folder.

    ``averaged`` and ``by_class``: as ``publish.publish_run`` has them. Takes some ten seconds. Raises UserError while
    the run is at it, and where it has finished no epoch.
    """
    insist_on_rest_and_weights(run)
    options = ["--averaged", averaged] if averaged else []
    options += [] if by_class is None else ["--by-class", str(by_class)]
    return Path(ask("train", "--publish", str(run.path), *options, progress=progress)["bundle"])


def insist_on_rest_and_weights(run: Run) -> None:
    """Raise UserError while the run is at it, and where it has finished no epoch."""
    if run.status().active:
        raise UserError("{run} is being trained. Stop it first; what it has learned is kept.", run=run.name)
    insist_on_weights(run)


def insist_on_weights(run: Run) -> None:
    """Raise UserError where the run has finished no epoch."""
    if not run.has_weights:
        raise UserError("{run} has finished no epoch yet: there is nothing to make a model of.", run=run.name)


def place() -> tuple[int, int]:
    """Which of how many machines this one is, by ``TF_CONFIG``; UserError where that can't be read."""
    try:
        setting = json.loads(os.environ["TF_CONFIG"])
        return int(setting["task"]["index"]), len(setting["cluster"]["worker"])
    except (KeyError, ValueError, TypeError) as error:
        raise UserError(
            "--distribute multiworker: expected TF_CONFIG as TensorFlow describes it, with cluster.worker and "
            "task.index; found none that can be read ({reason}).",
            reason=f"{type(error).__name__}: {error}",
        ) from None


def _queue(run: Run) -> None:
    _insist_on_rest(run)
    with writing(run.path):
        (run.path / "stop").unlink(missing_ok=True)
        run.write_status(replace(run.status(), state="queued", phase=WAITING, pid=0, error="", error_values={}))


def _insist_on_rest(run: Run) -> None:
    if run.status().active:
        raise UserError("{run} is being trained already, or waits for its turn. Stop it first.", run=run.name)


def _launch(run: Run) -> None:
    """Start the worker process of a run; it outlives this process, a reload and the browser."""
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        detached = {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}  # type: ignore[attr-defined]
    command = command_line("train", "--resume", str(run.path))
    with writing(run.path), (run.path / "train.log").open("ab") as log:
        worker = subprocess.Popen(command, **surroundings(), stdout=log, stderr=subprocess.STDOUT, **detached)
        try:
            created = began(psutil.Process(worker.pid))
            stand_back(worker.pid)
            run.write_status(replace(run.status(), phase="", pid=worker.pid, process_created=created))
        except BaseException:  # Nobody would know of it, and the run would get another one.
            worker.kill()
            worker.wait()
            raise
    # Asking the others how they are also buries the dead: a finished child stays a zombie until its parent asks.
    _workers[:] = [worker, *(other for other in _workers if other.poll() is None)]


def stand_back(pid: int) -> None:
    """Let a process, such as a training, have what the pages and the videos leave: alone it is as fast as ever.

    On Linux this holds for all of its session. Windows has its own way.
    """
    group = Path(f"/proc/{pid}/autogroup")
    with suppress(psutil.Error, OSError):  # A courtesy: no reason to lose a training.
        if os.name != "nt":
            psutil.Process(pid).nice(max(os.nice(0), _NICENESS))
        if group.exists():  # Linux weighs sessions against each other first, and a worker has one of its own.
            try:
                group.write_text(str(_NICENESS), encoding="ascii")
            except BlockingIOError:  # It takes ten a second.
                time.sleep(0.1)
                group.write_text(str(_NICENESS), encoding="ascii")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process at a time start a run or name a bundle: two browsers may press Start at once."""
    lock = runs_folder().with_name(".runs.lock")
    with ExitStack() as held:
        with writing(lock):
            _take(lock, held)
        yield


def _take(lock: Path, held: ExitStack) -> None:
    """Take SQLite's lock on an empty file: the system's own, on each of them, and it ends with the process."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = held.enter_context(closing(sqlite3.connect(lock, timeout=_LOCK_SECONDS, isolation_level=None)))
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        raise OSError(str(error)) from None
