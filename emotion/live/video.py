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

import numpy as np

from emotion.errors import UserError
from emotion.files import file_in_the_making
from emotion.i18n import N_
from emotion.jobs import Progress
from emotion.live.annotate import annotate
from emotion.live.faces import FrameResult
from emotion.live.film import Film
from emotion.live.history import SessionHistory, SessionSummary
from emotion.live.log import SessionLog
from emotion.live.pipeline import FacePipeline
from emotion.live.recorder import Mp4Writer
from emotion.live.settings import Look

_WAITING_AT_MOST = 4  # Frames between the two threads.
_SLACK = 1.0  # Seconds by which a whole film may end before its time.

CUT_OFF = N_(
    "The picture ends after {read} of {length} s: the file was copied only in part, most likely. Copy it again."
)


@dataclass(frozen=True)
class VideoReport:
    """What became of a video. ``summary.frames`` were processed in ``took`` seconds, ``broken`` pieces of picture or
    sound could not be decoded.

    ``size`` is (width, height) in pixels, upright. ``length``: the seconds that the picture lasts by the file's own
    account, 0 where it says nothing; ``read``: those that could be read. ``rows_left_out``: those of the table for
    which there was no room. ``problems``: of each model that could not answer, why, the first time.
    """

    summary: SessionSummary
    took: float
    size: tuple[int, int]
    broken: int = 0
    length: float = 0.0
    read: float = 0.0
    rows_left_out: int = 0
    problems: Mapping[str, Exception] = field(default_factory=dict)

    @property
    def times_real_time(self) -> float:
        """Seconds of video processed in a second."""
        return self.summary.seconds / self.took if self.took else 0.0

    @property
    def cut_off(self) -> bool:
        """Whether the picture ends long before the file says so: it was copied only in part, most likely."""
        return self.length - self.read > max(_SLACK, 0.05 * self.length)


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
    all. Raises UserError for a file that is no video or holds no frame that can be decoded, and where two are one file.
    """
    _insist_on_different(source, out, table)
    start, history, problems = monotonic(), SessionHistory(), dict[str, Exception]()
    with ExitStack() as stack:
        film = stack.enter_context(Film(source))
        writer = stack.enter_context(_writing_to(out, film.sound, overlay or Overlay())) if out else None
        log = SessionLog() if table else None
        for seconds, bgr in film.frames(writer.sound if writer else None):
            result = pipeline.process(bgr, seconds)
            history.add(result, seconds)
            problems = {**result.problems, **problems}
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
    left_out = log.left_out if log else 0
    took = monotonic() - start
    return VideoReport(history.summary(), took, film.size, broken, film.length, film.read, left_out, problems)


def _insist_on_different(*files: Path | None) -> None:
    given = [file for file in files if file]
    for place, file in enumerate(given):
        if file.resolve() in {other.resolve() for other in given[:place]}:
            raise UserError(
                "{file} would be read and written at once, or written twice. Choose another name.", file=file
            )


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
