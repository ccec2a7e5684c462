"""How many people may be live at once: each session takes a good part of a core."""

import os
from threading import Lock
from time import monotonic

from emotion.errors import UserError

VARIABLE = "EMOTION_MAX_SESSIONS"
_SILENT_FOR = 60.0  # Seconds without a frame after which a place is free: a browser that was killed says nothing.


def sessions_at_most() -> int:
    """The limit: ``EMOTION_MAX_SESSIONS``, else one session a core. Raises UserError for what is no number over 0."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return _cores()
    if not text.isdecimal() or int(text) < 1:
        raise UserError(
            "{variable} is “{found}”. Set a whole number from 1, for example 4.", variable=VARIABLE, found=text
        )
    return int(text)


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Places:
    """The places that are taken, each by a key of its own; safe to use from all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: dict[object, float] = {}

    def take(self, key: object) -> bool:
        """Take a place, or keep the one that ``key`` has; False where all are taken."""
        limit = sessions_at_most()
        with self._lock:
            self._forget_the_silent()
            if key not in self._taken and len(self._taken) >= limit:
                return False
            self._taken[key] = monotonic()
            return True

    def leave(self, key: object) -> None:
        """Give the place back."""
        with self._lock:
            self._taken.pop(key, None)

    @property
    def taken(self) -> int:
        """How many places are taken."""
        with self._lock:
            self._forget_the_silent()
            return len(self._taken)

    def _forget_the_silent(self) -> None:
        now = monotonic()
        self._taken = {each: at for each, at in self._taken.items() if now - at < _SILENT_FOR}

    @property
    def crowding(self) -> float:
        """By how much everyone has to do with less, from 1: two cores carry one session well."""
        return max(1.0, 2 * self.taken / _cores())


PLACES = Places()
"""Those of this server."""
