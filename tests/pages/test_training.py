"""The Training page's settings: each reaches the run, none is lost, and what can't be trained is said before Start."""

import json
import os
import shutil
import time
from dataclasses import fields, replace
from pathlib import Path

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.cnn.config import MILD, Augmentation, TrainConfig
from emotion.cnn.inside import Layer
from emotion.cnn.origin import Origin
from emotion.cnn.probe import _file
from emotion.cnn.runs import Run, create_run, list_runs
from emotion.cnn.status import Status
from emotion.cnn.workers import stop_run
from emotion.dataset.folder import open_dataset
from emotion.files import write_json
from emotion.live.sessions import PLACES
from emotion.ui.training import settings
from tests.conftest import write_faces
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import keys, open_page, shown

GROUPS = ("network", "learning", "images", "start", "rest")
COUNTS = {"train": {"happy": 250, "sad": 250}, "validation": {"happy": 10, "sad": 10}}
LAYERS = (Layer("input", "InputLayer", (48, 48, 1), 0), Layer("dense", "Dense", (2,), 10))


@pytest.fixture
def data(home: Path) -> Path:
    """A dataset, and the drawing of its networks at hand, so that no helper process is needed for it."""
    for architecture, size in (("deck_cnn", 48), ("tiny_cnn", 48), ("tiny_cnn", 24), ("compact_resnet", 72)):
        jobs.start(f"layers:{architecture}:2:{size}", lambda told: LAYERS).wait(5)
    return write_faces(home / "datasets" / "두 얼굴", COUNTS)


@pytest.fixture
def busy(data: Path) -> Run:
    """A run that is at work, as its living process shows: this one. What is started now waits in the queue."""
    run = create_run(TrainConfig(str(data), "other"))
    process = psutil.Process()
    run.write_status(Status("running", process.pid, process.create_time(), epochs=1))
    return run


def look_at(app: AppTest, group: str = "") -> AppTest:
    app.session_state["training.view"] = "Advanced" if group else "Train"
    if group:
        app.session_state["training.group"] = group
    app.run()
    assert not app.exception, app.exception
    return app


def said(app: AppTest) -> str:
    return " | ".join(
        shown(text.value) for text in (*app.error, *app.warning, *app.success, *app.caption, *app.markdown)
    )


def started(app: AppTest, busy: Run) -> TrainConfig:
    """The settings of the run that Start makes; it waits for the busy one."""
    look_at(app).button(key="training.start").click().run()
    assert not app.exception and not app.error
    run = next(run for run in list_runs() if run.name != busy.name)
    assert run.status().waiting
    return run.config()


def test_a_beginner_sees_the_dataset_epochs_batch_size_and_start(data: Path) -> None:
    app = open_page("training")
    assert not app.exception and not app.error
    widgets = {key for key in keys(app) if key and key.startswith("training.")}
    assert widgets == {
        "training.dataset", "training.epochs", "training.batch", "training.probe", "training.minutes", "training.fit",
        "training.start",
    }  # fmt: skip
    assert (app.slider(key="training.epochs").value, app.select_slider(key="training.batch").value) == (15, 64)


def test_every_widget_reaches_the_run(data: Path, busy: Run) -> None:
    app = open_page("training")
    app.slider(key="training.epochs").set_value(7)
    app.select_slider(key="training.batch").set_value(32)
    look_at(app, "network").radio(key="training.architecture").set_value("tiny_cnn")
    app.select_slider(key="training.size").set_value(24)
    look_at(app, "learning").button_group(key="training.schedule").set_value("cosine").run()
    app.slider(key="training.warmup").set_value(2.5)
    app.select_slider(key="training.rate").set_value(2e-3)
    app.button_group(key="training.optimiser").set_value("adamw")
    app.select_slider(key="training.weight_decay").set_value(1e-4)
    app.slider(key="training.label_smoothing").set_value(0.1)
    app.select_slider(key="training.ema").set_value(0.99)
    app.toggle(key="training.class_weights").set_value(True)
    look_at(app, "images").button_group(key="training.preset").set_value("mild").run()
    app.number_input(key="training.images").set_value(200)
    look_at(app, "rest").text_input(key="training.name").set_value("내 모델")
    app.text_input(key="training.task").set_value("smile")
    app.number_input(key="training.patience").set_value(4)
    app.number_input(key="training.seed").set_value(2**32 - 1)
    app.selectbox(key="training.precision").select("float32")
    assert started(app, busy) == TrainConfig(
        str(data), "내 모델", "smile", "tiny_cnn", 7, 32, 2e-3, "cosine", 2.5, "adamw", 1e-4, MILD, True, 0.1,
        patience=4, images=200, ema=0.99, seed=2**32 - 1, precision="float32", size=24,
    )  # fmt: skip
    assert "200 of 500 training images" in said(app)


CHANGED = TrainConfig(
    "", "odd", "smile", "compact_resnet", 77, 48, 3e-4, "cosine", 7.5, "sgd", 3e-5,
    Augmentation(True, 0.35, 90, 0.4, 0.6, 0.7, 0.2, 0.1, 0.4), True, 0.4, neighbours=0.5, teachers="one, two",
    taught=0.3, patience=3, images=123, ema=0.97, seed=5, precision="float32", size=72,
)  # fmt: skip


def test_a_run_s_settings_are_filled_in_whatever_they_are(data: Path, busy: Run) -> None:
    # Each has a test of its own or is set below, but the last.
    untouched = {"data", "unlabelled", "votes", "start_from", "freeze", "distribute"}
    assert all(
        getattr(CHANGED, field.name) != field.default for field in fields(CHANGED) if field.name not in untouched
    )
    other = write_faces(data.parent / "other", COUNTS)
    app = open_page("training")
    wanted = replace(CHANGED, data=str(other), unlabelled=str(data))
    for filled in (wanted, replace(wanted, schedule="plateau")):
        app.session_state["training.wanted"] = filled
        for group in GROUPS:
            look_at(app, group)
            assert not app.error
    assert started(app, busy) == replace(wanted, schedule="plateau")
    app.button(key="training.reset").click().run()
    assert "Changed under" not in said(app)  # What it has not named stays.
    assert started(app, busy) == TrainConfig(
        str(other), wanted.name, epochs=wanted.epochs, batch_size=wanted.batch_size
    )


def test_the_name_follows_the_network(data: Path, busy: Run) -> None:
    app = open_page("training")
    look_at(app, "network").radio(key="training.architecture").set_value("tiny_cnn").run()
    assert started(app, busy).name == "두 얼굴-tiny"


def test_what_it_starts_from_gives_the_name_its_network(data: Path, busy: Run) -> None:
    app = open_page("training")
    for field, value in {"architecture": "tiny_cnn", "size": 24, "start_from": "age"}.items():
        app.session_state[f"training.{field}"] = value
    config = started(app, busy)
    assert (config.architecture, config.size) == ("small_resnet", 48) and config.name.endswith("-small")
    assert "Network" not in said(app).partition("Changed under")[2]


def test_faces_without_labels_are_those_of_another_dataset_and_want_a_teacher(data: Path, busy: Run) -> None:
    write_faces(data.parent / "faces", COUNTS)  # The first of them by name is the one that is trained on.
    app = look_at(open_page("training"), "start")
    box = app.selectbox(key="training.unlabelled")
    assert box.options == ["none", data.name] and box.disabled
    app.session_state["training.unlabelled"] = str(data)  # Chosen before the teacher was taken back.
    assert started(app, busy).unlabelled == ""


def test_settings_outlive_the_page_and_the_language(data: Path, busy: Run) -> None:
    app = open_page("training")
    app.slider(key="training.epochs").set_value(9)
    look_at(app, "learning").button_group(key="training.optimiser").set_value("sgd")
    look_at(app, "images").slider(key="training.augment.rotate").set_value(20.0).run()
    assert app.button_group(key="training.preset").value == "own"
    app.switch_page("pages/home.py").run()
    app.session_state["app.language"] = "ko"
    app.switch_page("pages/training.py").run()
    look_at(app, "rest")
    app.session_state["app.language"] = "en"
    config = started(look_at(app), busy)
    assert (config.epochs, config.optimiser, config.augmentation) == (9, "sgd", Augmentation(rotate=20))


def test_starting_from_a_model_says_what_becomes_of_its_last_layer(trained: Path, home: Path) -> None:
    shutil.copytree(trained, home)
    jobs.start("layers:deck_cnn:2:48", lambda told: LAYERS).wait(5)
    write_faces(home / "datasets" / "another", COUNTS)
    bundle = str((home / "models" / "tiny").resolve())
    app = look_at(open_page("training"), "start")
    assert app.toggle(key="training.freeze").disabled
    app.selectbox(key="training.start_from").select(bundle).run()
    assert "last layer will be new: the model answers Angry, Disgust" in shown(app.info[0].value)
    app.toggle(key="training.freeze").set_value(True).run()
    look_at(app).selectbox(key="training.dataset").select(home / "datasets" / "sample").run()
    assert "last layer is kept" in look_at(app, "start").success[0].value
    other = create_run(TrainConfig(str(home), "other"))
    other.write_status(Status("running", os.getpid(), psutil.Process().create_time(), epochs=1))
    look_at(app).button(key="training.start").click().run()
    config = next(run for run in list_runs() if run.status().waiting).config()
    assert (config.start_from, config.freeze, config.data) == (bundle, True, str(home / "datasets" / "sample"))
    shutil.rmtree(bundle)
    assert "tiny" in said(look_at(app)) and "training.start" not in keys(app)
    assert "Changed under “Advanced”: Start from, Only the last layer learns" in said(app)
    app.button(key="training.reset").click().run()
    assert not app.error and "training.start" in keys(app)


def test_a_leaner_network_is_offered_where_a_deeper_one_is_started_from(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = open_dataset(data).classes
    monkeypatch.setattr(settings, "find_origin", lambda name: Origin("wide_resnet", 48, classes, data))
    for network in ("wide_resnet", "lean_resnet"):
        jobs.start(f"layers:{network}:{len(classes)}:48", lambda told: LAYERS).wait(5)
    app = open_page("training")
    app.session_state["training.start_from"] = "deep"
    choice = look_at(app, "network").radio(key="training.architecture")
    assert (choice.value, choice.options) == ("wide_resnet", ["wide_resnet", "lean_resnet"])
    assert "those of the model it starts from: wide_resnet" in shown(app.info[0].value)
    choice.set_value("lean_resnet").run()
    assert "lean_resnet starts from a wide_resnet and takes over the blocks" in shown(app.info[0].value)
    look_at(app, "start").toggle(key="training.freeze").set_value(True).run()
    assert "lean_resnet lacks blocks of wide_resnet" in said(app) and "training.start_too" not in keys(app)
    look_at(app, "network").radio(key="training.architecture").set_value("wide_resnet").run()  # As it was told.
    assert "lacks blocks" not in said(app) and "training.start_too" in keys(app)


def test_what_is_started_from_is_read_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(settings, "find_origin", lambda name: found.append(name) or Origin("tiny_cnn", 24, (), home))
    card = home / "models" / "mine" / "card.json"
    card.parent.mkdir(parents=True)
    for asked, times in ((str(card.parent), 1), (str(card.parent), 1), ("mine", 2)):
        assert settings.origin(asked).size == 24 and len(found) == times
    card.write_text("{}", encoding="utf-8")
    settings.origin("mine")
    assert len(found) == 3


def test_where_there_is_room_a_second_run_starts(data: Path, busy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("training")
    assert app.button(key="training.start").label == "Add to the queue"
    monkeypatch.setenv("EMOTION_MAX_RUNS", "2")
    assert app.run().button(key="training.start").label == "Start"


def test_the_view_stays_in_another_language_and_on_another_page(data: Path) -> None:
    app = look_at(open_page("training"), "rest")
    app.session_state["app.language"] = "ko"
    assert "training.seed" in {field.key for field in app.run().number_input}
    app.switch_page("pages/dataset.py").run()
    app.session_state["dataset.view"] = "doctor"
    app.run()
    app.session_state["app.language"] = "en"
    assert app.run().session_state["dataset.view"] == "Doctor"
    assert app.switch_page("pages/training.py").run().session_state["training.view"] == "Advanced"


def clicks() -> None:
    import streamlit as st

    from emotion.errors import UserError
    from emotion.ui.training import actions

    def act(wrong: str) -> None:
        if wrong:
            raise UserError("{what} went wrong.", what=wrong)

    if st.session_state.get("page"):  # All of it is drawn, not only the part that draws itself anew.
        actions.say()
    actions.keep_saying()
    for wrong in ("", "It"):
        st.button(wrong or "right", key=f"act{wrong}", on_click=actions.attempt, args=(act, wrong))


def test_what_went_wrong_is_said_until_the_next_click() -> None:
    app = AppTest.from_function(clicks).run()
    app.button(key="actIt").click().run()
    for _look in range(3):
        assert [error.value for error in app.run().error] == ["It went wrong."]
    app.session_state["page"] = True
    assert not app.run().error  # It was said, and something else was done since.
    app.button(key="actIt").click().run()
    assert len(app.error) == 1
    app.session_state["page"] = False
    app.button(key="actIt").click().run()
    app.button(key="act").click().run()
    assert not app.error


def test_the_preview_shows_what_the_sliders_do(data: Path) -> None:
    def picture() -> str:
        return str(app.get("image")[0].proto.imgs[0].url)

    app = look_at(open_page("training"), "images")
    off = picture()
    app.slider(key="training.augment.brightness").set_value(0.5).run()
    bright = picture()
    app.button_group(key="training.preset").set_value("off").run()
    assert picture() == off != bright
    assert app.slider(key="training.augment.brightness").value == 0
    app.button(key="training.redraw").click().run()
    assert picture() not in {off, bright}


QUICK = TrainConfig("", "quick", architecture="tiny_cnn", size=24, batch_size=16)


def test_the_time_is_measured_on_a_click_and_that_can_be_cancelled(data: Path, busy: Run) -> None:
    app = open_page("training")
    assert app.button(key="training.probe").disabled  # Beside a training it would measure too little.
    busy.write_status(Status("finished"))
    app.session_state["training.wanted"] = QUICK
    look_at(app).button(key="training.probe").click().run()
    (job,) = [job for job in jobs.find("probe:") if job.active]
    assert app.get("progress") and "training.probe" not in keys(app)
    app.button(key=f"{job.key}.cancel").click().run()
    assert job.wait(30)
    assert "Cancelled" in app.run().info[0].value
    app.button(key=f"{job.key}.again").click().run()
    assert "training.probe" in keys(app)
    app.button(key="training.fit").click().run()  # To make it fit it must be measured too …
    (job,) = [job for job in jobs.find("probe:") if job.active]
    job.cancel()
    assert job.wait(30)
    app.run()
    assert "training.wish" not in app.session_state  # … and what was cancelled changes nothing later.


def test_a_short_training_is_made_to_fit(data: Path) -> None:
    kept = _file(QUICK, 2)
    kept.parent.mkdir(parents=True)
    write_json(kept, {"training": 25.0, "validation": 1000.0, "overhead": 10.0})  # A slow machine.
    app = open_page("training")
    app.session_state["training.wanted"] = QUICK
    assert "About 5 min on this computer" in said(look_at(app)).replace("*", "")  # 15 epochs of 500 images.
    app.slider(key="training.minutes").set_value(1)
    app.button(key="training.fit").click().run()
    assert "Set: 5 epochs with 249 of 500 images" in said(app)  # (60 - 10) / 5 seconds, less 0.02 for validation.
    assert app.slider(key="training.epochs").value == 5
    assert "249 of 500 training images" in said(app)
    app.slider(key="training.minutes").set_value(60)
    app.button(key="training.fit").click().run()
    assert app.slider(key="training.epochs").value == 15 and "500 training images" in said(app)
    app.button(key="training.again").click().run()
    (job,) = [job for job in jobs.find("probe:") if job.active]
    job.cancel()
    assert job.wait(30) and not kept.exists()


def test_faces_without_labels_are_the_first_to_go_where_time_is_short(data: Path) -> None:
    more = write_faces(data.parent / "more", COUNTS)
    wanted = replace(QUICK, data=str(data), teachers="one", unlabelled=str(more))
    kept = _file(wanted, 2)
    kept.parent.mkdir(parents=True)
    write_json(kept, {"training": 25.0, "validation": 1000.0, "overhead": 10.0})
    app = open_page("training")
    app.session_state["training.wanted"] = wanted
    look_at(app).slider(key="training.minutes").set_value(60)
    app.button(key="training.fit").click().run()
    assert "Set: 15 epochs with 500 of 500 images, about 10 min." in said(app)  # 15 times 1,000 faces, 25 a second.
    assert "left out" not in said(app) and "500 faces without labels" in said(app)
    app.slider(key="training.minutes").set_value(1)
    app.button(key="training.fit").click().run()
    assert "Set: 5 epochs with 249 of 500 images" in said(app) and "faces without labels are left out" in said(app)
    assert "500 faces without labels" not in said(app.run())


def test_the_layers_are_drawn_before_the_training(home: Path) -> None:
    write_faces(home / "datasets" / "three", {split: {"a": 9, "b": 9, "c": 9} for split in ("train", "validation")})
    app = open_page("training")
    app.session_state["training.wanted"] = QUICK
    app = finish_jobs(look_at(app, "network"), 120)
    assert "93,731 parameters" in said(app)  # Of the 94,247 with seven classes, four times 128 weights and a bias less.
    assert app.get("plotly_chart") and len(app.dataframe[0].value) == 17


WRONG = {
    "one class": ({"train": {"only": 4}, "validation": {"only": 2}}, {}, "one class only"),
    "an empty class": ({"train": {"a": 4}, "validation": {"a": 2, "b": 2}}, {}, "No training images of the class b"),
    "nothing to validate on": ({"train": {"a": 1, "b": 1}}, {}, "no images in the split “validation”"),
    "a wrong name": (COUNTS, {"name": "../../elsewhere"}, "Name: expected"),
    "no votes": (COUNTS, {"votes": 0.5}, "has no FER+ votes"),
    "a model that is gone": (COUNTS, {"start_from": "nowhere"}, "nowhere"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_t_be_trained_is_said_instead_of_start(case: str, home: Path) -> None:
    counts, settings, sentence = WRONG[case]
    write_faces(home / "datasets" / "wrong", counts)
    app = open_page("training")
    for field, value in settings.items():
        app.session_state[f"training.{field}"] = value
    look_at(app)
    assert sentence in " ".join(shown(error.value) for error in app.error)
    assert "training.start" not in keys(app)
    look_at(app, "rest")
    assert sentence in shown(app.error[0].value) and "training.start_too" not in keys(app)


@pytest.mark.parametrize(
    ("images", "batch", "sentence"),
    [(2, 64, "only 3 training images"), (20, 64, "only 21 training images"), (99, 16, "Few images"), (1700, 16, "")],
)
def test_what_one_should_know_is_said_beside_start(images: int, batch: int, sentence: str, home: Path) -> None:
    write_faces(home / "datasets" / "few", {"train": {"a": images, "b": 1}, "validation": {"a": 1, "b": 1}}, size=4)
    app = open_page("training")
    app.select_slider(key="training.batch").set_value(batch).run()
    cautions = [text.value for text in app.caption if ":material/info:" in text.value]
    assert len(cautions) == bool(sentence) and sentence in "".join(cautions)
    assert "training.start" in keys(app)


def test_settings_of_a_dataset_that_is_gone_are_filled_in_all_the_same(data: Path) -> None:
    app = open_page("training")
    app.session_state["training.wanted"] = TrainConfig(str(data / "gone"), "n", epochs=3)
    app.run()
    assert not app.exception and "is no folder" in shown(app.warning[0].value)
    assert app.slider(key="training.epochs").value == 3 and "500 training images" in said(app)


def stop(run: Run) -> None:
    """Stop a run and wait for its worker, which would outlive the tests; Keras alone takes some seconds to start."""
    run.request_stop()
    deadline = time.monotonic() + 120
    while run.status().active and time.monotonic() < deadline:
        time.sleep(0.2)
        run.request_stop()  # A worker that begins takes an earlier wish away.
    assert not run.status().active


def test_a_training_is_found_again_and_a_second_one_queues(data: Path) -> None:
    app = open_page("training")
    app.slider(key="training.epochs").set_value(3)
    app.button(key="training.start").click().run()
    assert not app.exception
    (first,) = list_runs()
    try:
        assert first.config().epochs == 3 and first.status().active
        other_browser = open_page("training")
        assert "A training is running" in said(other_browser)
        other_browser.button(key="training.start").click().run()
        second = next(run for run in list_runs() if run.name != first.name)
        assert second.status().waiting
        stop_run(second)
        assert second.status().state == "stopped"
        app.run()
        app.button(key="training.stop").click().run()
        assert first.stop_requested or not first.status().active
    finally:
        stop(first)
    assert first.status().state == "stopped"


def test_a_training_by_votes_says_what_right_means(busy: Run) -> None:
    text = "when label and FER+ votes are mixed"
    assert text not in said(open_page("training"))
    settings = json.loads((busy.path / "config.json").read_text(encoding="utf-8"))
    (busy.path / "config.json").write_text(json.dumps(settings | {"votes": 0.8}), encoding="utf-8")
    assert text in said(open_page("training"))


def test_a_training_says_that_a_video_goes_first(busy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "100")
    said = "Somebody is live in this app."

    def captions() -> str:
        return " ".join(caption.value for caption in open_page("training").caption)

    assert said not in captions()
    PLACES.take(busy)
    try:
        assert said in captions()
    finally:
        PLACES.leave(busy)
