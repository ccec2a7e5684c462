"""The Live page without a browser: what is offered, what is preselected, what is said when something is missing."""

import json
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.cnn.bundle import CARD
from emotion.errors import UserError
from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY
from emotion.live.clip import clip_frame
from emotion.live.faces import Face, FrameResult
from emotion.live.recorder import Mp4Writer
from emotion.live.settings import Look
from emotion.live.stream import LiveProcessor, LiveStats
from emotion.live.taking import Snapshot
from emotion.ui.live import collect


@pytest.fixture
def page(home, monkeypatch):
    """The page on an empty home and without shipped models; call it to open it."""
    monkeypatch.setattr("emotion.cnn.bundle.models_folders", lambda: [home / "models"])

    def open_page(**state):
        app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
        for key, value in state.items():
            app.session_state[key.replace("__", ".")] = value
        app.run()
        app.switch_page("pages/live.py").run()
        assert not app.exception
        return app

    return open_page


@pytest.fixture
def put_bundle(home, trained):
    """Copy the trained bundle into the home under a name, with some of its card's values changed."""

    def put(name, /, **changes):
        folder = Path(shutil.copytree(trained / "models" / "tiny", home / "models" / name))
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        (folder / CARD).write_text(json.dumps(card | {"name": name} | changes), encoding="utf-8")
        return str(folder.resolve())

    return put


def texts(elements):
    return " ".join(str(element.value) for element in elements)


def settings_of(app):
    return app.session_state["live.processor.camera"].settings


def names(app):
    return [each.bundle.card.name for each in settings_of(app).classifiers]


def test_without_a_model_faces_are_found_and_the_way_to_one_is_told(page):
    app = page()
    assert app.title[0].value == "Live"
    assert "Train one: it appears here by itself." in texts(app.info)
    assert app.multiselect("live.models").value == []


def test_a_model_trained_on_drawn_faces_is_never_preselected(page, put_bundle):
    drawn = put_bundle("drawn", synthetic=True)
    app = page()
    assert app.multiselect("live.models").value == []
    assert any("drawn faces" in option for option in app.multiselect("live.models").options)
    app.multiselect("live.models").set_value([drawn]).run()
    assert not app.exception
    assert settings_of(app).notes == {"drawn": "trained on drawn faces"}
    assert names(app) == ["drawn"]


def test_the_default_is_what_ships_and_then_what_was_just_trained(page, put_bundle):
    mine = put_bundle("mine", synthetic=True)
    deck = put_bundle("emotion-deck", synthetic=False)
    assert page().multiselect("live.models").value == [deck]
    best = put_bundle("emotion", synthetic=False)
    assert page().multiselect("live.models").value == [best]
    assert page(app__published="mine").multiselect("live.models").value == [mine]


def test_what_was_trained_a_minute_ago_is_offered_without_a_restart(page, put_bundle):
    app = page()
    newest = put_bundle("newest", synthetic=False)
    app.run()
    app.multiselect("live.models").set_value([newest]).run()
    assert names(app) == ["newest"]


def test_a_choice_survives_the_other_pages_until_a_new_model_is_published(page, put_bundle):
    deck = put_bundle("emotion-deck", synthetic=False)
    mine, newer = put_bundle("mine"), put_bundle("newer")
    app = page()
    app.multiselect("live.models").set_value([mine, deck]).run()
    app.segmented_control("live.source").set_value("clip").run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/live.py").run()
    assert app.multiselect("live.models").value == [mine, deck]
    assert app.segmented_control("live.source").value == "clip"

    app.switch_page("pages/home.py").run()
    app.session_state["app.published"] = "newer"
    app.switch_page("pages/live.py").run()
    assert app.multiselect("live.models").value == [newer]
    app.multiselect("live.models").set_value([]).run()
    assert app.multiselect("live.models").value == []  # Preselected once, not for ever.


def test_another_view_may_ask_for_models(page, put_bundle):
    deck, mine = put_bundle("emotion-deck", synthetic=False), put_bundle("mine")
    app = page()
    app.session_state["live.wanted"] = [deck, mine]
    app.run()
    assert names(app) == ["emotion-deck", "mine"]


def test_a_chosen_model_that_is_gone_gives_way(page, put_bundle):
    deck = put_bundle("emotion-deck", synthetic=False)
    mine = put_bundle("mine")
    app = page()
    app.multiselect("live.models").set_value([mine]).run()
    app.switch_page("pages/home.py").run()
    shutil.rmtree(mine)
    app.switch_page("pages/live.py").run()
    assert not app.exception
    assert app.multiselect("live.models").value == [deck]


def test_two_models_of_one_name_cannot_be_told_apart(page, put_bundle):
    first, second = put_bundle("first"), put_bundle("second", name="first")
    app = page()
    app.multiselect("live.models").set_value([first, second]).run()
    assert "Two of the models are called first" in texts(app.warning)
    assert len(settings_of(app).classifiers) == 1


def test_an_error_of_the_video_is_shown_in_the_reader_s_language(page, monkeypatch):
    stats = LiveStats(
        processed=3, errors=2, last_error=UserError("{path} is damaged ({reason}).", path="x", reason="y")
    )
    monkeypatch.setattr("emotion.live.stream.LiveProcessor.stats", lambda self: stats)
    assert "2 frames could not be processed: x is damaged (y)." in texts(page().error)
    shown = texts(page(app__language="ko").error)
    assert "x 파일이 손상되었어요" in shown and "UserError" not in shown and "is damaged" not in shown


def test_a_model_s_problem_and_a_polite_wait_are_told(page, monkeypatch):
    stats = LiveStats(refused=True, problems={"mine": UserError("{path} is damaged ({reason}).", path="x", reason="y")})
    monkeypatch.setattr("emotion.live.stream.LiveProcessor.stats", lambda self: stats)
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "3")
    app = page()
    assert "All places are taken (3 of 3)" in texts(app.info)
    assert "**mine** · x is damaged (y)." in texts(app.warning)


def test_a_broken_bundle_is_skipped_with_a_sentence(page, put_bundle):
    good = put_bundle("emotion-deck", synthetic=False)
    card = Path(put_bundle("broken")) / CARD
    card.write_text("{", encoding="utf-8")
    app = page()
    assert app.multiselect("live.models").value == [good]
    assert "broken" in texts(app.warning)


def test_a_bundle_with_a_damaged_network_is_named_and_the_page_goes_on(page, put_bundle):
    folder = Path(put_bundle("emotion-deck", synthetic=False))
    (folder / "model.tflite").write_bytes(b"nothing")
    app = page()
    assert "is not the file its card describes" in texts(app.error)
    assert names(app) == []


def test_the_clip_needs_no_camera(page):
    app = page()
    app.segmented_control("live.source").set_value("clip").run()
    assert not app.exception
    assert "live.processor.clip" in app.session_state


def test_the_language_reaches_the_video(page):
    assert settings_of(page(app__language="ko")).language == "ko"


def test_the_open_tabs_stay_in_the_other_language(page):
    app = page(live__beside__view="settings", live__below__view="code")
    app.session_state["app.language"] = "ko"
    app.run()
    assert not app.exception and app.slider("live.smoothing").value >= 0
    assert app.session_state["live.below.last"] == "code"
    app.segmented_control("live.view").set_value("mine").run()
    app.session_state["live.mine.view"] = "teach"
    app.run()
    app.session_state["app.language"] = "en"
    app.run()
    assert not app.exception and app.session_state["live.mine.last"] == "teach"


def test_every_knob_reaches_the_running_processor_and_stays(page):
    app = page(live__beside__view="settings")
    processor = app.session_state["live.processor.camera"]
    app.slider("live.smoothing").set_value(0.0)
    app.slider("live.scale_factor").set_value(1.5)
    app.slider("live.min_neighbors").set_value(3)
    app.slider("live.min_size").set_value(30)
    app.slider("live.unsure_below").set_value(0.5)
    app.selectbox("live.cascade").set_value("frontalface_alt2")
    for name in ("mirror", "blur", "bars"):
        app.toggle(f"live.{name}").set_value(True)
    app.run()
    # Out of sight, on another view and on another page, they stay as they are.
    app.segmented_control("live.view").set_value("mine").run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/live.py").run()
    assert app.session_state["live.processor.camera"] is processor
    chosen = processor.settings
    assert chosen.scan == (1.5, 3, (30, 30)) and chosen.cascade == "frontalface_alt2"
    assert (chosen.pipeline.smoothing, chosen.pipeline.unsure_below) == (0, 0.5)
    assert chosen.look == Look(mirror=True, blur=True, bars=True)

    app.segmented_control("live.view").set_value("camera").run()
    app.button("live.defaults").click().run()
    assert processor.settings == LiveProcessor().settings


def test_the_course_s_loop_has_its_own_values(page):
    app = page(live__beside__view="settings")
    app.segmented_control("live.mode").set_value("deck").run()
    assert settings_of(app).pipeline.mode == "deck"
    assert app.slider("live.scale_factor").disabled
    assert "scaleFactor 1.5, minNeighbors 5, minSize 30" in texts(app.caption)


def test_wrong_servers_are_named(page, monkeypatch):
    monkeypatch.setenv("EMOTION_TURN_URLS", "turn:example.org:3478")
    assert "no user and password" in texts(page().error)


def test_a_snapshot_goes_to_the_evaluation_page(page):
    bgr = clip_frame(0)
    app = page(live__snapshot=Snapshot(bgr, bgr.copy(), FrameResult()))
    app.button("live.test").click().run()
    assert not app.exception
    assert app.title[0].value == "Test the network"
    assert app.session_state["evaluation.picture"] is bgr


def test_what_was_recorded_when_the_video_ended_can_be_fetched(page):
    processor = LiveProcessor()
    processor.takers.start_recording()
    processor.takers.start_log()
    folder = processor.takers.recording.path.parent
    for number in range(4):
        processor.takers.take(Snapshot(clip_frame(0), clip_frame(0), one_face()), number / 10)
    processor.ended()
    app = page(**{"live__processor.camera": processor})
    assert app.session_state["live.recording"][4:8] == b"ftyp"
    assert app.session_state["live.log"].decode("utf-8-sig").count("\n") == 5  # The head and four rows.
    labels = [button.label for button in app.get("download_button")]
    assert "Download the log (4 rows)" in labels and any("recording" in label for label in labels)
    assert processor.takers.recording is None and processor.takers.log_rows() is None
    app.button("live.recording.discard").click().run()
    assert "live.recording" not in app.session_state
    assert not folder.exists()


@pytest.mark.parametrize("view", ["mine", "game", "files"])
def test_what_was_recorded_is_fetched_in_every_view(page, view):
    processor = LiveProcessor()
    processor.takers.start_log()
    processor.takers.take(Snapshot(clip_frame(0), clip_frame(0), one_face()), 0.0)
    processor.ended()
    app = page(**{"live__processor.clip": processor}, live__view=view)
    assert app.session_state["live.log"].decode("utf-8-sig").count("\n") == 2


def test_shots_end_with_their_view(page):
    processor = LiveProcessor()
    for view, tab in (("game", ""), ("camera", ""), ("mine", "Teach it my face")):
        processor.takers.start_burst(100)
        shooting = collect._Shooting(processor.takers, Path("somewhere"), "glasses")
        app = page(**{"live__collect.shooting": shooting}, live__view=view, live__mine=tab or "My own classes")
        assert "live.collect.shooting" not in app.session_state
        assert processor.takers.burst() == ([], False)
    processor.ended()


def one_face():
    return FrameResult((Face(np.array([10, 10, 50, 50]), 0),))


def test_a_photo_goes_through_the_same_pipeline(page, put_bundle):
    put_bundle("emotion-deck", synthetic=False)
    app = page(live__view="files")
    assert not app.exception
    (read,) = app.session_state["live.photos.read"].values()
    assert list(read.found.largest.predictions) == ["emotion-deck"]
    assert "**emotion\\-deck**" in texts(app.markdown)
    before = read.jpeg
    app.toggle("live.blur").set_value(True).run()
    (read,) = app.session_state["live.photos.read"].values()
    assert read.jpeg != before


def test_several_photos_and_one_that_is_none(page):
    app = page(live__view="files", live__kind="photos")
    data = cv2.imencode(".jpg", astronaut())[1].tobytes()
    files = [("우주인.jpg", data, "image/jpeg"), ("no.png", b"no image", "image/png"), ("b.png", data, "image/png")]
    app.file_uploader("live.photos").set_value(files).run()
    assert not app.exception
    assert "no.png is no readable image" in texts(app.warning).replace("\\", "")
    assert "**우주인\\.jpg**" in texts(app.markdown)
    kept = app.session_state["live.photos.read"]
    assert len(kept) == 3  # One for each upload, the one that is none too.
    app.run()
    assert app.session_state["live.photos.read"] == kept  # None is read again.


@pytest.fixture
def film(tmp_path):
    """A small film with a face, as bytes."""
    path = tmp_path / "film.mp4"
    writer = Mp4Writer(path)
    for number in range(12):
        writer.write(clip_frame(number / 12, 320, 240), number / 12)
    writer.close()
    return path.read_bytes()


def read_film(page, name, film):
    app = page(live__view="files", live__kind="video")
    app.file_uploader("live.video").set_value((name, film, "video/mp4")).run()
    app.button("live.video.start").click().run()
    for job in jobs.find("live.video."):
        assert job.wait(60)
    app.run()
    return app


def test_a_video_file_is_read_shown_and_gone(page, film):
    app = read_film(page, "내 영상.mp4", film)
    assert not app.exception and not app.error
    made = app.session_state["live.film"]
    assert made.report.summary.frames == 12 and made.report.summary.with_faces == 12
    with av.open(str(made.mp4)) as container:
        assert len(list(container.decode(video=0))) == 12
    assert made.table.read_text(encoding="utf-8-sig").count("\n") == 13
    assert sorted(path.name for path in made.folder.rglob("*.*")) == ["emotion.csv", "emotion.mp4"]
    assert not jobs.find("live.video.")  # Nobody else's to find.
    folder = made.folder
    del made
    app.button("live.film.discard").click().run()
    assert not folder.exists()


def test_a_film_may_have_the_name_of_the_app_s_own(page, film):
    app = read_film(page, "emotion.mp4", film)
    assert not app.exception and "broken" not in " ".join(box.value for box in app.info)
    assert app.session_state["live.film"].mp4.exists() and app.button("live.film.discard")


def test_a_file_that_is_no_video_gets_a_sentence(page):
    app = page(live__view="files", live__kind="video")
    app.file_uploader("live.video").set_value(("notes.mp4", b"no video", "video/mp4")).run()
    app.button("live.video.start").click().run()
    for job in jobs.find("live.video."):
        assert job.wait(60)
    app.run()
    assert not app.exception
    assert "notes.mp4 can't be opened as a video" in texts(app.error).replace("\\", "")


@pytest.mark.parametrize("view", ["camera", "files", "mine", "game"])
def test_another_page_may_ask_for_a_view(page, view):
    app = page(live__view=view)
    assert app.segmented_control("live.view").value == view
    app.segmented_control("live.view").set_value("camera").run()
    assert not app.exception
