"""Run folders: what a training run was asked, how it stands, and its metrics. No Keras here; the pages read these."""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from emotion.cnn.config import TrainConfig
from emotion.cnn.edited import is_number, points_of, square
from emotion.cnn.status import Status, is_alive
from emotion.errors import UserError
from emotion.files import read_text, write_atomic, write_json, writing
from emotion.homes import runs_folder

# A worker that was launched but has not yet written its process number; importing TensorFlow takes up to 30 s on a
# slow laptop, and the worker reports before that.
_LAUNCH_SECONDS = 60
_SHORT = 200  # Characters that stay of each value of an error, where there is no room for more.
_SETTING: dict[str, type] = {
    "classes": list, "synthetic": bool, "fingerprint": dict, "images": dict, "unreadable": list, "precision": str,
}  # fmt: skip


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
        except (TypeError, ValueError) as error:
            raise _damaged(self.path / "config.json", error) from None

    def status(self) -> Status:
        """How it stands now. A run whose process is gone reads as ``interrupted``."""
        values = _read_json(self.path / "status.json")
        try:
            status = Status.from_json(values)
        except (TypeError, ValueError) as error:
            raise _damaged(self.path / "status.json", error) from None
        gone = not is_alive(status) if status.pid else time.time() - status.heartbeat > _LAUNCH_SECONDS
        return replace(status, state="interrupted") if status.active and gone and not status.waiting else status

    def write_status(self, status: Status) -> None:
        """Replace ``status.json`` and mark the time."""
        write_json(self.path / "status.json", asdict(replace(status, heartbeat=time.time())))

    def write_last_status(self, status: Status) -> None:
        """``write_status`` where the disk may be full: then over the old one, in the block that it takes.

        The one write that is not by renaming. It is of one piece and blank to the old end, so that who reads meanwhile
        sees one of the two; long values are cut so that it fits. Raises OSError where even that fails.
        """
        try:
            self.write_status(status)
        except OSError:
            path, values = self.path / "status.json", {k: v[:_SHORT] for k, v in status.error_values.items()}
            old, short = path.read_bytes(), replace(status, error_values=values, heartbeat=time.time())
            new = json.dumps(asdict(short)).encode("ascii").ljust(len(old))
            with path.open("r+b", buffering=0) as file:
                if file.write(new) < len(new):
                    file.seek(0)
                    file.write(old)
                    file.truncate()
                    raise

    def metrics(self) -> list[dict[str, float]]:
        """A row per finished epoch, from ``metrics.csv``; ``epoch`` counts from 1. UserError for a damaged file."""
        path = self.path / "metrics.csv"
        try:
            rows = [
                # A column that came with a newer version is empty in the rows before.
                {key: number for key, value in row.items() if value != "" and is_number(number := float(value))}
                for row in csv.DictReader(io.StringIO(_text(path, "strict")))
            ]
        except (TypeError, ValueError, csv.Error) as error:
            raise _damaged(path, error) from None
        if any("epoch" not in row for row in rows):
            raise _damaged(path, ValueError("a column “epoch” expected"))
        return rows

    def write_metrics(self, rows: list[dict[str, float]]) -> None:
        """Replace ``metrics.csv``; the columns are those of all rows."""
        text = io.StringIO()
        columns = dict.fromkeys(column for row in rows for column in row)
        writer = csv.DictWriter(text, list(columns) or ["epoch"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.path / "metrics.csv", text.getvalue())

    def progress(self, at_most: int = 0) -> list[dict[str, float]]:
        """The throttled points within the epochs: epoch (fraction of epochs done), loss, accuracy, time.

        A run of a day has a hundred thousand: of more than ``at_most`` every so many-th is given, and the last.
        """
        points = points_of(_text(self.path / "progress.jsonl"), at_most)
        return [{name: value for name, value in point.items() if is_number(value)} for point in points]

    def confusions(self) -> dict[int, np.ndarray]:
        """Finished epoch → counts int64 (K, K) of the validation images by (true class, answered class).

        True is what has the largest part in the targets: in a run with FER+ votes that may not be the label.
        The classes stand in the order of ``classes``.
        """
        points = points_of(_text(self.path / "confusion.jsonl"))
        found = {int(point["epoch"]): square(point.get("counts")) for point in points}
        return {epoch: counts for epoch, counts in found.items() if counts is not None}

    def note(self, name: str, point: dict[str, Any]) -> None:
        """Add a line, which has its ``epoch``, to the file of that name: ``progress`` or ``confusion``."""
        with (self.path / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(point) + "\n")

    def forget_after(self, epoch: int) -> None:
        """Drop what was noted of an epoch that was broken off and will be repeated."""
        for name in ("progress.jsonl", "confusion.jsonl"):
            points = points_of(_text(self.path / name))
            kept = [json.dumps(point) + "\n" for point in points if point["epoch"] <= epoch]
            write_atomic(self.path / name, "".join(kept))

    def setting(self) -> dict[str, Any]:
        """What the run really met, under the names of ``_SETTING``.

        Empty before the images are read, and without what is of another type; UserError for a damaged file.
        """
        path = self.path / "setting.json"
        found = _read_json(path) if path.exists() else {}
        return {name: value for name, value in found.items() if isinstance(value, _SETTING.get(name, object))}

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes it was trained on, in the order of the network's outputs; empty where that was not noted."""
        return tuple(map(str, self.setting().get("classes", ())))

    def notes(self) -> str:
        """What people wrote about the run; of a file saved in another encoding, the letters that can be read."""
        path = self.path / "notes.txt"
        try:
            return read_text(path)
        except ValueError:
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def write_notes(self, text: str) -> None:
        """Replace the notes; they go into the card of a bundle made later."""
        with writing(self.path / "notes.txt"):
            write_atomic(self.path / "notes.txt", text)

    @property
    def has_weights(self) -> bool:
        """Whether an epoch was finished, so that a bundle can be made."""
        return (self.path / "best.weights.h5").exists()

    def request_stop(self) -> None:
        """Ask the worker to finish its batch and stop."""
        write_atomic(self.path / "stop", "")

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return (self.path / "stop").exists()

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of ``train.log``."""
        return "\n".join(_text(self.path / "train.log").splitlines()[-lines:])


def best_row(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    """Of a run's ``metrics`` the row with the best validation accuracy; empty before the first epoch has ended."""
    return max((row for row in rows if "val_accuracy" in row), key=lambda row: row["val_accuracy"], default={})


def create_run(config: TrainConfig, phase: str = "", folder: Path | None = None) -> Run:
    """Make the run folder, in ``folder`` or among all runs; the run is queued."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    path = _make_folder((folder or runs_folder()) / f"{stamp}-{config.name}")
    run = Run(path)
    write_json(path / "config.json", config.to_json())
    run.write_status(Status("queued", phase=phase, epochs=config.epochs))
    return run


def _make_folder(wanted: Path) -> Path:
    """Make that folder, or the first of its name with a number: two people may press Start in the same second."""
    path, number = wanted, 1
    while True:
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1
            path = wanted.with_name(f"{wanted.name}-{number}")


def open_run(path: str | Path) -> Run:
    """The run at ``path``, or of that name in the runs folder; UserError where there is none."""
    for folder in (Path(path), runs_folder() / path):
        if (folder / "config.json").exists():
            return Run(folder.resolve())
    raise UserError("{path} is no run folder: it has no config.json. Give the path or name of a run.", path=path)


def list_runs() -> list[Run]:
    """All runs, newest first."""
    folder = runs_folder()
    paths = folder.iterdir() if folder.is_dir() else []
    found = [path for path in paths if path.name[0] != "." and (path / "status.json").exists()]
    return [Run(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def active_run() -> Run | None:
    """The run a worker is at now, else the next that waits for one, if any."""
    return next(iter([*running_runs(), *waiting_runs()]), None)


def running_runs() -> list[Run]:
    """The runs that have a worker, newest first; a damaged run folder is none."""
    return [run for run, status in statuses() if status.active and not status.waiting]


def waiting_runs() -> list[Run]:
    """The queue: runs that wait for a worker, the longest waiting first."""
    waiting = [(status.heartbeat, run.name, run) for run, status in statuses() if status.waiting]
    return [run for _since, _name, run in sorted(waiting, key=lambda found: found[:2])]


def statuses() -> Iterator[tuple[Run, Status]]:
    """Every run with its status, newest first; a damaged run folder is none."""
    for run in list_runs():
        with suppress(UserError):
            yield run, run.status()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, error) from None
    if not isinstance(values, dict):
        raise _damaged(path, TypeError("an object expected"))
    return values


def _text(path: Path, errors: str = "replace") -> str:
    """The text of a run's file; empty where there is none yet."""
    try:
        return read_text(path, errors)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError("{path} can't be read ({reason}). The run folder is damaged.", path=path, reason=error)
