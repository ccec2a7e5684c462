"""What a running server costs: memory, threads, open files, processor time; and how fast it answers meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
import psutil

from benchmarks.server import ask_health

_PAUSE = 0.05  # Seconds between two questions.


@dataclass(frozen=True)
class Cost:
    """What the server and its children hold at a moment; ``seconds`` of processor time were used since the start."""

    megabytes: float
    threads: int
    files: int
    seconds: float


def cost(pid: int) -> Cost:
    """What the server holds now."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    times = [process.cpu_times() for process in processes]
    return Cost(
        sum(process.memory_info().rss for process in processes) / 1e6,
        sum(process.num_threads() for process in processes),
        sum(process.num_fds() if hasattr(process, "num_fds") else process.num_handles() for process in processes),
        sum(time.user + time.system for time in times),
    )


def growth(before: Cost, after: Cost) -> dict[str, Any]:
    """What was held before and after, and the difference."""
    return {
        "MB before": before.megabytes,
        "MB after": after.megabytes,
        "MB more": after.megabytes - before.megabytes,
        "threads more": after.threads - before.threads,
        "open files more": after.files - before.files,
    }


def libraries(pid: int, part: str) -> list[str]:
    """The files mapped into the memory of the server and its children whose paths contain ``part``."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sorted({file.path for process in processes for file in process.memory_maps() if part in file.path.lower()})


@dataclass
class Answers:
    """The seconds that the health endpoint took, and how often it did not answer."""

    seconds: list[float] = field(default_factory=list)
    missed: int = 0

    def milliseconds(self) -> dict[str, float]:
        """Median, 95th percentile and the longest."""
        spread = np.percentile(self.seconds or [float("nan")], (50, 95, 100)) * 1000
        return dict(zip(("median", "p95", "longest"), map(float, spread), strict=True)) | {"missed": self.missed}


@contextmanager
def asking(url: str) -> Iterator[Answers]:
    """Ask the server twenty times a second how it is, on a thread of its own."""
    answers, ended = Answers(), Event()

    def ask() -> None:
        while not ended.wait(_PAUSE):
            start = perf_counter()
            try:
                ask_health(url)
            except OSError:
                answers.missed += 1
            answers.seconds.append(perf_counter() - start)

    thread = Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()
