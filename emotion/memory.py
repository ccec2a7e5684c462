"""Settings of Python's and the system's memory: what keeps the server small, and a training fast."""

import ctypes
import gc
from collections.abc import Callable
from functools import cache

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_STEP = 2**28  # Bytes by which a heap grows.


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
    """Tell Python's garbage collector, once, that what is loaded by now stays.

    Streamlit collects after every run, of which there are several a second beside a video. Each would walk through all
    that was ever imported: 70 ms in which no frame is worked on and nobody is answered.
    """
    gc.collect()
    gc.freeze()
