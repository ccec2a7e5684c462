"""Settings of Python's and the system's memory: what keeps the server small, and a training fast."""

import ctypes
import gc
from functools import cache

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_STEP = 2**28  # Bytes by which a heap grows.


@cache
def share_heaps() -> None:
    """Let all threads share two heaps.

    Of itself glibc gives threads heaps of their own, eight a core, and each keeps what it once held: after a dozen
    videos the server had grown by sixty megabytes, with this by ten. Other systems know no such setting.
    """
    _set({_ARENA_MAX: 2})


@cache
def keep_pages() -> None:
    """Let this process keep the memory that it has freed, for its next large array.

    Of itself glibc gives every array of 32 MB or more back to the system, which clears all of its pages before it is
    used again. A training makes dozens in each batch: it spent a quarter of its time on that. Call it early.
    """
    _set({_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: _STEP})


def _set(values: dict[int, int]) -> None:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl have no mallopt, Windows no library without a name.
        return
    for name, value in values.items():
        mallopt(name, value)


@cache
def keep_collections_short() -> None:
    """Tell Python's garbage collector, once, that what is loaded by now stays.

    Streamlit collects after every run, of which there are several a second beside a video. Each would walk through all
    that was ever imported: 70 ms in which no frame is worked on and nobody is answered.
    """
    gc.collect()
    gc.freeze()
