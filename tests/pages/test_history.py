"""The run that is watched and all runs so far: run folders made by hand, and a real worker that is killed."""

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from streamlit.proto.Block_pb2 import Block
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.cnn.config import MILD, TrainConfig
from emotion.cnn.runs import Run, create_run, list_runs, waiting_runs
from emotion.cnn.status import WAITING, Status
from emotion.cnn.workers import start_run, stop_run
from emotion.files import write_json
from emotion.ui.training.actions import _publishing
from emotion.ui.training.history import _kept, summaries
from tests.conftest import wait_until, write_faces
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import keys, open_page, shown

LEARNED = np.array([[18, 2], [3, 17]])
NOTHING = np.array([[20, 0], [20, 0]])
LUCK = np.array([[1, 0], [0, 1]])


@pytest.fixture
def data(home: Path) -> Path:
    few = dict.fromkeys(("happy", "sad"), 4)
    return write_faces(home / "datasets" / "faces", {"train": dict.fromkeys(few, 16), "validation": few})


@pytest.fixture
def make(data: Path) -> Callable[..., Run]:
    """Make a run of two epochs that is in that state."""

    def make(name: str, status: Status, counts: np.ndarray = LEARNED, **settings: object) -> Run:
        run = create_run(TrainConfig(str(data), name, epochs=2, **settings))  # type: ignore[arg-type]
        rows = [
            {"epoch": epoch, "loss": 1 / epoch, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.4 + epoch / 10,
             "learning_rate": 5e-4, "images_per_second": 90.0, "seconds": 10.0}
            for epoch in (1, 2)
        ]  # fmt: skip
        run.write_metrics(rows)
        for epoch in (1, 2):
            run.note("progress", {"epoch": epoch - 0.5, "loss": 2.0, "accuracy": 0.3, "time": 0.0})
            run.note("confusion", {"epoch": epoch, "counts": counts.tolist()})
        write_json(run.path / "setting.json", {"classes": ["happy", "sad"]})
        (run.path / "best.weights.h5").write_bytes(b"")
        run.write_status(replace(status, epoch=2, epochs=2))
        return run

    return make


@pytest.fixture
def busy(data: Path) -> Run:
    """A run that is at work, as its living process shows: this one. What is started now waits in the queue."""
    run = create_run(TrainConfig(str(data), "busy"))
    process = psutil.Process()
    run.write_status(Status("running", process.pid, process.create_time(), epochs=1, phase="loading"))
    return run


def open_run_view(run: Run, language: str = "en") -> AppTest:
    app = open_page("home", language)
    app.session_state["training.run"] = run.name
    app.switch_page("pages/training.py").run()
    assert not app.exception, app.exception
    return app


def open_history(*chosen: Run, language: str = "en") -> AppTest:
    app = open_page("home", language)
    app.session_state["training.view"] = "history"
    if chosen:
        app.session_state["training.chosen"] = [run.name for run in chosen]
    app.switch_page("pages/training.py").run()
    assert not app.exception, app.exception
    return app


def said(app: AppTest) -> str:
    kinds = (app.error, app.warning, app.success, app.info, app.caption, app.markdown)
    return " | ".join(shown(text.value) for kind in kinds for text in kind)


NO_NUMBER = (
    "The loss is no number any more: in epoch {epoch} the training ran off. Whole epochs kept: {kept}. Start again "
    "with a lower learning rate."
)
RAN_OFF = Status("failed", error=NO_NUMBER, error_values={"epoch": "3", "kept": "2"})
STATES = [
    (Status("stopped"), LEARNED, "is kept", {"training.resume", "training.publish"}),
    (Status("running", 2**22 + 1), LEARNED, "Its process is gone", {"training.resume", "training.publish"}),
    (RAN_OFF, LEARNED, "Start again with a lower learning rate", {"training.resume", "training.publish"}),
    (
        Status("finished"),
        LEARNED,
        "Finished. The model gets 60.0% of the validation images right.",
        {"training.publish"},
    ),
    (Status("finished"), NOTHING, "no better than guessing yet: 50.0% of the 40 validation", {"training.publish"}),
    (Status("finished"), LUCK, "100.0% of the 2 validation images are right, and one", {"training.publish"}),
]


@pytest.mark.parametrize(("status", "counts", "says", "offers"), STATES, ids=lambda value: getattr(value, "state", ""))
def test_every_state_says_what_can_be_done(
    status: Status, counts: np.ndarray, says: str, offers: set[str], make: Callable[..., Run]
) -> None:
    app = open_run_view(make("one", status, counts))
    assert says in said(app)
    buttons = {button.key for button in app.button}
    assert offers | {"training.fork", "training.delete"} <= buttons
    assert ("training.resume" in buttons) != ("training.continue" in buttons)
    assert len(app.success) == (status.state == "finished" and counts is LEARNED)
    assert {metric.label: metric.value for metric in app.metric}["Best on validation"] == "60.0%"


def test_a_finished_run_leads_to_its_model(make: Callable[..., Run], bundle_copy: Path) -> None:
    run = make("one", Status("finished", bundle=str(bundle_copy)))
    card = json.loads((bundle_copy / "card.json").read_text(encoding="utf-8"))
    card["training"]["run"] = run.name
    write_json(bundle_copy / "card.json", card)
    app = open_run_view(run)
    assert f"gets {card['metrics'][0]['value']:.1%} of the validation images right" in said(app)
    assert {"training.live", "training.evaluation"} <= keys(app) and "training.publish" not in keys(app)
    assert "app.published" not in app.session_state  # An old run is looked at: nothing is chosen for the reader.
    app.button(key="training.live").click().run()
    assert app.session_state["app.published"] == "tiny"
    assert app.title[0].value == "Live"


def test_a_model_that_was_made_and_deleted_can_be_made_again(make: Callable[..., Run], home: Path) -> None:
    run = make("one", Status("stopped", bundle=str(home / "models" / "gone")))
    jobs.start(_publishing(run), lambda told: home / "models" / "gone").wait(5)
    app = open_run_view(run)
    assert "training.publish" in keys(app) and jobs.get(_publishing(run)) is None


FIRST = {
    "a finished run": (Status("finished"), LEARNED, {"training.publish"}),
    "a stopped run": (Status("stopped"), LEARNED, {"training.publish"}),
    "a stopped run that guesses": (Status("stopped"), NOTHING, {"training.resume"}),
    "a finished run that guesses": (Status("finished"), NOTHING, {"Train longer"}),
}


@pytest.mark.parametrize("case", FIRST)
def test_a_network_that_guesses_is_trained_longer_first(case: str, make: Callable[..., Run]) -> None:
    status, counts, expected = FIRST[case]
    app = open_run_view(make("one", status, counts))
    inside = {"training.start", "training.fork", "training.continue"}  # The form's, and those within popovers.
    first = {button.key for button in app.button if button.proto.type == "primary"} - inside
    first |= {popover.label for popover in popovers(app) if popover.type == "primary"}
    assert first == expected


def popovers(app: AppTest) -> list[Block.Popover]:
    return [block.proto.popover for block in app.get("popover")]


@pytest.mark.parametrize("state", ["stopped", "finished"])
def test_a_run_whose_model_is_being_made_is_left_alone(make: Callable[..., Run], state: str) -> None:
    run, done = make("one", Status(state)), threading.Event()
    job = jobs.start(_publishing(run), lambda told: done.wait(60))
    app = open_run_view(run)
    goes_on = "training.resume" if state == "stopped" else "training.continue"
    assert app.button(key=goes_on).disabled and app.button(key="training.delete").disabled
    done.set()
    assert job.wait(5)
    jobs.forget(job)
    app.run()
    assert not app.button(key=goes_on).disabled and not app.button(key="training.delete").disabled


EDITED = {
    "status.json": '{"state": "running", "pid": -1}',
    "config.json": '{"data": "d", "name": "n", "augmentation": "ab"}',
    "setting.json": '{"classes": 7}',
    "confusion.jsonl": '{"epoch": 1, "counts": [[1], [1, 0]]}\n{"epoch": NaN, "counts": 1}\n{"epoch": 2}',
    "progress.jsonl": '{"epoch": NaN, "loss": 1.0}\n{"epoch": 0.5, "loss": "low", "accuracy": NaN}',
    "metrics.csv": "epoch,val_accuracy,seconds\n1,0.5,nan\n",
    "notes.txt": "\udcb4\udcf5",
}


def test_folders_edited_by_hand_take_no_page_down(make: Callable[..., Run], data: Path) -> None:
    app = open_page("home")
    for file, text in EDITED.items():
        run = make(file, Status("finished"), NOTHING)
        (run.path / file).write_bytes(text.encode("utf-8", "surrogateescape"))
        app.session_state["training.run"] = run.name
        app.session_state["training.view"] = "train"
        app.switch_page("pages/training.py").run()
        assert not app.exception, (file, app.exception)
        assert "training.start" in keys(app)
        if file == "setting.json":
            assert "one and the same answer for all would give 50.0%" in said(app)
    app.session_state["training.view"] = "history"
    app.session_state["training.chosen"] = [run.name for run in list_runs()]
    app.run()
    assert not app.exception and len(app.dataframe[0].value) == len(EDITED)


def test_a_run_that_was_deleted_elsewhere_is_not_stopped(make: Callable[..., Run], busy: Run) -> None:
    run = make("one", Status("queued", phase=WAITING))
    app = open_run_view(run)
    shutil.rmtree(run.path)
    app.button(key="training.stop").click().run()
    assert not app.exception and "somebody has deleted it" in said(app)


def test_a_ticked_run_that_was_deleted_elsewhere_is_named_once(make: Callable[..., Run]) -> None:
    first, second = make("one", Status("stopped")), make("two", Status("stopped"))
    app = open_history(first, second)
    assert not app.toast
    shutil.rmtree(second.path)
    assert [shown(toast.value) for toast in app.run().toast] == [f"Deleted meanwhile: {second.name}"]
    assert not app.run().toast
    shutil.rmtree(first.path)
    assert len(app.run().toast) == 1 and not app.session_state["training.chosen"]


def test_the_queue_is_shown_and_can_be_left(make: Callable[..., Run], busy: Run, data: Path) -> None:
    waiting = [start_run(TrainConfig(str(data), name)) for name in ("second", "third")]
    app = open_run_view(waiting[1])
    assert "waiting for its turn" in said(app)
    # The run that is shown has its button above, and stands out in the list.
    assert f"1. {waiting[0].name}" in said(app) and f"2. **{waiting[1].name}**" in said(app)
    assert f"training.leave.{waiting[1].name}" not in keys(app)
    app.button(key=f"training.leave.{waiting[0].name}").click().run()
    assert waiting_runs() == [waiting[1]] and waiting[0].status().state == "stopped"
    app.button(key="training.stop").click().run()
    assert not waiting_runs() and not app.exception
    assert "It left the queue before its turn came." in said(app)


def test_a_finished_run_goes_on_for_more_epochs(make: Callable[..., Run], busy: Run) -> None:
    run = make("one", Status("finished"))
    app = open_run_view(run)
    app.number_input(key="training.more").set_value(7).run()
    app.button(key="training.continue").click().run()
    assert run.config().epochs == 9 and run.status().waiting


def test_a_fork_fills_the_form(make: Callable[..., Run]) -> None:
    run = make("one", Status("finished"), batch_size=32, augmentation=MILD, seed=5)
    app = open_run_view(run)
    app.checkbox(key="training.fork.weights").check().run()
    before = {block.proto.id for block in app.get("popover")}
    app.button(key="training.fork").click().run()
    after = {block.proto.id for block in app.get("popover")}
    assert len(before & after) == len(before) - 1  # Another has taken its place, and is closed.
    assert not app.exception
    assert (app.slider(key="training.epochs").value, app.select_slider(key="training.batch").value) == (2, 32)
    assert app.session_state["training.start_from"] == str(run.path)
    assert (app.session_state["training.seed"], app.session_state["training.augment.shift"]) == (5, MILD.shift)
    assert "The form now has the settings of one" in said(app)


def test_deleting_asks_first(make: Callable[..., Run]) -> None:
    run = make("one", Status("finished"))
    app = open_run_view(run)
    app.button(key="training.delete").click().run()
    assert run.path.exists() and run.name in said(app)
    app.button(key="training.delete.no").click().run()
    assert run.path.exists() and run.name not in said(app)
    app.button(key="training.delete").click().run()
    app.button(key="training.delete.yes").click().run()
    assert not app.exception and not run.path.exists()


def test_the_history_lays_runs_over_each_other(make: Callable[..., Run], busy: Run) -> None:
    first = make("one", Status("finished"))
    second = make("two", Status("stopped"), augmentation=MILD, learning_rate=1e-3)
    damaged = make("three", Status("finished"))
    (damaged.path / "config.json").write_text("{", encoding="utf-8")
    app = open_history()
    table = app.dataframe[0].value
    assert list(table["name"]) == [run.config().name if run != damaged else run.name for run in list_runs()]
    by_name = table.set_index("name")
    assert by_name.loc["one", "accuracy"] == pytest.approx(0.6) and by_name.loc["one", "epochs"] == "2 / 2"
    assert by_name.loc[damaged.name, "state"] == "damaged" and "config.json" in by_name.loc[damaged.name, "problem"]
    apart = app.dataframe[1].value.set_index("")
    assert apart.loc["Augmentation", "one"] == "off" and apart.loc["Augmentation", "two"].startswith("Mirror, Shift ")
    assert set(apart.index) == {"Epochs done", "Best on validation", "Time", "Augmentation", "Learning rate"}
    assert len(app.get("plotly_chart")) == 2
    assert {first.name, second.name} == set(app.session_state["training.chosen"])


def test_notes_are_kept_with_the_run(make: Callable[..., Run]) -> None:
    run = make("one", Status("finished"))
    app = open_history(run)
    app.text_area(key=f"training.notes.{run.name}").set_value("더 오래 훈련하기 🙂").run()
    assert not app.exception and run.notes() == "더 오래 훈련하기 🙂"
    assert open_history(run).text_area(key=f"training.notes.{run.name}").value == "더 오래 훈련하기 🙂"


def test_an_active_run_is_not_deleted(make: Callable[..., Run], busy: Run) -> None:
    app = open_history(busy, make("one", Status("finished")))
    known = set(list_runs())
    app.button(key="training.delete.ticked").click().run()
    assert not app.exception and "training.delete.yes" not in keys(app)  # It is not even asked.
    assert f"These are trained or wait for it: {busy.name}. Stop them first" in said(app)
    assert set(list_runs()) == known


def test_a_report_is_made_and_handed_out(make: Callable[..., Run]) -> None:
    run = make("one", Status("stopped"))
    app = open_history(run)
    app.button(key="training.report").click().run()
    finish_jobs(app)
    assert "Training report" in (run.path / "report.en.html").read_text(encoding="utf-8")
    assert [button for button in app.get("download_button") if button.proto.label == "Download the report"]
    (run.path / "report.en.html").unlink()
    app.button(key="training.report").click().run()
    finish_jobs(app)
    assert (run.path / "report.en.html").exists()


def test_each_language_has_its_report(make: Callable[..., Run]) -> None:
    run = make("one", Status("stopped"))
    addresses = []  # An address is the hash of the file that it hands out.
    for code in ("en", "ko", "en"):
        app = open_history(run, language=code)
        if len(addresses) < 2:
            app.button(key="training.report").click().run()
            finish_jobs(app)
        addresses += [button.proto.url for button in app.get("download_button") if "report" in button.proto.id]
    assert len(addresses) == 3 and addresses[0] == addresses[2] != addresses[1]
    for code in ("en", "ko"):
        assert f'<html lang="{code}">' in (run.path / f"report.{code}.html").read_text(encoding="utf-8")


def test_another_run_is_looked_at_from_the_history(make: Callable[..., Run]) -> None:
    old = make("one", Status("finished"))
    make("two", Status("stopped"))
    app = open_history(old)
    app.button(key="training.show").click().run()
    assert not app.exception and app.session_state["training.run"] == old.name
    assert "Finished. The model gets" in said(app)


def test_what_has_not_changed_is_not_read_again(make: Callable[..., Run]) -> None:
    run, other = make("one", Status("finished")), make("two", Status("finished"))
    before = {one.run.name: one for one in summaries()}
    run.write_status(Status("stopped"))
    after = {one.run.name: one for one in summaries()}
    assert after[other.name] is before[other.name]
    assert [one[run.name].status.state for one in (before, after)] == ["finished", "stopped"]
    shutil.rmtree(run.path)
    assert [one.run.name for one in summaries()] == [other.name]
    assert set(_kept()) == {str(other.path)}


def test_a_real_run_is_killed_resumed_stopped_and_published(data: Path) -> None:
    run = start_run(TrainConfig(str(data), "real", architecture="tiny_cnn", epochs=1000, batch_size=16, size=16))
    try:
        app = open_run_view(run)
        assert "training.stop" in keys(app) and not app.error
        wait_until(run, lambda run: run.status().epoch >= 1)
        psutil.Process(run.status().pid).kill()
        wait_until(run, lambda run: not run.status().active, 5)
        app.run()
        assert "Its process is gone" in said(app)
        done = len(run.metrics())
        app.button(key="training.resume").click().run()
        assert run.status().active and "training.stop" in keys(app)
        wait_until(run, lambda run: run.status().epoch > done)
        app.run()
        app.button(key="training.stop").click().run()
        wait_until(run, lambda run: not run.status().active)
    finally:
        stop_run(run)
        wait_until(run, lambda run: not run.status().active)
    epochs = [row["epoch"] for row in run.metrics()]
    assert epochs == list(range(1, len(epochs) + 1)) and len(epochs) > done
    app.run()
    app.button(key="training.publish").click().run()
    finish_jobs(app, 200)
    assert app.session_state["app.published"] == "real" and "training.live" in keys(app)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_waiting_is_a_state_of_its_own(make: Callable[..., Run], busy: Run, language: str) -> None:
    run = make("one", Status("queued", phase=WAITING))
    app = open_run_view(run, language)
    assert not app.error and "training.stop" in keys(app)
