"""Run folders that somebody has edited by hand: each says which file is damaged, and none takes the others down."""

import json
from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.config import Augmentation, TrainConfig
from emotion.cnn.edited import insist_on_types
from emotion.cnn.history import against_chance, runs_csv, summary_of
from emotion.cnn.runs import Run, Status, active_run, create_run, waiting_runs
from emotion.cnn.status import WAITING
from emotion.cnn.timing import timing
from emotion.errors import UserError

STATUS = [
    {"pid": -1}, {"pid": 1.5}, {"pid": 2**40}, {"pid": None}, {"error_values": None}, {"error_values": [1]},
    {"error": 5}, {"error": "{run} can't be read."},
    {"bundle": None}, {"images_per_second": "fast"}, {"images_per_second": float("nan")}, {"epoch": -1},
    {"heartbeat": float("inf")}, {"state": []}, {"phase": 1},
]  # fmt: skip
CONFIG = [
    {"augmentation": "ab"}, {"augmentation": None}, {"augmentation": {"flip": "yes"}}, {"data": 5}, {"name": 5},
    {"epochs": 1.5}, {"learning_rate": "fast"}, {"task": None}, {"start_from": 1}, {"class_weights": "no"},
    {"seed": 0.5},
]  # fmt: skip
CASES = [("status.json", wrong) for wrong in STATUS] + [("config.json", wrong) for wrong in CONFIG]


@pytest.fixture
def run(home: Path) -> Run:
    return create_run(TrainConfig("/data/x", "edited"), WAITING)


@pytest.mark.parametrize(("file", "wrong"), CASES, ids=str)
def test_a_wrong_value_is_told_and_harms_no_other_run(run: Run, file: str, wrong: dict[str, object]) -> None:
    other = create_run(TrainConfig("/data/x", "other"), WAITING)
    values = json.loads((run.path / file).read_text(encoding="utf-8"))
    (run.path / file).write_text(json.dumps({**values, **wrong}), encoding="utf-8")
    with pytest.raises(UserError, match=file):
        run.status() if file == "status.json" else run.config()
    assert other in waiting_runs() and active_run()
    one = summary_of(run)
    assert file in str(one.problem) and run.name in runs_csv([one]).decode("utf-8-sig")


def test_numbers_are_of_their_type_and_have_an_end() -> None:
    insist_on_types(TrainConfig, {"warmup": 1, "augmentation": Augmentation()})
    insist_on_types(Augmentation, {"flip": 1, "rotate": 10})
    insist_on_types(Status, {"images_per_second": 5})


SETTINGS = [
    '{"classes": 7}',
    "{}",
    '{"classes": null, "unreadable": 3, "images": 1, "fingerprint": "x", "synthetic": "no"}',
]


@pytest.mark.parametrize("text", SETTINGS)
def test_what_was_met_is_left_out_where_it_is_damaged(run: Run, text: str) -> None:
    (run.path / "setting.json").write_text(text, encoding="utf-8")
    assert run.classes == () and run.setting() == {}


LINES = [
    '{"epoch": NaN, "counts": [[1, 0], [0, 1]], "loss": 1}',
    '{"epoch": 1e400, "counts": [[1, 0], [0, 1]], "loss": 1}',
    '{"epoch": 1, "counts": [[1, 0], [1]], "loss": "low"}',
    '{"epoch": 1, "counts": "many", "loss": NaN}',
    '{"epoch": 1, "counts": [1, 0], "loss": null}',
    '{"epoch": 1, "counts": [[1, 0]], "loss": [1]}',
    '{"epoch": 1, "counts": [["a", "b"], ["c", "d"]]}',
    '{"epoch": 1, "counts": [[-1, 0], [0, 1]]}',
    '{"epoch": 1, "counts": [[0.5, 0], [0, 1]]}',
    '{"epoch": 1}',
]


def test_points_that_are_none_are_left_out(run: Run) -> None:
    for name in ("confusion", "progress"):
        (run.path / f"{name}.jsonl").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    assert run.confusions() == {} and against_chance(run.confusions()) is None
    assert {name for point in run.progress() for name in point} == {"epoch"}
    run.note("confusion", {"epoch": 2, "counts": [[3, 1], [0, 4]]})
    assert np.array_equal(run.confusions()[2], [[3, 1], [0, 4]])
    run.forget_after(1)
    assert run.confusions() == {}


FILES = {
    "metrics.csv": Run.metrics,
    "progress.jsonl": Run.progress,
    "confusion.jsonl": Run.confusions,
    "train.log": Run.log_tail,
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_can_t_be_read_is_told(run: Run, name: str) -> None:
    (run.path / name).mkdir()  # No file: the system refuses.
    with pytest.raises(UserError, match=name):
        FILES[name](run)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_being_replaced_is_read_again(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (run.path / name).write_text("epoch\n", encoding="utf-8")
    opened, refusals = Path.open, [PermissionError(13, "used by another process")]

    def open_later(path: Path, *arguments: object, **named: object) -> object:
        if refusals:  # As Windows does while os.replace is at work.
            raise refusals.pop()
        return opened(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", open_later)
    FILES[name](run)
    assert not refusals


def test_a_number_without_end_in_the_metrics_is_as_if_it_were_not_there(run: Run) -> None:
    (run.path / "metrics.csv").write_text("epoch,val_accuracy,seconds\n1,nan,inf\n", encoding="utf-8")
    assert run.metrics() == [{"epoch": 1.0}]
    assert timing(run, Status("stopped"), run.metrics()).elapsed == 0
    (run.path / "metrics.csv").write_text("epoch\nnan\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"metrics\.csv"):
        run.metrics()
