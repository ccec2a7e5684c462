"""A video file through the pipeline: an annotated MP4 with its sound, a table, and what it all came to.

Frame by frame, so that memory does not grow with the film: one thread decodes and finds faces, another encodes.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import av
import numpy as np

from emotion.errors import UserError
from emotion.files import file_in_the_making
from emotion.haar.photos import shrink
from emotion.jobs import Progress
from emotion.live.annotate import annotate
from emotion.live.faces import FrameResult
from emotion.live.history import SessionHistory, SessionSummary
from emotion.live.log import SessionLog
from emotion.live.pipeline import FacePipeline
from emotion.live.recorder import Mp4Writer
from emotion.live.settings import Look

LONGEST = 3840
"""Pixels of the longer side of a frame."""

_WAITING_AT_MOST = 4  # Frames between the two threads.
_SLACK = 1.0  # Seconds by which a whole film may end before its time: its sound is often the longer.


@dataclass(frozen=True)
class VideoReport:
    """What became of a video. ``summary.frames`` were processed in ``took`` seconds, ``broken`` pieces of picture or
    sound could not be decoded.

    ``size`` is (width, height) in pixels, upright; ``length`` the seconds that the picture lasts by the file's own
    account, 0 where it says nothing.
    """

    summary: SessionSummary
    took: float
    size: tuple[int, int]
    broken: int = 0
    length: float = 0.0

    @property
    def times_real_time(self) -> float:
        """Seconds of video processed in a second."""
        return self.summary.seconds / self.took if self.took else 0.0

    @property
    def cut_off(self) -> bool:
        """Whether the picture ends long before the file says so: it was copied only in part, most likely."""
        return self.length - self.summary.seconds > max(_SLACK, 0.05 * self.length)


@dataclass(frozen=True)
class Overlay:
    """How the video is annotated; see ``annotate``."""

    language: str = "en"
    notes: Mapping[str, str] = field(default_factory=dict)
    look: Look = field(default_factory=lambda: Look(bars=True))


def process_video(
    source: Path,
    pipeline: FacePipeline,
    out: Path | None = None,
    table: Path | None = None,
    overlay: Overlay | None = None,
    progress: Progress | None = None,
) -> VideoReport:
    """Take every frame of ``source`` through a fresh ``pipeline``; write an MP4 to ``out`` and a CSV to ``table``.

    Each frame keeps its own time, so that a variable frame rate stays in step with the sound; a phone's rotation is
    applied. ``progress`` is told (frames done, frames in all, by the file's own account). Files appear whole or not at
    all. Raises UserError for a file that is no video or holds no frame that can be decoded.
    """
    start, history = monotonic(), SessionHistory()
    with ExitStack() as stack:
        film = stack.enter_context(_Film(source))
        writer = stack.enter_context(_writing_to(out, film.sound, overlay or Overlay())) if out else None
        log = SessionLog() if table else None
        for seconds, bgr in film.frames(writer.sound if writer else None):
            result = pipeline.process(bgr, seconds)
            history.add(result, seconds)
            if log:
                log.add(result, seconds)
            if writer:
                writer.write(bgr, result, seconds)
            if progress:
                progress(film.done, max(film.done, film.expected))
        if not film.done:
            raise UserError("{name} holds no picture that can be decoded. Choose another video file.", name=source.name)
        if log and table:
            log.write_csv(table)
    broken = film.broken + (writer.mp4.broken if writer else 0)
    return VideoReport(history.summary(), monotonic() - start, film.size, broken, film.length)


class _Film:
    """A video file opened for reading, its frames upright and in the order in which they are shown."""

    def __init__(self, source: Path) -> None:
        try:
            self._container: Any = av.open(str(source))
        except av.InvalidDataError:
            raise UserError(
                "{name} can't be opened as a video: it is empty, damaged, copied only in part, or no video at all. "
                "Choose an MP4, MOV, MKV, AVI or WebM file that plays elsewhere.",
                name=source.name,
            ) from None
        except (av.FFmpegError, OSError) as error:
            raise UserError(
                "{name} can't be opened as a video ({reason}). Choose an MP4, MOV, MKV, AVI or WebM file.",
                name=source.name,
                reason=error.strerror or error,
            ) from None
        if not self._container.streams.video:
            self._container.close()
            raise UserError(
                "{name} holds no video, or was copied only in part. Choose an MP4, MOV, MKV, AVI or WebM file that "
                "plays elsewhere.",
                name=source.name,
            )
        self._video = self._container.streams.video[0]
        self._video.thread_type = "AUTO"
        self.sound = next(iter(self._container.streams.audio), None)
        self.length = (self._container.duration or 0) / av.time_base
        if self._video.duration and self._video.time_base:  # Not all kinds of file have one of the picture's own.
            self.length = float(self._video.duration * self._video.time_base)
        self._first: int | None = None
        self.done = self.broken = 0
        self.size = (0, 0)

    def __enter__(self) -> "_Film":
        return self

    def __exit__(self, *error: object) -> None:
        self._container.close()

    @property
    def expected(self) -> int:
        """How many frames there are by the file's own account, 0 where it says nothing."""
        if self._video.frames:
            return int(self._video.frames)
        return int(self.length * float(self._video.average_rate or 0))

    def frames(self, sound: Callable[[Any], None] | None) -> Iterator[tuple[float, np.ndarray]]:
        """The time in seconds and bgr uint8 (H, W, 3) of each frame; packets of sound are handed to ``sound``."""
        last, pause = float("-inf"), 1 / float(self._video.average_rate or 25)
        for packet in self._packets([self._video, self.sound] if sound and self.sound else [self._video]):
            if sound and packet.stream is self.sound:
                sound(packet)
                continue
            for frame in self._decode(packet):
                seconds = self._shown_at(frame)
                seconds = max(0.0, last + pause) if seconds is None else seconds
                if seconds > last:
                    last = seconds
                    self.done += 1
                    bgr = _upright(frame)
                    self.size = (bgr.shape[1], bgr.shape[0])
                    yield seconds, bgr

    def _shown_at(self, frame: av.VideoFrame) -> float | None:
        """The time in seconds of a frame, None where its file says nothing."""
        if self._container.format.name != "avi":
            return frame.time
        # AVI keeps the times of decoding alone; where frames lean on later ones, those are out of order as times.
        if frame.dts is None or frame.time_base is None:
            return None
        self._first = frame.dts if self._first is None else self._first
        return float((frame.dts - self._first) * frame.time_base)

    def _packets(self, streams: list[Any]) -> Iterator[Any]:
        """The packets of a file to where it ends or is torn off."""
        try:
            yield from self._container.demux(*streams)
        except av.FFmpegError:
            self.broken += 1

    def _decode(self, packet: Any) -> list[Any]:
        """The frames of a packet; a broken one has none, and the film goes on behind it."""
        try:
            return list(packet.decode())
        except av.FFmpegError:
            self.broken += 1
            return []


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """A frame as bgr uint8 (H, W, 3), turned as its file says: phones film lying down and note how they were held.

    One that is larger than 4K is scaled down to that, so that memory stays bounded.
    """
    bgr = shrink(frame.to_ndarray(format="bgr24"), LONGEST)
    turns = round(frame.rotation / 90) % 4  # Counterclockwise, as np.rot90 turns.
    return np.ascontiguousarray(np.rot90(bgr, turns)) if turns else bgr


@contextmanager
def _writing_to(path: Path, sound: Any, overlay: Overlay) -> Iterator["_Writer"]:
    """A writer whose file appears under ``path`` once all is written, and not at all where something fails."""
    with file_in_the_making(path) as hidden, closing(Mp4Writer(hidden, sound)) as mp4:
        writer = _Writer(mp4, overlay)
        try:
            yield writer
            writer.wait(0)
        finally:
            writer.pool.shutdown(wait=True, cancel_futures=True)


class _Writer:
    """Draws and encodes on a thread of its own, a few frames behind."""

    def __init__(self, mp4: Mp4Writer, overlay: Overlay) -> None:
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="emotion video")
        self.mp4, self._overlay = mp4, overlay
        self._waiting: deque[Future[None]] = deque()

    def write(self, bgr: np.ndarray, result: FrameResult, seconds: float) -> None:
        self._submit(self._draw, bgr, result, seconds)

    def sound(self, packet: Any) -> None:
        self._submit(self.mp4.write_sound, packet)

    def _draw(self, bgr: np.ndarray, result: FrameResult, seconds: float) -> None:
        overlay = self._overlay
        self.mp4.write(annotate(bgr, result, overlay.language, overlay.notes, overlay.look), seconds)

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        self._waiting.append(self.pool.submit(work, *arguments))
        self.wait(_WAITING_AT_MOST)

    def wait(self, at_most: int) -> None:
        """Wait until ``at_most`` pieces of work are left; raises what went wrong in one."""
        while len(self._waiting) > at_most:
            self._waiting.popleft().result()
