"""What keeps the server small and quick while it serves videos: two settings of Python's and the system's memory."""

import ctypes
import gc
from functools import cache

_ARENAS_AT_MOST = -8  # M_ARENA_MAX of glibc's malloc.h.


@cache
def share_heaps() -> None:
    """Let all threads share two heaps.

    Of itself glibc gives threads heaps of their own, eight a core, and each keeps what it once held: after a dozen
    videos the server had grown by sixty megabytes, with this by ten. Other systems know no such setting.
    """
    try:
        ctypes.CDLL(None).mallopt(_ARENAS_AT_MOST, 2)
    except (AttributeError, OSError, TypeError):  # macOS and musl have no mallopt, Windows no library without a name.
        return


@cache
def keep_collections_short() -> None:
    """Tell Python's garbage collector, once, that what is loaded by now stays.

    Streamlit collects after every run, of which there are several a second beside a video. Each would walk through all
    that was ever imported: 70 ms in which no frame is worked on and nobody is answered.
    """
    gc.collect()
    gc.freeze()
