"""Run folders: what a training run was asked, how it stands, and its metrics. No Keras here; the pages read these."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from emotion.cnn.config import TrainConfig
from emotion.errors import UserError
from emotion.files import write_atomic, write_json
from emotion.homes import REPOSITORY, runs_folder

ACTIVE = frozenset({"queued", "running", "stopping"})
STATES = (*sorted(ACTIVE), "stopped", "interrupted", "failed", "finished")
# A worker that was launched but has not yet written its process number; importing TensorFlow takes up to 30 s on a
# slow laptop, and the worker reports before that.
_LAUNCH_SECONDS = 60
_workers: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Status:
    """How a run stands. ``epoch`` counts finished epochs, ``step`` the batches of the current one; times in seconds."""

    state: str
    pid: int = 0
    process_created: float = 0.0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    heartbeat: float = 0.0
    images_per_second: float = 0.0
    phase: str = ""
    error: str = ""
    error_values: dict[str, str] = field(default_factory=dict)
    bundle: str = ""

    @property
    def active(self) -> bool:
        """Whether a worker is at it, or about to be."""
        return self.state in ACTIVE

    @property
    def problem(self) -> UserError | None:
        """What made the run fail, to be shown in the reader's language."""
        return UserError(self.error, **self.error_values) if self.error else None

    @property
    def fraction(self) -> float:
        """The share of all batches that is done, 0 to 1."""
        if self.state == "finished":
            return 1.0
        done = self.epoch + (self.step / self.steps if self.steps else 0)
        return min(done / self.epochs, 1.0) if self.epochs else 0.0


@dataclass(frozen=True)
class Run:
    """A run folder, ``<runs>/<timestamp>-<name>/``."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def config(self) -> TrainConfig:
        """The settings; UserError for a folder whose ``config.json`` is missing or damaged."""
        return TrainConfig.from_json(_read_json(self.path / "config.json"))

    def status(self) -> Status:
        """How it stands now. A run whose process is gone reads as ``interrupted``."""
        values = _read_json(self.path / "status.json")
        try:
            status = Status(**values)
        except TypeError as error:
            raise UserError("{path} is damaged ({reason}).", path=self.path / "status.json", reason=error) from None
        gone = not _alive(status) if status.pid else time.time() - status.heartbeat > _LAUNCH_SECONDS
        return replace(status, state="interrupted") if status.active and gone else status

    def write_status(self, status: Status) -> None:
        """Replace ``status.json`` and mark the time."""
        write_json(self.path / "status.json", asdict(replace(status, heartbeat=time.time())))

    def metrics(self) -> list[dict[str, float]]:
        """A row per finished epoch, from ``metrics.csv``; ``epoch`` counts from 1."""
        path = self.path / "metrics.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]

    def write_metrics(self, rows: list[dict[str, float]]) -> None:
        """Replace ``metrics.csv``; the columns are those of the first row."""
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]) if rows else ["epoch"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.path / "metrics.csv", text.getvalue())

    def progress(self) -> list[dict[str, float]]:
        """The throttled points within the epochs: epoch (fraction of epochs done), loss, accuracy, time."""
        path = self.path / "progress.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        # The last line may be on its way to the disk still.
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def request_stop(self) -> None:
        """Ask the worker to finish its batch and stop."""
        write_atomic(self.path / "stop", "")

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return (self.path / "stop").exists()

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of ``train.log``."""
        path = self.path / "train.log"
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def create_run(config: TrainConfig) -> Run:
    """Make the run folder; the run is queued."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    path = runs_folder() / f"{stamp}-{config.name}"
    number = 1
    while path.exists():
        number += 1
        path = path.with_name(f"{stamp}-{config.name}-{number}")
    path.mkdir(parents=True)
    run = Run(path)
    write_json(path / "config.json", config.to_json())
    run.write_status(Status("queued", epochs=config.epochs))
    return run


def launch(run: Run) -> None:
    """Start the worker process of a run; it outlives this process, a reload and the browser."""
    run.write_status(replace(run.status(), state="queued", pid=0))
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS  # type: ignore[attr-defined]
        detached = {"creationflags": flags}
    command = [sys.executable, "-m", "emotion", "train", "--resume", str(run.path)]
    with (run.path / "train.log").open("ab") as log:
        worker = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **detached
        )
    # Asking the others how they are also buries the dead: a finished child stays a zombie until its parent asks.
    _workers[:] = [worker, *(other for other in _workers if other.poll() is None)]


def take_over(run: Run) -> Status:
    """Make this process the run's worker and say so in its status."""
    (run.path / "stop").unlink(missing_ok=True)
    process = psutil.Process()
    before = run.status()
    status = Status("running", process.pid, process.create_time(), phase="loading", bundle=before.bundle)
    status = replace(status, epoch=len(run.metrics()), epochs=run.config().epochs)
    run.write_status(status)
    return status


def open_run(path: str | Path) -> Run:
    """The run at ``path``, or of that name in the runs folder; UserError where there is none."""
    for folder in (Path(path), runs_folder() / path):
        if (folder / "config.json").exists():
            return Run(folder.resolve())
    raise UserError("{path} is no run folder: it has no config.json. Give the path or name of a run.", path=path)


def list_runs() -> list[Run]:
    """All runs, newest first."""
    folder = runs_folder()
    found = [path for path in folder.iterdir() if (path / "status.json").exists()] if folder.is_dir() else []
    return [Run(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def active_run() -> Run | None:
    """The run a worker is at now, if any; a damaged run folder is none."""
    return next((run for run in list_runs() if _is_active(run)), None)


def _is_active(run: Run) -> bool:
    try:
        return run.status().active
    except UserError:
        return False


def _alive(status: Status) -> bool:
    """Whether the worker lives: the same process (numbers are used again), and no zombie."""
    try:
        process = psutil.Process(status.pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - status.process_created) < 2
    except psutil.Error:
        return False


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            "{path} can't be read ({reason}). The run folder is damaged.", path=path, reason=error
        ) from None
    if not isinstance(values, dict):
        raise UserError("{path} is damaged: expected an object.", path=path)
    return values
