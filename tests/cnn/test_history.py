"""What the history tells of runs, from run folders made by hand; and how long a run takes."""

import csv
import io
import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emotion.cnn.config import MILD, TrainConfig
from emotion.cnn.history import (
    against_chance,
    best_accuracy,
    differences,
    metrics_csv,
    own_bundle,
    published,
    runs_csv,
    stamp_of,
    summary_of,
)
from emotion.cnn.report import write_report
from emotion.cnn.runs import Run, Status, create_run
from emotion.cnn.timing import timing
from emotion.homes import REPOSITORY

ROWS = [
    {"epoch": 1, "accuracy": 0.3, "val_accuracy": 0.5, "val_loss": 1.5, "seconds": 10.0, "images_per_second": 100.0},
    {"epoch": 2, "accuracy": 0.6, "val_accuracy": 0.4, "val_loss": 1.9, "seconds": 14.0, "images_per_second": 60.0},
]


@pytest.fixture
def run(home: Path) -> Run:
    made = create_run(TrainConfig("/data/내 얼굴", "=1+1", epochs=5, augmentation=MILD))
    made.write_metrics(ROWS)
    made.write_status(Status("stopped", epoch=2, epochs=5))
    return made


def test_a_run_in_a_line(run: Run) -> None:
    one = summary_of(run)
    assert one.problem is None and one.status and one.status.state == "stopped"
    assert one.best == ROWS[0] and one.seconds == 24 and one.images_per_second == 80
    assert one.dataset == "내 얼굴"
    assert one.started and abs(one.started.timestamp() - time.time()) < 60


def test_a_run_that_has_not_begun_and_one_that_was_renamed(run: Run) -> None:
    (run.path / "metrics.csv").unlink()
    one = summary_of(run)
    assert (one.rows, one.best, one.seconds, one.images_per_second) == ((), {}, 0, None)
    assert summary_of(Run(run.path.rename(run.path.with_name("mine")))).started is None


@pytest.mark.parametrize("file", ["config.json", "status.json", "metrics.csv"])
def test_a_damaged_run_is_a_line_with_its_problem(run: Run, file: str) -> None:
    before = stamp_of(run)
    (run.path / file).write_text("epoch,loss\nx,y\n" if file == "metrics.csv" else "{", encoding="utf-8")
    one = summary_of(run)
    assert one.problem and file in str(one.problem)
    assert stamp_of(run) != before
    assert csv_rows(runs_csv([one]))[1][0] == run.name


def csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_name_is_no_formula_in_a_spreadsheet(run: Run) -> None:
    run.write_notes("@SUM(A1)\nzweite Zeile, mit Komma")
    data = runs_csv([summary_of(run)])
    assert data.startswith(b"\xef\xbb\xbf")
    head, line = csv_rows(data)
    found = dict(zip(head, line, strict=True))
    assert found["name"] == "'=1+1" and found["notes"] == "'@SUM(A1)\nzweite Zeile, mit Komma"
    assert found["augmentation"] == "flip,shift=0.06,rotate=8,zoom=0.06"
    assert found["best_val_accuracy"] == "0.5" and found["learning_rate"] == "0.0005" and found["epochs_done"] == "2"


def test_notes_that_can_t_be_read_cost_no_table(run: Run) -> None:
    (run.path / "notes.txt").write_bytes("더 오래".encode("cp949") + b" ok")
    head, line = csv_rows(runs_csv([summary_of(run)]))
    assert dict(zip(head, line, strict=True))["notes"].endswith(" ok") and run.notes().endswith(" ok")
    assert " ok</p>" in write_report(run, run.path / "report.html").read_text(encoding="utf-8")


def test_the_metrics_of_several_runs_in_one_table(run: Run) -> None:
    other = create_run(TrainConfig("/data/x", "other"))
    other.write_metrics([{"epoch": 1, "loss": -0.5}])
    head, *lines = csv_rows(metrics_csv([summary_of(run), summary_of(other)]))
    assert head == ["run", *ROWS[0], "loss"]
    assert lines[1] == [run.name, "2.0", "0.6", "0.4", "1.9", "14.0", "60.0", ""]
    assert lines[2] == [other.name, "1.0", "", "", "", "", "", "-0.5"]  # A number below zero is no formula.


def test_what_sets_runs_apart() -> None:
    first = TrainConfig("/data/x", "first", seed=1)
    second = replace(first, name="second", augmentation=MILD)
    assert differences([first, second]) == {"augmentation": [first.augmentation, MILD]}
    assert differences([first, replace(first, name="other")]) == {}
    assert differences([first]) == {} and differences([]) == {}


def test_chance_is_to_answer_the_commonest_class() -> None:
    always = np.array([[0, 30, 0], [0, 60, 0], [0, 10, 0]])
    chance = against_chance({1: always})
    assert chance and chance.accuracy == chance.guess == 0.6 and not chance.beaten
    learned = against_chance({1: always, 2: np.array([[25, 5, 0], [5, 50, 5], [0, 2, 8]])})
    assert learned and learned.accuracy == 0.83 and learned.beaten
    assert against_chance({}) is None and against_chance({1: np.zeros((2, 2), int)}) is None


def test_a_lucky_epoch_on_few_images_does_not_beat_chance() -> None:
    assert not against_chance({1: np.array([[4, 3], [3, 4]])}).beaten  # type: ignore[union-attr]
    assert against_chance({1: np.array([[7, 0], [0, 7]])}).beaten  # type: ignore[union-attr]


def test_a_bundle_is_of_the_run_s_best_weights_or_of_older_ones(run: Run, tmp_path: Path) -> None:
    assert not published(run)
    run.write_status(replace(run.status(), bundle=str(tmp_path)))
    assert not published(run)  # Somebody has deleted it.
    shutil.copy(REPOSITORY / "models" / "emotion-deck" / "card.json", tmp_path)
    best = run.path / "best.weights.h5"
    best.write_bytes(b"")
    os.utime(best, (1000, 1000))
    assert published(run) == tmp_path and best_accuracy(run) == pytest.approx(0.6384, abs=1e-4)  # Its model's.
    os.utime(tmp_path / "card.json", (500, 500))
    assert not published(run) and own_bundle(run) == tmp_path
    assert best_accuracy(run) == 0.5  # The first epoch's, although the last has 0.4.


def test_a_bundle_that_another_run_has_put_there_is_not_the_run_s(run: Run, tmp_path: Path) -> None:
    run.write_status(replace(run.status(), bundle=str(tmp_path)))
    card = json.loads((REPOSITORY / "models" / "emotion-deck" / "card.json").read_text(encoding="utf-8"))
    for owner, found in ((run.name, tmp_path), ("20260101-000000-other", None)):
        card["training"]["run"] = owner
        (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")
        assert own_bundle(run) == published(run) == found
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    assert own_bundle(run) is None


def test_the_time_left_is_that_of_the_last_epochs(run: Run) -> None:
    status = Status("running", epoch=2, epochs=5, step=3, steps=10, phase="training", images_per_second=64)
    os.utime(run.path / "metrics.csv", (time.time() - 5, time.time() - 5))  # The epoch began five seconds ago.
    found = timing(run, status, ROWS)
    assert found.elapsed == pytest.approx(24 + 5, abs=1)
    assert found.left == pytest.approx(3 * 12 - 5, abs=1)
    assert timing(run, replace(status, phase="publishing", epoch=5), ROWS).left == 0
    assert timing(run, replace(status, state="stopped"), ROWS).elapsed == 24


def test_the_time_left_in_the_first_epoch(run: Run) -> None:
    (run.path / "metrics.csv").unlink()
    status = Status("running", epochs=5, phase="loading")
    assert timing(run, status, []).left is None
    status = replace(status, phase="training", steps=10, images_per_second=64.0)
    assert timing(run, status, []).left == pytest.approx(5 * 10 * 64 / 64)


def test_of_a_long_run_every_so_many_th_point_is_given_and_the_last(run: Run) -> None:
    for number in range(1, 96):
        run.note("progress", {"epoch": number / 10, "loss": 1.0})
    assert len(run.progress()) == len(run.progress(95)) == 95
    thinned = [point["epoch"] for point in run.progress(10)]
    assert len(thinned) <= 11 and thinned[0] == 0.1 and thinned[-1] == 9.5 and thinned == sorted(thinned)
