"""What is told of runs afterwards: a line for each, what sets them apart, and both as CSV. No Keras here."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np

from emotion.cnn.bundle import CARD, read_card
from emotion.cnn.config import TrainConfig
from emotion.cnn.evaluation import wilson_interval
from emotion.cnn.runs import Run, best_row
from emotion.cnn.status import Status
from emotion.errors import UserError
from emotion.files import file_stamp
from emotion.names import cell

_FILES = ("status.json", "config.json", "metrics.csv")


@dataclass(frozen=True)
class Summary:
    """A run in a line. Of a damaged one there is the ``problem`` and nothing else; ``rows`` are its metrics."""

    run: Run
    status: Status | None = None
    config: TrainConfig | None = None
    rows: tuple[dict[str, float], ...] = ()
    problem: UserError | None = None

    @property
    def started(self) -> datetime | None:
        """When its folder was made, which the folder's name tells; None for one that somebody has renamed."""
        try:
            return datetime.strptime(self.run.name[:15], "%Y%m%d-%H%M%S")
        except ValueError:
            return None

    @property
    def dataset(self) -> str:
        """The name of the dataset's folder."""
        return Path(self.config.data).name if self.config else ""

    @property
    def best(self) -> dict[str, float]:
        """The row of its best epoch, as ``best_row`` gives it."""
        return best_row(self.rows)

    @property
    def seconds(self) -> float:
        """How long its finished epochs took together."""
        return sum(row.get("seconds", 0.0) for row in self.rows)

    @property
    def images_per_second(self) -> float | None:
        """The mean over its epochs."""
        paces = [row["images_per_second"] for row in self.rows if "images_per_second" in row]
        return sum(paces) / len(paces) if paces else None


def summary_of(run: Run) -> Summary:
    """The line of a run; a damaged one has its problem in it."""
    try:
        return Summary(run, run.status(), run.config(), tuple(run.metrics()))
    except (UserError, OSError) as error:
        problem = error if isinstance(error, UserError) else UserError("{run} can't be read.", run=run.name)
        return Summary(run, problem=problem)


def stamp_of(run: Run) -> tuple[tuple[int, int], ...]:
    """Time of change (ns) and size of what ``summary_of`` reads: another stamp, another summary."""
    return tuple(file_stamp(run.path / name) for name in _FILES)


def own_bundle(run: Run) -> Path | None:
    """The folder of the run's bundle; None where there is none, and where another run's has taken its name.

    A bundle of before, whose card names no run, is taken for the run's own.
    """
    bundle = run.status().bundle
    try:
        owner = read_card(bundle).card.training.get("run", run.name) if bundle else None
    except UserError:  # It was deleted or damaged.
        return None
    return Path(bundle) if owner == run.name else None


def published(run: Run) -> Path | None:
    """The folder of the run's bundle if it is made of the best weights that the run has now; else None."""
    bundle, best = own_bundle(run), run.path / "best.weights.h5"
    return bundle if bundle and file_stamp(bundle / CARD)[0] >= file_stamp(best)[0] else None


def best_accuracy(run: Run) -> float:
    """The accuracy on the validation images that the run's model has by its card, else that of the best epoch.

    The card's is by the labels; an epoch's is by what the run learns, labels and FER+ votes mixed.
    """
    if (bundle := published(run)) and (stated := read_card(bundle).card.accuracy):
        return stated.value
    return best_row(run.metrics()).get("val_accuracy", 0.0)


@dataclass(frozen=True)
class Chance:
    """The best validation ``accuracy`` of a run, on ``n`` images, against the ``guess``: always the commonest class."""

    accuracy: float
    n: int
    guess: float
    beaten: bool


def against_chance(confusions: Mapping[int, np.ndarray]) -> Chance | None:
    """Whether the best epoch is better than a network that has learned nothing; None without a finished epoch.

    ``confusions`` are those of ``Run``. Beaten is chance where even the low end of the accuracy's Wilson interval is
    over the share of the commonest class: the best of many epochs is a lucky one.

    >>> against_chance({1: np.array([[9, 1], [2, 8]])}).beaten, against_chance({1: np.array([[6, 4], [4, 6]])}).beaten
    (True, False)
    """
    counted = [counts for counts in confusions.values() if counts.sum()]
    if not counted:
        return None
    best = max(counted, key=lambda counts: float(np.trace(counts)))
    right, n = int(np.trace(best)), int(best.sum())
    guess = float(best.sum(axis=1).max() / n)
    return Chance(right / n, n, guess, wilson_interval(right, n)[0] > guess)


def differences(configs: Sequence[TrainConfig]) -> dict[str, list[object]]:
    """Setting → its value in each run, for the settings that are not the same in all; names aside."""
    found = {field.name: [getattr(config, field.name) for config in configs] for field in fields(TrainConfig)}
    return {name: values for name, values in found.items() if name != "name" and any(v != values[0] for v in values)}


def runs_csv(summaries: Sequence[Summary]) -> bytes:
    """The runs as a CSV file for spreadsheets (UTF-8 with its mark): a line for each, results and then settings."""
    settings = [field.name for field in fields(TrainConfig)]
    results = ("run", "state", "started", "epochs_done", "best_epoch", "best_val_accuracy", "val_loss", "seconds",
               "images_per_second", "notes", "problem")  # fmt: skip
    lines = [[*_results(one), *(getattr(one.config, name, "") for name in settings)] for one in summaries]
    return _csv([*results, *settings], lines)


def _results(one: Summary) -> list[object]:
    best, started = one.best, one.started.isoformat(sep=" ") if one.started else ""
    measured = [best.get("epoch", ""), best.get("val_accuracy", ""), best.get("val_loss", "")]
    done = [len(one.rows), *measured, round(one.seconds, 1), one.images_per_second or ""]
    return [one.run.name, one.status.state if one.status else "", started, *done, one.run.notes(), one.problem or ""]


def metrics_csv(summaries: Sequence[Summary]) -> bytes:
    """The metrics of the runs as one CSV file for spreadsheets: a line for each run and epoch."""
    columns = list(dict.fromkeys(name for one in summaries for row in one.rows for name in row))
    lines = [[one.run.name, *(row.get(name, "") for name in columns)] for one in summaries for row in one.rows]
    return _csv(["run", *columns], lines)


def _csv(head: Sequence[str], lines: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in line] for line in (head, *lines))
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def _cell(value: object) -> object:
    """A number as it is; a text so that no spreadsheet takes it for a formula, whoever named the run."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return cell(str(value))
