"""Settings of Python's and the system's memory: what keeps the server small, and a training fast."""

import ctypes
import gc
from collections.abc import Callable
from functools import cache
from time import perf_counter

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_STEP = 2**28  # Bytes by which a heap grows.
_OLDEST = 2  # The generation of objects whose collection walks through all of them.
_LONG = 0.02  # Seconds of a collection that is felt beside a video.
_THAWED_AFTER = 300.0  # Seconds.


SHARED_HEAPS = {"MALLOC_ARENA_MAX": "2"}
"""What ``make run`` starts the server with, for Linux: all of its threads share two heaps.

Of itself glibc gives threads heaps of their own, eight a core, and each keeps what it once held: in thirty videos the
server grew by a hundred megabytes, with this by four. Only the environment can say so: by the time that a page runs
there are eight heaps, and glibc has settled how many more there may be.
"""


@cache
def keep_pages() -> None:
    """Let this process keep the memory that it has freed, for its next large array.

    Of itself glibc gives every array of 32 MB or more back to the system, which clears all of its pages before it is
    used again. A training makes dozens in each batch: it spent a quarter of its time on that. Call it early.
    """
    _set({_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: _STEP})


def give_back() -> None:
    """Give the memory that this process has freed back to the system.

    Of itself glibc keeps what lies between pieces in use: after fifty videos a server that used 58 megabytes of its
    heaps held 290 more. Where the system has no such call, nothing happens.
    """
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _set(values: dict[int, int]) -> None:
    if mallopt := _of_glibc("mallopt"):
        for name, value in values.items():
            mallopt(name, value)


def _of_glibc(name: str) -> Callable[..., int] | None:
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):  # Windows knows no library without a name.
        return None


@cache
def keep_collections_short() -> None:
    """Let Python's garbage collector walk through everything every few minutes only, in this process, from now on.

    Streamlit collects after every run of a page, of which there are several a second beside a video. Each would walk
    through all that was ever imported: with eight people on the pages, half of the server's time.
    """
    gc.callbacks.append(_Freezer())


class _Freezer:
    """After a collection that took long, what is alive stays out of the next ones; now and then all of it comes back.

    Between two of those, only what lives in a circle and dies waits for its end.
    """

    def __init__(self) -> None:
        self.began = perf_counter()
        self.thawed = self.began

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """What ``gc`` calls before and after each collection."""
        now = perf_counter()
        if info["generation"] < _OLDEST:
            return
        if phase == "start":
            self.began = now
        elif now - self.thawed > _THAWED_AFTER:
            self.thawed = now
            gc.unfreeze()
        elif now - self.began > _LONG:
            gc.freeze()
