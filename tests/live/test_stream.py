import asyncio
import io
import logging
import threading
from dataclasses import replace
from fractions import Fraction
from queue import Empty, Queue
from threading import current_thread

import av
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.detector import DetectorSettings
from emotion.live import sessions, stream
from emotion.live.clip import clip_frame
from emotion.live.pipeline import FacePipeline
from emotion.live.recorder import video_frame
from emotion.live.sessions import PLACES, Places
from emotion.live.settings import Look, PipelineSettings
from emotion.live.stream import STAGES, LiveProcessor, LiveSettings, attach_log_handler, clip_ticks
from tests.conftest import wait_for


@pytest.fixture(autouse=True)
def enough_places(monkeypatch):
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "100")


@pytest.fixture
def settings(make_classifier, tmp_path):
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    return LiveSettings((make_classifier(path=tmp_path),))


@pytest.fixture
def frame():
    return av.VideoFrame.from_ndarray(clip_frame(0), format="bgr24")


@pytest.fixture
def broken(monkeypatch):
    """A pipeline that fails until it is told to go on."""
    process = FacePipeline.process
    state = {"error": RuntimeError("no detector today")}

    def fail(self, bgr, timestamp):
        if callable(state["error"]):
            state["error"]()
        if state["error"]:
            raise state["error"]
        return process(self, bgr, timestamp)

    monkeypatch.setattr(FacePipeline, "process", fail)
    return state


def test_a_frame_comes_back_with_its_drawing(settings, frame):
    processor = LiveProcessor(settings)
    answer = processor.recv(frame)
    assert answer is not frame
    assert (answer.width, answer.height) == (640, 480)
    assert not np.array_equal(answer.to_ndarray(format="bgr24"), frame.to_ndarray(format="bgr24"))
    stats = processor.stats()
    assert (stats.processed, stats.faces, stats.errors, stats.resolution) == (1, 1, 0, (640, 480))
    assert stats.playing
    assert tuple(stats.timings_ms) == STAGES
    assert all(value > 0 for value in stats.timings_ms.values())


def test_the_drawing_goes_to_the_encoder_as_it_takes_it(settings, frame):
    answer = LiveProcessor(settings).recv(frame)
    assert answer.format.name == "yuv420p"
    red = video_frame(np.full((48, 64, 3), (0, 0, 255), np.uint8))
    # ITU-R BT.601 in limited range: red is Y 81, Cb 90, Cr 240.
    planes = red.to_ndarray()
    assert np.abs(planes[:48].astype(int) - 81).max() <= 1
    assert np.abs(planes[48:60].astype(int) - 90).max() <= 1 and np.abs(planes[60:].astype(int) - 240).max() <= 1


def test_where_two_are_live_on_two_cores_each_is_read_half_as_often(settings, frame, monkeypatch):
    monkeypatch.setattr(sessions, "_cores", lambda: 2)
    monkeypatch.setattr(stream, "PLACES", Places())
    first, second = LiveProcessor(settings), LiveProcessor(settings)
    for _ in range(2):
        first.recv(frame)
    assert first._pipeline.settings == settings.pipeline
    for _ in range(2):
        second.recv(frame)
    first.recv(frame)
    assert first._pipeline.settings == replace(
        settings.pipeline, reading_interval=2 * settings.pipeline.reading_interval
    )
    second.ended()
    first.recv(frame)
    assert first._pipeline.settings == settings.pipeline
    first.ended()


def test_a_camera_sends_other_formats(settings, frame):
    processor = LiveProcessor(settings)
    processor.recv(frame.reformat(format="yuv420p"))
    processor.recv(av.VideoFrame.from_ndarray(np.full((120, 161), 9, np.uint8), format="gray8"))
    stats = processor.stats()
    assert (stats.processed, stats.errors, stats.resolution) == (2, 0, (161, 120))


def test_a_gray_camera(settings, frame):
    processor = LiveProcessor(settings)
    answer = processor.recv(frame.reformat(format="gray8"))
    assert processor.stats().faces == 1 and processor.stats().errors == 0
    drawn = answer.to_ndarray(format="bgr24").astype(int)
    assert np.ptp(drawn, axis=2).max() > 100  # The box has its colour all the same.


def test_an_exception_is_counted_and_the_frame_given_back(settings, frame, caplog, broken):
    processor = LiveProcessor(settings)
    with caplog.at_level(logging.ERROR, "emotion.live"):
        assert processor.recv(frame) is frame
        assert processor.recv(frame) is frame
    stats = processor.stats()
    assert (stats.processed, stats.errors) == (0, 2)
    assert str(stats.last_error) == "no detector today"
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info
    broken["error"] = None
    assert processor.recv(frame) is not frame
    assert (processor.stats().processed, processor.stats().errors) == (1, 2)


def test_where_faces_are_to_be_hidden_no_frame_comes_back_as_it_came(settings, frame, broken, monkeypatch):
    hiding = replace(settings, look=Look(blur=True))
    monkeypatch.setattr(stream, "PLACES", Places())
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "1")
    failing, refused, ended = LiveProcessor(hiding), LiveProcessor(hiding), LiveProcessor(hiding)
    ended.ended()
    answers = [processor.recv(frame) for processor in (failing, refused, ended)]
    assert failing.stats().errors == 1 and refused.stats().refused
    for answer in answers:
        assert (answer.width, answer.height) == (640, 480) and not answer.to_ndarray(format="bgr24").any()
    failing.ended()


def test_a_cascade_that_does_not_exist_is_shown_and_the_video_goes_on(settings, frame):
    processor = LiveProcessor(replace(settings, cascade="nose"))
    assert processor.recv(frame) is frame
    assert "There is no cascade nose" in str(processor.stats().last_error)
    processor.configure(settings)
    assert processor.recv(frame) is not frame


def test_settings_are_swapped_while_it_runs(settings, frame, make_classifier):
    processor = LiveProcessor(settings)
    processor.recv(frame)
    before = processor.stats().result.largest
    processor.configure(
        LiveSettings(
            (make_classifier("other"),),
            "frontalface_alt2",
            DetectorSettings(1.1, 3, (50, 50)),
            PipelineSettings(smoothing=0),
            Look(mirror=True, blur=True, bars=True),
            "ko",
            {"other": "note"},
        )
    )
    processor.recv(frame)
    after = processor.stats().result.largest
    assert after.track_id == before.track_id
    assert list(after.predictions) == ["other"]


def test_the_end_lets_go_of_everything(settings, frame):
    processor = LiveProcessor(settings)
    processor.recv(frame)
    processor.ended()
    stats = processor.stats()
    assert (stats.playing, stats.processed, stats.faces, stats.fps) == (False, 1, 0, 0)
    assert processor.closed
    processor.ended()  # The library says it more than once.
    assert processor.stats().processed == 1


def test_the_memory_of_a_stream_is_given_back_once_after_its_end(settings, frame, monkeypatch):
    given = Queue()
    monkeypatch.setattr(stream, "_LET_GO_AFTER", 0.1)
    monkeypatch.setattr(stream, "give_back", lambda: given.put(current_thread().name))
    processor = LiveProcessor(settings)
    processor.recv(frame)
    processor.ended()
    processor.ended()
    assert given.get(timeout=5) != current_thread().name
    with pytest.raises(Empty):
        given.get(timeout=0.5)


def test_a_frame_after_the_end_is_given_back_and_counts_for_nothing(settings, frame):
    processor = LiveProcessor(settings)
    processor.recv(frame)
    processor.ended()
    assert processor.recv(frame) is frame
    stats = processor.stats()
    assert (stats.playing, stats.processed) == (False, 1)


def test_a_failure_after_the_end_counts_for_nothing(settings, frame, caplog, broken):
    processor = LiveProcessor(settings)
    broken["error"] = processor.ended
    processor.recv(frame)
    stats = processor.stats()
    assert (stats.playing, stats.errors, stats.last_error) == (False, 0, None)
    assert not caplog.records


def test_a_person_s_mistake_is_kept_to_be_translated(settings, frame, broken):
    broken["error"] = UserError("{path} is missing.", path="x")
    processor = LiveProcessor(settings)
    processor.recv(frame)
    processor.ended()
    error = processor.stats().last_error
    assert isinstance(error, UserError) and error.values == {"path": "x"}
    assert error.__traceback__ is None


def test_a_deleted_model_is_reported_and_goes_on(settings, frame, tmp_path):
    (tmp_path / "card.json").unlink()
    processor = LiveProcessor(settings)
    processor.recv(frame)
    stats = processor.stats()
    assert "was deleted" in str(stats.problems["brightness"]) and stats.errors == 0
    assert list(stats.result.largest.predictions) == ["brightness"]


def test_a_model_that_fails_is_reported_and_the_faces_are_found(settings, frame, make_classifier):
    broken = make_classifier("broken")
    broken.predict = lambda faces: 1 / 0
    processor = LiveProcessor(replace(settings, classifiers=(broken, *settings.classifiers)))
    processor.recv(frame)
    stats = processor.stats()
    assert isinstance(stats.problems["broken"], ZeroDivisionError) and stats.problems["broken"].__traceback__ is None
    assert list(stats.result.largest.predictions) == ["brightness"] and stats.processed == 1


def test_of_queued_frames_the_newest_wins_and_the_others_are_counted(settings, frame):
    processor = LiveProcessor(settings)
    (answer,) = asyncio.run(processor.recv_queued([frame, frame, frame]))
    assert answer is not frame
    assert (processor.stats().processed, processor.stats().dropped) == (1, 2)


def test_more_sessions_than_places_wait(settings, frame, monkeypatch):
    taken = PLACES.taken
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", str(taken + 1))
    first, second = LiveProcessor(settings), LiveProcessor(settings)
    first.recv(frame)
    assert second.recv(frame) is frame
    assert second.stats().refused and not second.stats().playing and second.stats().errors == 0
    first.ended()
    assert second.recv(frame) is not frame
    assert not second.stats().refused and PLACES.taken == taken + 1
    second.ended()
    assert PLACES.taken == taken


def test_another_resolution_in_the_middle_of_the_stream(settings, frame):
    processor = LiveProcessor(settings)
    for size in ((640, 480), (1280, 720), (321, 241), (480, 640)):
        processor.recv(av.VideoFrame.from_ndarray(clip_frame(0, *size), format="bgr24"))
        assert processor.stats().resolution == size and processor.stats().faces == 1
    assert processor.stats().errors == 0


@pytest.mark.parametrize("start", ["start_recording", "start_log"])
def test_where_no_file_can_be_made_that_is_a_sentence(start, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(UserError, match="can't be written"):
        getattr(LiveProcessor().takers, start)()


def test_what_is_taken_from_a_stream(settings, frame):
    processor = LiveProcessor(settings)
    takers = processor.takers
    assert takers.snapshot() is None and takers.stop_recording() is None and takers.stop_log() is None
    takers.start_recording()
    takers.start_log()
    takers.start_burst(2, every=0)
    for number in range(4):
        processor.recv(av.VideoFrame.from_ndarray(clip_frame(number / 25), format="bgr24"))
    snapshot = takers.snapshot()
    assert np.array_equal(snapshot.bgr, clip_frame(3 / 25)) and not np.array_equal(snapshot.bgr, snapshot.drawn)
    crops, more = takers.burst()
    assert [crop.shape for crop in crops] == [(112, 112)] * 2 and not more
    assert takers.burst() == ([], False)
    assert takers.stop_log().data().startswith("\ufeffseconds,face,left".encode())
    assert takers.summary().frames == 4 and takers.last_minute()[0].model == "brightness"
    assert takers.seconds > takers.last_minute()[-1].seconds
    processor.ended()
    assert takers.snapshot() is None
    data = takers.stop_recording()
    with av.open(io.BytesIO(data)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "emotion recorder"])


def test_a_face_that_was_missed_is_shown_but_not_taken(settings):
    processor = LiveProcessor(settings)
    for number in range(3):
        processor.recv(av.VideoFrame.from_ndarray(clip_frame(number / 25), format="bgr24"))
    assert processor.takers.snapshot().crop() is not None
    processor.takers.start_burst(5, every=0)
    for _ in range(3):
        processor.recv(av.VideoFrame.from_ndarray(np.zeros((480, 640, 3), np.uint8), format="bgr24"))
    assert processor.stats().faces == 1 and processor.takers.snapshot().crop() is None
    assert processor.takers.burst() == ([], True)


def test_a_frame_under_way_at_stop_is_not_kept(settings, frame, monkeypatch):
    processor, process = LiveProcessor(settings), FacePipeline.process

    def stopped_meanwhile(pipeline, bgr, timestamp):
        processor.ended()
        return process(pipeline, bgr, timestamp)

    monkeypatch.setattr(FacePipeline, "process", stopped_meanwhile)
    processor.takers.start_log()
    processor.recv(frame)
    assert processor.closed and processor.takers.snapshot() is None and processor.takers.summary().frames == 0
    assert processor.takers.log_rows() == 0


def test_a_recording_that_nobody_fetches_is_off_the_disk_when_the_stream_has_ended(settings, frame):
    processor = LiveProcessor(settings)
    processor.takers.start_recording()
    processor.recv(frame)
    folder = processor.takers.recording.path.parent
    assert folder.exists()
    processor.ended()
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "emotion recorder"])
    assert not folder.exists()
    assert processor.takers.stop_recording()[4:8] == b"ftyp"  # The page that is still there can have it.


def test_frames_per_second(settings, frame):
    processor = LiveProcessor(settings)
    assert processor.stats().fps == 0
    for _ in range(3):
        processor.recv(frame)
    assert processor.stats().fps > 0


def test_the_clip_plays_from_ticks(settings):
    processor, tick = LiveProcessor(settings), clip_ticks()
    for pts in (0, 3600):
        answer = processor.recv_clip(tick(pts, Fraction(1, 90000)))
        assert (answer.width, answer.height) == (640, 480)
    assert (processor.stats().processed, processor.stats().faces) == (2, 1)


def test_the_librarys_warnings_are_heard_once():
    attach_log_handler()
    attach_log_handler()
    for name in ("emotion.live", "streamlit_webrtc"):
        assert logging.getLogger(name).handlers.count(logging.lastResort) == 1
