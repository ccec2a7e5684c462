"""Between streamlit-webrtc and the pipeline: the only file that knows that library's frames and callbacks.

Three kinds of threads meet here. The library calls ``recv`` on a thread of its own for each stream, ``ended`` on its
event loop, and the page reads and sets on Streamlit's script threads, several times a second. What they share is
guarded by one lock, which is never held while a frame is worked on: a page that polls must not wait for a detection.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from threading import Lock, Timer
from time import monotonic, perf_counter

import av
import numpy as np

from emotion.cnn.bundle import CARD
from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from emotion.live.annotate import annotate
from emotion.live.clip import clip_frame
from emotion.live.faces import FrameResult
from emotion.live.pipeline import FacePipeline
from emotion.live.recorder import video_frame
from emotion.live.sessions import PLACES
from emotion.live.settings import PipelineSettings
from emotion.live.state import LiveSettings, LiveStats
from emotion.live.taking import Snapshot, Takers
from emotion.memory import give_back

STAGES = ("decode", "detect", "classify", "draw", "total")
"""The stages of a frame in the order in which they run, and their sum."""

CLIP_SIZE = (640, 480)
"""Width and height of the built-in clip."""

_WINDOW = 30  # Frames over which times and the frame rate are averaged: about a second and a half.
_LET_GO_AFTER = 3.0  # Seconds after its end in which the library lets go of a stream.
_LOOKED_AFTER = 2.0  # Seconds between two looks whether the models are still there.
_log = logging.getLogger("emotion.live")


class LiveProcessor:
    """Runs the pipeline on a stream's frames and keeps the newest result for the page.

    Hand ``recv_queued`` to streamlit-webrtc as ``queued_video_frames_callback`` (or ``recv`` as
    ``video_frame_callback``, which cannot count dropped frames) and ``ended`` as ``on_video_ended``. One processor
    serves one stream, from START to STOP: what the library still has queued when a stream ends must not bring it to
    life again, nor reach into the next one. Never use it with ``async_processing=False``: ``recv`` would run on
    Streamlit's event loop and freeze the app for everyone.

    ``takers`` are those who take frames and results with them: recorder, log, history, burst.
    """

    def __init__(self, settings: LiveSettings | None = None) -> None:
        attach_log_handler()
        self.takers = Takers()
        self._lock = Lock()
        self._settings = settings or LiveSettings()
        self._pipeline: FacePipeline | None = None
        self._closed = False
        self._stats = LiveStats()
        self._times: deque[tuple[float, dict[str, float]]] = deque(maxlen=_WINDOW)
        self._missing: dict[str, Exception] = {}
        self._looked = float("-inf")

    @property
    def settings(self) -> LiveSettings:
        """What was chosen last."""
        with self._lock:
            return self._settings

    def configure(self, settings: LiveSettings) -> None:
        """Use other settings from the next frame on; the stream goes on, and faces keep their identity."""
        with self._lock:
            self._settings = settings

    async def recv_queued(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """Work on the newest of the frames that came since the last call; the others are dropped and counted.

        The library runs it on the stream's own thread, in a loop of its own: here it may take its time.
        """
        with self._lock:
            if not self._closed:
                self._stats = replace(self._stats, dropped=self._stats.dropped + len(frames) - 1)
        return [self.recv(frames[-1])]

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Work on one frame and give it back with its drawing.

        A frame whose work fails is given back as it came, or black where faces are to be hidden: an exception would
        freeze the video without a word. So is one that comes after the end, and one of a session for which there is no
        place.
        """
        start = perf_counter()
        try:
            settings, pipeline = self._begin()
            if pipeline is None:
                return self._as_it_came(frame)
            bgr = frame.to_ndarray(format="bgr24")
            decoded, now = perf_counter(), monotonic()
            result = pipeline.process(bgr, now)
            processed = perf_counter()
            drawn = annotate(bgr, result, settings.language, settings.notes, settings.look)
            answer = video_frame(drawn)
            self.takers.take(Snapshot(bgr, drawn, result), now)
        except Exception as error:  # noqa: BLE001  # It is counted, logged and shown on the page.
            self._failed(error)
            return self._as_it_came(frame)
        end = perf_counter()
        seconds = {"decode": decoded - start, "draw": end - processed, "total": end - start}
        self._finished(bgr, result, {stage: value * 1000 for stage, value in seconds.items()})
        return answer

    def _as_it_came(self, frame: av.VideoFrame) -> av.VideoFrame:
        hidden = self.settings.look.blur
        return video_frame(np.zeros((frame.height, frame.width, 3), np.uint8)) if hidden else frame

    def recv_clip(self, tick: av.VideoFrame) -> av.VideoFrame:
        """As ``recv``, on the built-in clip's frame of this moment; ``tick`` is a frame of ``clip_ticks``."""
        return self.recv(av.VideoFrame.from_ndarray(clip_frame(monotonic(), *CLIP_SIZE), format="bgr24"))

    def ended(self) -> None:
        """Close for good and let go of everything that belonged to the stream; only its counts stay to be read.

        A recording is finished first, and can be fetched from ``takers`` afterwards.
        """
        with self._lock:
            again, self._closed, self._pipeline = self._closed, True, None
            self._times.clear()
            last = self._stats
            self._stats = LiveStats(
                processed=last.processed, dropped=last.dropped, errors=last.errors, last_error=last.last_error
            )
        PLACES.leave(self)
        self.takers.close()
        if not again:
            later = Timer(_LET_GO_AFTER, give_back)  # As yet the library holds frames; and its event loop can't wait.
            later.daemon = True
            later.start()

    @property
    def closed(self) -> bool:
        """Whether the stream has ended."""
        with self._lock:
            return self._closed

    def stats(self) -> LiveStats:
        """How the stream stands now."""
        with self._lock:
            return self._stats

    def _begin(self) -> tuple[LiveSettings, FacePipeline | None]:
        """What this frame is worked on with; no pipeline where the stream has ended or there is no place for it."""
        with self._lock:
            settings, pipeline, closed = self._settings, self._pipeline, self._closed
        refused = not closed and not PLACES.take(self)
        if closed or refused:
            with self._lock:
                self._stats = replace(self._stats, refused=refused)
            return settings, None
        pipeline = _adapted(pipeline, settings)
        self._look_after(settings)
        with self._lock:
            if self._closed:  # Meanwhile.
                PLACES.leave(self)
                return settings, None
            self._pipeline = pipeline
            self._stats = replace(self._stats, playing=True, refused=False)
            return settings, pipeline

    def _look_after(self, settings: LiveSettings) -> None:
        """Note models whose bundle was deleted meanwhile: they go on from memory, but not past this stream."""
        if monotonic() - self._looked > _LOOKED_AFTER:
            self._looked = monotonic()
            self._missing = {
                each.bundle.card.name: UserError(
                    "The model {name} was deleted. It answers until you press STOP.", name=each.bundle.card.name
                )
                for each in settings.classifiers
                if not (each.bundle.path / CARD).exists()
            }

    def _finished(self, bgr: np.ndarray, result: FrameResult, times: dict[str, float]) -> None:
        with self._lock:
            if self._closed:  # STOP came while this frame was worked on.
                return
            self._times.append((monotonic(), {**result.timings_ms, **times}))
            self._stats = replace(
                self._stats,
                processed=self._stats.processed + 1,
                fps=_rate([moment for moment, _ in self._times]),
                timings_ms=_means([each for _, each in self._times]),
                resolution=(bgr.shape[1], bgr.shape[0]),
                result=result,
                problems={**self._missing, **{name: _bare(error) for name, error in result.problems.items()}},
            )

    def _failed(self, error: Exception) -> None:
        with self._lock:
            if self._closed:  # As in _finished: what fails after STOP concerns nobody.
                return
            last = self._stats
            self._stats = LiveStats(
                playing=True,
                processed=last.processed,
                dropped=last.dropped,
                errors=last.errors + 1,
                last_error=error,
            )
        if repr(error) != repr(last.last_error):  # Once, not thirty times a second.
            _log.error("A frame could not be processed", exc_info=error)
        _bare(error)


def _adapted(pipeline: FacePipeline | None, settings: LiveSettings) -> FacePipeline:
    """The pipeline set to ``settings``: between two frames, and on the thread that uses it.

    So the detector belongs to this thread alone, which OpenCV's cascades need.
    """
    if pipeline is None:
        pipeline = FacePipeline(FaceDetector(settings.cascade, *settings.scan))
    elif (pipeline.detector.cascade, pipeline.detector.settings) != (settings.cascade, settings.scan):
        pipeline.detector = FaceDetector(settings.cascade, *settings.scan)
    pipeline.classifiers, pipeline.settings = settings.classifiers, _shared(settings.pipeline)
    return pipeline


def _shared(settings: PipelineSettings) -> PipelineSettings:
    """Where many are live, each one's faces are read more rarely, down to once a second; not in the course's loop."""
    longer = settings.reading_interval + (PLACES.crowding - 1) * PipelineSettings.reading_interval
    return replace(settings, reading_interval=max(settings.reading_interval, min(longer, 1.0)))


def _bare(error: Exception) -> Exception:
    """The error without its traceback, which would keep the frame and its pictures alive."""
    return error.with_traceback(None)


def _rate(moments: list[float]) -> float:
    """Frames per second, from the moments in seconds at which they were finished; 0 with fewer than two."""
    return (len(moments) - 1) / (moments[-1] - moments[0]) if len(moments) > 1 and moments[-1] > moments[0] else 0.0


def _means(times: list[dict[str, float]]) -> dict[str, float]:
    return {stage: float(np.mean([each.get(stage, 0.0) for each in times])) for stage in STAGES}


def clip_ticks() -> Callable[[int, Fraction], av.VideoFrame]:
    """A callback for ``create_video_source_track``: black frames that only say when ``recv_clip`` is to draw one.

    The library calls it on Streamlit's event loop, where drawing the clip would slow the app for everyone.
    """
    width, height = CLIP_SIZE
    black = np.full((height * 3 // 2, width), 128, np.uint8)  # yuv420p: height rows of light, then colour.
    black[:height] = 16

    def tick(pts: int, time_base: Fraction) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(black, format="yuv420p")

    return tick


def attach_log_handler() -> None:
    """Let warnings of ours and of streamlit-webrtc be seen on stderr: that library's loggers swallow them."""
    for name in ("emotion.live", "streamlit_webrtc"):
        logger = logging.getLogger(name)
        # logging.lastResort writes warnings to whatever sys.stderr is at that moment.
        if logging.lastResort and logging.lastResort not in logger.handlers:
            logger.addHandler(logging.lastResort)
    # On a busy computer it warns of every tick of the built-in clip; the page shows the frame rate anyhow.
    logging.getLogger("streamlit_webrtc.source").setLevel(logging.ERROR)
