"""Collect, Teach and the game: own faces from video and photos, a model of them in seconds, all gone at a click."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion.cnn.bundle import default_bundle, find_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.dataset.collect import Collection
from emotion.dataset.sample import draw_face
from emotion.haar.photos import astronaut
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.state import LiveSettings
from emotion.live.stream import LiveProcessor
from emotion.live.taking import Snapshot
from emotion.ui.live.game import _Game, _take
from tests.pages.test_dataset import finish_jobs
from tests.pages.test_pages import open_page, shown

SHIPPED = default_bundle(scan_bundles()[0])
EMOTIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def show_view(view: str) -> None:
    """One view of the Live page, with the test's running video if there is one."""
    import importlib

    import streamlit as st

    from emotion.ui import language

    language.follow_session()
    importlib.import_module(f"emotion.ui.live.{view}").show(st.session_state.get("test.processor"))


def open_view(view: str, processor: LiveProcessor | None = None, language: str = "en") -> AppTest:
    app = AppTest.from_function(show_view, default_timeout=60, args=(view,))
    app.session_state["app.language"] = language
    app.session_state["test.processor"] = processor
    return settle(app)


def settle(app: AppTest) -> AppTest:
    finish_jobs(app.run())
    assert not app.exception and not app.error, [box.value for box in app.error]
    return app


def said(app: AppTest) -> str:
    boxes = (*app.markdown, *app.caption, *app.info, *app.warning, *app.success, *app.error)
    return "\n".join(shown(box.value) for box in boxes)


def snapshot(face: np.ndarray, happy: float = 0.9) -> Snapshot:
    """A frame that is one face, for which the model that ships has an answer."""
    bgr = cv2.cvtColor(face, cv2.COLOR_GRAY2BGR)
    shares = np.full(7, (1 - happy) / 6)
    shares[EMOTIONS.index("happy")] = happy
    box = np.array([0, 0, *face.shape[::-1]], np.float32)
    return Snapshot(bgr, bgr, FrameResult((Face(box, 0, {SHIPPED.card.name: Prediction(EMOTIONS, shares)}),)))


def play(processor: LiveProcessor, key: str, seconds: np.ndarray | list[float]) -> None:
    """Frames of drawn faces at these times."""
    for second in seconds:
        face = cv2.resize(draw_face(key, np.random.default_rng(int(second * 100))), (112, 112))
        processor.takers.take(snapshot(face), second)


@pytest.fixture
def camera() -> Iterator[LiveProcessor]:
    processor = LiveProcessor()
    play(processor, "neutral", [0.0])
    yield processor
    processor.ended()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The views' own clock, to be put forward by so many seconds."""
    now = [100.0]
    for module in ("teach", "game"):
        monkeypatch.setattr(f"emotion.ui.live.{module}.monotonic", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def agree(app: AppTest, key: str) -> AppTest:
    next(box for box in app.checkbox if str(box.key).startswith(f"{key}.consent")).check()
    return settle(app)


def photo(gray: np.ndarray, name: str = "me.png") -> tuple[str, bytes, str]:
    return name, cv2.imencode(".png", gray)[1].tobytes(), "image/png"


def upload(app: AppTest, key: str, files: list[tuple[str, bytes, str]]) -> AppTest:
    box = next(box for box in app.file_uploader if str(box.key).startswith(f"{key}.upload"))
    box.set_value(files)
    return settle(app)


def counts(app: AppTest) -> list[str]:
    return [text.value for text in app.markdown if " · " in text.value]


def test_without_consent_there_is_nothing_to_press(home: Path) -> None:
    app = open_view("collect")
    assert not app.file_uploader and "They would be kept in" in said(app) and str(home / "datasets") in said(app)
    agree(app, "live.collect")
    assert "Kept in" in said(app) and counts(app) == ["**glasses** · 0", "**no glasses** · 0"]
    assert app.button(key="live.collect.my faces.glasses.shots.False").disabled  # No video runs.
    assert "Press START" in app.info[0].value


def test_a_model_of_ones_own_from_photos(home: Path) -> None:
    app = agree(open_view("collect"), "live.collect")
    for label, emotion in (("glasses", "happy"), ("no glasses", "surprise")):
        faces = [photo(draw_face(emotion, np.random.default_rng(n)), f"{n}.png") for n in range(6)]
        upload(app, f"live.collect.my faces.{label}", faces)
    assert counts(app) == ["**glasses** · 6", "**no glasses** · 6"]
    app.button(key="live.collect.fit").click()
    settle(app)
    assert (home / "models" / "my faces" / "head.npz").exists()
    assert app.session_state["app.published"] == "my faces"
    assert app.session_state["live.wanted"] == [str(home / "models" / "my faces")]
    assert "n=" not in said(app) and "on 12 images" in said(app) and app.metric[0].label == "Right on faces left out"
    app.button(key="live.collect.my faces.glasses.remove").click()
    settle(app)
    assert counts(app)[0] == "**glasses** · 5" and "on 12 images" in said(app)
    app.button(key="live.collect.fit").click()
    assert "always answered “no glasses” would be right 55% of the time." in said(settle(app))  # 6 of 11.
    assert "on 11 images" in said(app) and len(list((home / "models").iterdir())) == 1


def test_a_photo_gives_its_face_and_one_without_a_face_is_named(home: Path) -> None:
    app = agree(open_view("collect"), "live.collect")
    bytes_of = cv2.imencode(".png", astronaut())[1].tobytes()
    wall = photo(np.full((300, 300), 90, np.uint8), "wall.png")
    dot = photo(np.full((1, 30), 90, np.uint8), "dot.png")
    app = upload(app, "live.collect.my faces.glasses", [("astronaut.png", bytes_of, "image/png"), wall, dot])
    assert "No face was found in wall.png" in said(app)
    assert "dot.png is 30 × 1 pixels: too small for a face" in said(app) and counts(app)[0] == "**glasses** · 1"
    (kept,) = Collection("my faces").images("glasses")
    assert cv2.imread(str(kept), cv2.IMREAD_UNCHANGED).shape == (112, 112)


def test_ten_shots_of_the_video(home: Path, camera: LiveProcessor) -> None:
    app = agree(open_view("collect", camera), "live.collect")
    app.button(key="live.collect.my faces.glasses.shots.False").click()
    settle(app)
    assert app.button(key="live.collect.my faces.no glasses.shots.False").disabled
    assert app.button(key="live.collect.fit").disabled
    play(camera, "happy", np.arange(1, 5, 0.05))
    settle(app)
    assert counts(app) == ["**glasses** · 10", "**no glasses** · 0"]
    assert not app.button(key="live.collect.my faces.no glasses.shots.False").disabled


def test_shots_until_stop(home: Path, camera: LiveProcessor) -> None:
    app = agree(open_view("collect", camera), "live.collect")
    app.button(key="live.collect.my faces.glasses.shots.True").click()
    settle(app)
    play(camera, "happy", np.arange(1, 7, 0.1))
    settle(app)
    taken = int(counts(app)[0].split()[-1])
    assert 15 <= taken <= 20
    play(camera, "happy", [7.5])
    app.button(key="live.collect.my faces.glasses.stop").click()
    assert counts(settle(app))[0] == f"**glasses** · {taken + 1}"  # What came before the click is kept.
    play(camera, "happy", np.arange(8, 12, 0.1))
    assert counts(settle(app))[0] == f"**glasses** · {taken + 1}" and "live.collect.shooting" not in app.session_state


def test_stop_before_the_first_shot_makes_no_class(home: Path, camera: LiveProcessor) -> None:
    app = agree(open_view("collect", camera), "live.collect")
    app.button(key="live.collect.my faces.glasses.shots.True").click()
    settle(app)
    app.button(key="live.collect.my faces.glasses.stop").click()
    assert counts(settle(app))[0] == "**glasses** · 0" and Collection("my faces").counts() == {}


def test_shots_end_where_their_dataset_is_left(home: Path, camera: LiveProcessor) -> None:
    other = Collection("other")
    other.agree()
    app = agree(open_view("collect", camera), "live.collect")

    def shoot(start: float) -> None:
        app.button(key="live.collect.my faces.glasses.shots.True").click()
        settle(app)
        assert app.button(key="live.collect.my faces.glasses.drop").disabled
        play(camera, "happy", [start, start + 0.5])

    shoot(1.0)
    app.selectbox(key="live.collect").set_value("other")
    settle(app)
    play(camera, "happy", np.arange(3, 5, 0.1))
    settle(app)
    assert other.counts() == {} and "live.collect.shooting" not in app.session_state
    assert camera.takers.burst() == ([], False)
    app.selectbox(key="live.collect").set_value("my faces")
    settle(app)
    shoot(6.0)
    app.button(key="live.collect.delete").click()
    settle(app)
    play(camera, "happy", np.arange(8, 10, 0.1))
    assert camera.takers.burst() == ([], False) and not (home / "datasets" / "my faces").exists()


def test_the_guided_minute_ends_where_its_dataset_is_left(
    home: Path, camera: LiveProcessor, clock: Callable[[float], None]
) -> None:
    other = Collection("other")
    other.agree()
    app = agree(open_view("teach", camera), "live.teach")
    app.button(key="live.teach.start").click().run()
    clock(3.1)
    app.run()
    play(camera, "angry", [5.0, 5.5])
    app.selectbox(key="live.teach").set_value("other")
    settle(app)
    play(camera, "angry", [6.0, 6.5])
    assert other.counts() == {} and camera.takers.burst() == ([], False)


def test_classes_come_go_and_get_other_names(home: Path) -> None:
    app = agree(open_view("collect"), "live.collect")
    upload(app, "live.collect.my faces.glasses", [photo(draw_face("sad", np.random.default_rng(1)))])
    app.text_input(key="live.collect.new").set_value("  hat / cap ")
    app.button(key="live.collect.append").click()
    settle(app)
    assert counts(app)[-1] == "**hat cap** · 0"
    app.text_input(key="live.collect.my faces.glasses.name").set_value("안경")
    app.button(key="live.collect.my faces.glasses.rename").click()
    settle(app)
    assert counts(app)[0] == "**안경** · 1" and Collection("my faces").counts() == {"안경": 1}
    app.text_input(key="live.collect.new").set_value("안경")
    app.button(key="live.collect.append").click()
    assert "There is a class 안경 already" in said(settle(app))
    app.button(key="live.collect.my faces.hat cap.drop").click()
    assert [line.split(" · ")[0] for line in counts(settle(app))] == ["**안경**", "**no glasses**"]


def pictures(home: Path) -> list[str]:
    """The images below a folder of which some may be on their way out."""
    return [name for _folder, _folders, names in os.walk(home) for name in names if name.endswith(".png")]


def test_delete_all_deletes_all(home: Path) -> None:
    app = agree(open_view("collect"), "live.collect")
    upload(app, "live.collect.my faces.glasses", [photo(draw_face("sad", np.random.default_rng(1)))])
    app.button(key="live.collect.delete").click()
    settle(app)
    assert "my faces” are deleted" in app.toast[0].value
    assert not app.checkbox[0].value and not app.file_uploader
    deadline = time.monotonic() + 10
    while pictures(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not pictures(home)


def test_a_name_that_is_taken_gets_a_sentence(home: Path) -> None:
    (home / "datasets" / "fer").mkdir(parents=True)
    app = open_view("collect")
    app.text_input(key="live.collect.name").set_value("fer").run()
    assert "There is another dataset called fer" in shown(app.error[0].value) and not app.checkbox


def test_the_taught_model_runs_beside_the_one_that_was_taught(home: Path) -> None:
    collection = Collection("my emotions")
    collection.agree()
    for emotion in ("happy", "surprise"):
        collection.add(emotion, [draw_face(emotion, np.random.default_rng(n)) for n in range(4)])
    app = open_page("live")
    app.session_state["live.view"], app.session_state["live.mine.view"] = "mine", "teach"
    settle(app)
    app.button(key="live.teach.fit").click()
    settle(app)
    taught = str(home / "models" / "my emotions")
    assert app.session_state["live.models"] == [str(SHIPPED.path), taught]
    app.session_state["live.models"] = [taught]
    assert settle(app).session_state["live.models"] == [taught]  # Chosen once: what the reader chooses stays.


def test_training_in_full_is_one_click_further(home: Path) -> None:
    collection = Collection("mine")
    collection.agree()
    for label in ("a", "b"):
        collection.add(label, [np.full((112, 112), 60 + n, np.uint8) for n in range(6)])
    app = open_page("live")
    app.session_state["live.view"] = "mine"
    app.session_state["live.collect"] = "mine"
    settle(app)
    app.button(key="live.collect.train").click()
    settle(app)
    assert app.title[0].value == "Train the network"
    assert app.selectbox(key="training.dataset").value == collection.root
    assert app.session_state["training.start_from"] == str(SHIPPED.path)
    assert (
        app.select_slider(key="training.batch").value == 2
    )  # A quarter of ten training images: several steps an epoch.


def test_the_guided_minute(home: Path, camera: LiveProcessor, clock: Callable[[float], None]) -> None:
    app = agree(open_view("teach", camera), "live.teach")
    app.button(key="live.teach.start").click()
    start = 10.0
    for emotion in EMOTIONS:
        assert "Get ready" in " ".join(bar.proto.text for bar in app.run().get("progress"))
        clock(3.1)
        app.run()
        play(camera, emotion, np.arange(start, start + 6, 0.1))
        start += 10
        app.run()
    assert not app.exception
    settle(app)
    assert Collection("my emotions").counts() == dict.fromkeys(EMOTIONS, 10)
    assert [metric.label for metric in app.metric] == ["Before", "After"] and "on 70 images" in said(app)
    assert app.session_state["live.wanted"] == [str(SHIPPED.path), str(home / "models" / "my emotions")]


def test_nobody_in_front_of_the_camera(home: Path, camera: LiveProcessor, clock: Callable[[float], None]) -> None:
    app = agree(open_view("teach", camera), "live.teach")
    app.button(key="live.teach.start").click().run()
    clock(3.1)
    app.run()
    clock(3.0)
    assert "No face in view" in " ".join(bar.proto.text for bar in app.run().get("progress"))
    clock(10.0)
    app.run()
    assert "Disgust" in said(app)
    app.button(key="live.teach.stop").click().run()
    assert (
        not app.exception and Collection("my emotions").counts() == {} and "live.teach.lesson" not in app.session_state
    )


def test_teach_with_photos_in_korean(home: Path) -> None:
    app = agree(open_view("teach", language="ko"), "live.teach")
    for emotion in ("happy", "surprise"):
        app.button_group(key="live.teach.emotion").set_value(emotion)
        faces = [photo(draw_face(emotion, np.random.default_rng(n)), f"{n}.png") for n in range(4)]
        upload(settle(app), "live.teach.photos", faces)
    app.button(key="live.teach.fit").click()
    settle(app)
    assert len(app.metric) == 2
    assert len(list((home / "models").rglob("head.npz"))) == 1


def test_a_game_with_the_video(camera: LiveProcessor, clock: Callable[[float], None]) -> None:
    camera.configure(LiveSettings((Classifier(SHIPPED),)))
    app = open_view("game", camera)
    assert "is the judge" not in said(app)
    app.button(key="live.game.start").click().run()
    targets = app.session_state["live.game"].targets
    for _ in targets:
        for pause in (1.0, 2.5, 1.0, 1.0, 2.0):
            clock(pause)
            app.run()
    assert not app.exception
    happy = targets.count("happy")
    expected = happy * 90 + (10 - happy) * 2  # The others share the last tenth.
    assert app.metric[0].value == f"{expected} / 1000" and app.get("plotly_chart")
    app.button(key="live.game.start").click().run()
    assert not app.exception and "Round 1 of 10" in said(app)
    app.button(key="live.game.stop").click().run()
    assert "live.game" not in app.session_state


def test_who_walks_away_from_the_game_gets_no_points(camera: LiveProcessor, clock: Callable[[float], None]) -> None:
    camera.configure(LiveSettings((Classifier(SHIPPED),)))
    app = open_view("game", camera)
    app.button(key="live.game.start").click().run()
    clock(3.5)
    app.run()
    wall = np.zeros((48, 64, 3), np.uint8)
    camera.takers.take(Snapshot(wall, wall, FrameResult()), 99.0)
    for _ in range(5):
        clock(0.8)
        app.run()
    (made,) = app.session_state["live.game"].done
    assert len(made.shares) > 3 and not any(made.shares[1:]) and made.score <= 15


def test_a_game_with_photos_keeps_nothing(home: Path) -> None:
    before = sorted(home.rglob("*"))
    app = open_view("game")
    app.button(key="live.game.start").click().run()
    for number in range(10):
        app.button(key=f"live.game.take.{number}").click()
        settle(app)
    points = int(app.metric[0].value.split(" / ")[0])
    assert 0 < points < 1000 and sorted(home.rglob("*")) == before


def test_a_click_on_a_round_that_is_over_counts_nothing() -> None:
    game = _Game(("happy", "sad"), 0.0)
    made = game.current()
    for _ in range(2):  # The second click comes before the page is drawn anew, and so with what stood there.
        _take(game, made, 0.5, np.zeros((48, 48), np.uint8))
    assert game.done == [made] and game.current().target == "sad" and made.shares == [0.5]


def test_of_several_models_the_first_that_knows_the_emotions_is_the_judge(camera: LiveProcessor) -> None:
    camera.configure(LiveSettings((Classifier(find_bundle("age")), Classifier(SHIPPED))))
    app = open_view("game", camera)
    app.button(key="live.game.start").click().run()
    assert f"{SHIPPED.card.name} is the judge." in said(app)


def test_a_game_needs_a_judge(camera: LiveProcessor) -> None:
    assert "it is the judge" in said(open_view("game", camera))
