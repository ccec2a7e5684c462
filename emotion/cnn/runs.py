"""Run folders: what a training run was asked, how it stands, and its metrics. No Keras here; the pages read these."""

import csv
import io
import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from emotion.cnn.config import TrainConfig
from emotion.errors import UserError
from emotion.files import read_text, write_atomic, write_json
from emotion.homes import runs_folder

ACTIVE = frozenset({"queued", "running", "stopping"})
STATES = (*sorted(ACTIVE), "stopped", "interrupted", "failed", "finished")
# A worker that was launched but has not yet written its process number; importing TensorFlow takes up to 30 s on a
# slow laptop, and the worker reports before that.
_LAUNCH_SECONDS = 60


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

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Status":
        """The status from JSON values; TypeError or ValueError for one that is incomplete or wrong."""
        status = cls(**values)
        numbers = (status.pid, status.process_created, status.epoch, status.epochs, status.step, status.steps)
        if status.state not in STATES or not all(isinstance(n, int | float) for n in (*numbers, status.heartbeat)):
            raise ValueError("a state and numbers expected")
        return status

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
        try:
            return TrainConfig.from_json(_read_json(self.path / "config.json"))
        except TypeError as error:
            raise _damaged(self.path / "config.json", error) from None

    def status(self) -> Status:
        """How it stands now. A run whose process is gone reads as ``interrupted``."""
        values = _read_json(self.path / "status.json")
        try:
            status = Status.from_json(values)
        except (TypeError, ValueError) as error:
            raise _damaged(self.path / "status.json", error) from None
        gone = not _alive(status) if status.pid else time.time() - status.heartbeat > _LAUNCH_SECONDS
        return replace(status, state="interrupted") if status.active and gone else status

    def write_status(self, status: Status) -> None:
        """Replace ``status.json`` and mark the time."""
        write_json(self.path / "status.json", asdict(replace(status, heartbeat=time.time())))

    def metrics(self) -> list[dict[str, float]]:
        """A row per finished epoch, from ``metrics.csv``; ``epoch`` counts from 1. UserError for a damaged file."""
        path = self.path / "metrics.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        except FileNotFoundError:
            return []
        except (TypeError, ValueError) as error:
            raise _damaged(path, error) from None
        if any("epoch" not in row for row in rows):
            raise _damaged(path, ValueError("a column “epoch” expected"))
        return rows

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
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return [point for line in lines if (point := _point(line))]

    def forget_progress_after(self, epoch: int) -> None:
        """Drop the points of an epoch that was broken off and will be repeated."""
        kept = [json.dumps(point) + "\n" for point in self.progress() if point["epoch"] <= epoch]
        write_atomic(self.path / "progress.jsonl", "".join(kept))

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
        values = json.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None
    if not isinstance(values, dict):
        raise _damaged(path, TypeError("an object expected"))
    return values


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError("{path} can't be read ({reason}). The run folder is damaged.", path=path, reason=error)


def _point(line: str) -> dict[str, float] | None:
    """A line of progress, or None: a line may be cut by a crash, or be on its way to the disk still."""
    try:
        point = json.loads(line)
    except ValueError:
        return None
    return point if isinstance(point, dict) and isinstance(point.get("epoch"), int | float) else None
