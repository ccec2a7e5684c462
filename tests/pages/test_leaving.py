"""Nothing that a person showed the Live page stays on the disk once the browser has gone; what was agreed to does."""

import threading
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from streamlit.runtime.caching import clear_session_data_cache, clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.cnn.bundle import find_bundle
from emotion.cnn.classifier import Classifier
from emotion.dataset.collect import Collection
from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY
from emotion.live.clip import clip_frame
from emotion.live.faces import Face, FrameResult
from emotion.live.stream import LiveProcessor, LiveSettings
from emotion.live.taking import Snapshot
from tests.conftest import wait_for
from tests.live.test_video import write_film
from tests.pages.conftest import open_files
from tests.pages.test_dataset import finish_jobs

JPEG = cv2.imencode(".jpg", astronaut())[1].tobytes()
SESSION = "test session id"  # AppTest's.


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    return tmp_path / "temp"


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The browser goes, for so many seconds before it is taken to be gone for good."""

    def leave(seconds: float) -> None:
        monkeypatch.setattr("emotion.ui.leaving._AWAY", seconds)
        clear_session_data_cache(SESSION)  # What Streamlit does when a connection ends.
        clear_session_resource_cache(SESSION)

    yield leave
    leave(0)


def files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def begin_film(app: AppTest, film: Path) -> None:
    app.file_uploader("live.video").set_value(("film.mp4", film.read_bytes(), "video/mp4")).run()
    app.button("live.video.start").click().run()


def read_film(app: AppTest, film: Path) -> None:
    begin_film(app, film)
    for job in jobs.find("live.video."):
        assert job.wait(60)
    app.run()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mp4", np.arange(10) / 25)


def test_photos_never_touch_the_disk(home: Path, temp: Path) -> None:
    before = files(home)
    app = open_files("photo")
    app.file_uploader("live.photo.upload").set_value(("me.jpg", JPEG, "image/jpeg")).run()
    app.segmented_control("live.kind").set_value("photos").run()
    app.file_uploader("live.photos").set_value([("a.jpg", JPEG, "image/jpeg"), ("b.jpg", JPEG, "image/jpeg")]).run()
    assert not app.exception and app.session_state["live.photos.read"]
    assert files(home, temp) == before


def test_a_film_goes_with_its_session(home: Path, temp: Path, film: Path, away: Callable[[float], None]) -> None:
    app = open_files("video")
    read_film(app, film)
    assert sorted(path.name for path in files(temp)) == ["emotion.csv", "emotion.mp4"]  # The upload is gone by now.
    away(0.01)
    wait_for(lambda: not list(temp.iterdir()))
    assert not files(home)
    app.run()  # Whoever comes back all the same is told.
    assert not app.exception and "the film was deleted" in app.info[0].value
    app.run()
    assert not app.info and not app.exception


def test_who_comes_back_in_time_finds_the_film(temp: Path, film: Path, away: Callable[[float], None]) -> None:
    app = open_files("video")
    read_film(app, film)
    away(4)
    waiting = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert waiting
    app.run()
    wait_for(lambda: not any(thread.is_alive() for thread in waiting))
    assert app.session_state["live.film"].mp4.exists() and not app.info


def test_work_on_a_film_ends_when_its_person_has_gone(
    temp: Path, tmp_path: Path, away: Callable[[float], None]
) -> None:
    app = open_files("video")
    begin_film(app, write_film(tmp_path / "long.mp4", np.arange(600) / 25, sound=None))
    (job,) = jobs.find("live.video.")
    assert job.active and files(temp)
    away(0.01)
    assert job.wait(60) and job.cancelled
    wait_for(lambda: not list(temp.iterdir()) and not jobs.find("live.video."))


def test_scans_and_photos_on_the_haar_page_go_with_their_session(away: Callable[[float], None]) -> None:
    page = AppTest.from_file(str(REPOSITORY / "pages" / "haar.py"), default_timeout=60)
    page.session_state["haar.view"], page.session_state["haar.measure.way"] = "detector", "own"
    finish_jobs(page.run())
    page.file_uploader("haar.measure.photos").set_value([("me.jpg", JPEG, "image/jpeg")]).run()
    finish_jobs(page)
    kinds = "haar.scan.detector", "haar.candidates"
    mine = [f"{kind}:{page.session_state['haar.reader']}:" for kind in kinds]
    assert [len(jobs.find(prefix)) for prefix in mine] == [1, 1]
    page.slider(key="haar.scale_factor").set_value(1.4).run()
    finish_jobs(page)
    assert [len(jobs.find(prefix)) for prefix in mine] == [1, 1]  # The last scan alone.
    away(0.01)
    wait_for(lambda: not any(jobs.find(prefix) for prefix in mine))


def test_what_a_video_leaves_behind_is_in_memory_alone(home: Path, temp: Path) -> None:
    processor = LiveProcessor()
    processor.takers.start_recording()
    processor.takers.start_log()
    face = FrameResult((Face(np.array([177, 66, 271, 160]), 0),))
    for number in range(8):
        processor.takers.take(Snapshot(astronaut(), astronaut(), face), number / 10)
    wait_for(lambda: bool(files(temp)))  # The recording, while it is made.
    processor.ended()  # Its tab was closed.
    wait_for(lambda: not list(temp.iterdir()))
    assert not files(home)
    assert processor.takers.stop_recording() and processor.takers.stop_log()


def test_a_video_that_nobody_records_is_written_nowhere(home: Path, temp: Path) -> None:
    processor = LiveProcessor(LiveSettings((Classifier(find_bundle("emotion-deck")),)))
    processor.takers.start_log()
    for number in range(40):
        processor.recv(av.VideoFrame.from_ndarray(clip_frame(number / 10), format="bgr24"))
        assert not files(home, temp)
    assert processor.stats().faces == 1 and processor.takers.log_rows()
    processor.ended()
    assert not files(home, temp)


def test_faces_are_kept_with_consent_alone_and_go_at_a_click(home: Path, temp: Path) -> None:
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    app.session_state["live.view"] = "mine"
    app.run()
    app.switch_page("pages/live.py").run()
    name = str(app.text_input("live.collect.name").value)
    assert not files(home, temp)
    next(box for box in app.checkbox if "consent" in str(box.key)).check().run()
    mine = Collection(name)
    mine.add("glasses", [np.full((112, 112), value, np.uint8) for value in (10, 20)])
    app.run()
    assert len([path for path in files(home) if path.suffix == ".png"]) == 2
    app.button("live.collect.delete").click().run()
    assert not app.exception
    wait_for(lambda: [path.name for path in files(home, temp)] == ["datasets.json"])
    assert name not in (home / "datasets.json").read_text(encoding="utf-8")
