"""Long work: on all cores in chunks, or in a thread of its own that can be watched and cancelled."""

import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from emotion.errors import UserError

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Told (done, in all) now and then. It may raise, as a job's does once it is cancelled: whoever calls it lets that
pass and leaves nothing half-done."""

_TOLD = re.compile(r"progress (\d+)/(\d+)")

log = logging.getLogger(__name__)


def progress_line(done: int, total: int) -> str:
    """Progress as a process tells it to the one that waits for it, which takes it up by ``how_far``."""
    return f"progress {done}/{total}"


def how_far(lines: list[str]) -> tuple[int, int]:
    """The newest progress among what a process said; (0, 0) without any.

    >>> how_far(["Keras starts", progress_line(1, 5), "progress bars are off"])
    (1, 5)
    """
    told = next(filter(None, map(_TOLD.fullmatch, reversed(lines))), None)
    return (int(told[1]), int(told[2])) if told else (0, 0)


def without_progress(lines: list[str]) -> list[str]:
    """What a process said beside its progress, blank lines left out."""
    return [line for line in lines if line and not _TOLD.fullmatch(line)]


class Cancelled(Exception):
    """Somebody cancelled the job; raised by its progress inside the work."""


@dataclass
class Job:
    """Work in a thread: how far it is, and once it has ended its ``result`` or its ``error``.

    ``asked`` is when somebody asked for it last.
    """

    key: str
    done: int = 0
    total: int = 0
    result: Any = None
    error: UserError | None = None
    cancelled: bool = False
    asked: float = field(default_factory=time.monotonic)
    _started: float = field(default_factory=time.monotonic)
    _end: float = 0.0
    _cancel: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        """Note how far the work is; raises Cancelled once ``cancel`` was called."""
        if self._cancel.is_set():
            raise Cancelled
        self.done, self.total = done, total

    def cancel(self) -> None:
        """Ask the work to end; it does at its next word of progress."""
        self._cancel.set()

    def wait(self, seconds: float) -> bool:
        """Wait for its end, ``seconds`` at most; whether it has come."""
        return self._ended.wait(seconds)

    @property
    def active(self) -> bool:
        """Whether the work goes on."""
        return not self._ended.is_set()

    @property
    def ended_for(self) -> float:
        """Seconds since its end; 0 while it is active."""
        return time.monotonic() - self._end if self._end else 0.0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._cancel.is_set()

    @property
    def seconds_left(self) -> float | None:
        """An estimate by the pace so far; None while there is none."""
        if not self.done or not self.total:
            return None
        return (time.monotonic() - self._started) * (self.total - self.done) / self.done

    def run(self, work: Callable[[Progress], Any]) -> None:
        """Do the work in this thread."""
        try:
            self.result = work(self.progress)
        except Cancelled:
            self.cancelled = True
        except UserError as error:
            # Without its traceback, which keeps all that the work had in hand.
            values = {
                name: str(value) if isinstance(value, Exception) else value for name, value in error.values.items()
            }
            self.error = UserError(error.template, **values)
        except Exception as error:
            log.exception("%s failed", self.key)
            self.error = UserError("An unexpected error ended it: {what}", what=f"{type(error).__name__}: {error}")
        finally:
            self._end = time.monotonic()
            self._ended.set()


_KEPT = 64  # Ended jobs, whose results may be asked for again.
_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def start(key: str, work: Callable[[Progress], Any]) -> Job:
    """Start ``work(progress)`` in a thread, or find the job of the same ``key`` that is still at it."""
    with _lock:
        if (job := _jobs.get(key)) and job.active:
            return job
        # Those that nobody has asked for longest go first.
        ended = [job.key for job in sorted(_jobs.values(), key=lambda job: job.asked) if not job.active]
        for old in [key, *ended[: -_KEPT or None]] if len(ended) > _KEPT else [key]:
            _jobs.pop(old, None)
        job = _jobs[key] = Job(key)
        threading.Thread(target=job.run, args=(work,), name=key, daemon=True).start()
        return job


def get(key: str) -> Job | None:
    """The job of that key, active or ended and not yet forgotten."""
    job = _jobs.get(key)
    if job:
        job.asked = time.monotonic()
    return job


def find(prefix: str) -> list[Job]:
    """The jobs whose key begins with ``prefix``, active or ended and not yet forgotten; the newest first."""
    with _lock:
        return [job for key, job in reversed(_jobs.items()) if key.startswith(prefix)]


def forget(job: Job) -> None:
    """Drop an ended job with its result."""
    with _lock:
        if not job.active and _jobs.get(job.key) is job:
            del _jobs[job.key]


def in_chunks(
    work: Callable[[range], T], count: int, progress: Progress | None = None, chunk: int = 512
) -> Iterator[T]:
    """``work(rows)`` for ranges that cover ``count`` rows, on all cores, results in order.

    Threads, so ``work`` should spend its time where Python's lock is free (files, OpenCV, NumPy). Few chunks are under
    way at a time, so that memory stays bounded and an error, or a progress that raises, ends it at once.
    """
    ranges = iter([range(start, min(start + chunk, count)) for start in range(0, count, chunk)])
    cores, done = os.cpu_count() or 1, 0
    waiting: deque[tuple[range, Future[T]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            while True:
                while len(waiting) < 2 * cores and (rows := next(ranges, None)) is not None:
                    waiting.append((rows, pool.submit(work, rows)))
                if not waiting:
                    return
                rows, future = waiting.popleft()
                result = future.result()
                done += len(rows)
                if progress:
                    progress(done, count)
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
