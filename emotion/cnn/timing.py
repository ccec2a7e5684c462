"""How long a run has been at it, and how long it will be. No Keras here."""

import time
from dataclasses import dataclass

from emotion.cnn.runs import Run
from emotion.cnn.status import Status

_WITHIN_EPOCH = {"training", "validation"}
_LAST = 3
"""Finished epochs that tell how long the next ones take: a machine slows down when something else begins."""


@dataclass(frozen=True)
class Timing:
    """Seconds that a run was trained so far, and that are ``left`` until its last epoch ends; None while unknown."""

    elapsed: float
    left: float | None


def timing(run: Run, status: Status, rows: list[dict[str, float]]) -> Timing:
    """The timing of a run with this status and these metrics."""
    finished = [row.get("seconds", 0.0) for row in rows]
    current = _current(run) if status.active and status.phase in _WITHIN_EPOCH else 0.0
    epoch = sum(finished[-_LAST:]) / len(finished[-_LAST:]) if finished else _first_epoch(run, status)
    left = max((status.epochs - status.epoch) * epoch - min(current, epoch), 0.0) if epoch else None
    return Timing(sum(finished) + current, left)


def _current(run: Run) -> float:
    """The seconds of the epoch under way: ``metrics.csv`` is written anew when one begins."""
    path = run.path / "metrics.csv"
    return max(time.time() - path.stat().st_mtime, 0.0) if path.exists() else 0.0


def _first_epoch(run: Run, status: Status) -> float:
    """The seconds of an epoch, by the pace of the first one's batches; 0 while there is none."""
    pace = status.images_per_second
    return status.steps * run.config().batch_size / pace if pace else 0.0
