import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from emotion.live.clip import clip_frame
from emotion.live.pipeline import LIVE_SCAN
from emotion.live.stream import STAGES, LiveProcessor, LiveSettings, attach_log_handler, clip_ticks


@pytest.fixture
def settings(make_classifier):
    return LiveSettings(FaceDetector("frontalface_default", *LIVE_SCAN), (make_classifier(),))


@pytest.fixture
def frame():
    return av.VideoFrame.from_ndarray(clip_frame(0), format="bgr24")


class Broken:
    def detect(self, gray):
        raise RuntimeError("no detector today")


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


def test_a_camera_sends_other_formats(settings, frame):
    processor = LiveProcessor(settings)
    processor.recv(frame.reformat(format="yuv420p"))
    processor.recv(av.VideoFrame.from_ndarray(np.full((120, 161), 9, np.uint8), format="gray8"))
    stats = processor.stats()
    assert (stats.processed, stats.errors, stats.resolution) == (2, 0, (161, 120))


def test_an_exception_is_counted_and_the_frame_given_back(settings, frame, caplog):
    processor = LiveProcessor(LiveSettings(Broken()))
    with caplog.at_level(logging.ERROR, "emotion.live"):
        assert processor.recv(frame) is frame
        assert processor.recv(frame) is frame
    stats = processor.stats()
    assert (stats.processed, stats.errors) == (0, 2)
    assert str(stats.last_error) == "no detector today"
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info
    processor.configure(settings)
    assert processor.recv(frame) is not frame
    assert (processor.stats().processed, processor.stats().errors) == (1, 2)


def test_settings_are_swapped_while_it_runs(settings, frame, make_classifier):
    processor = LiveProcessor(settings)
    processor.recv(frame)
    before = processor.stats().result.largest
    processor.configure(LiveSettings(settings.detector, (make_classifier("other"),), "ko", {"other": "note"}))
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


def test_a_frame_after_the_end_is_given_back_and_counts_for_nothing(settings, frame):
    processor = LiveProcessor(settings)
    processor.recv(frame)
    processor.ended()
    assert processor.recv(frame) is frame
    stats = processor.stats()
    assert (stats.playing, stats.processed) == (False, 1)


def test_a_failure_after_the_end_counts_for_nothing(frame, caplog):
    class EndedMeanwhile:
        def detect(self, gray):
            processor.ended()
            raise RuntimeError("too late")

    processor = LiveProcessor(LiveSettings(EndedMeanwhile()))
    assert processor.recv(frame) is frame
    stats = processor.stats()
    assert (stats.playing, stats.errors, stats.last_error) == (False, 0, None)
    assert not caplog.records


def test_a_person_s_mistake_is_kept_to_be_translated(frame):
    class Refusing:
        def detect(self, gray):
            raise UserError("{path} is missing.", path="x")

    processor = LiveProcessor(LiveSettings(Refusing()))
    processor.recv(frame)
    processor.ended()
    error = processor.stats().last_error
    assert isinstance(error, UserError) and error.values == {"path": "x"}
    assert error.__traceback__ is None


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
