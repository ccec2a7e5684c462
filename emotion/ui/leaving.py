"""What must not outlive a browser session: it is forgotten a while after the browser has gone."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Timer

import streamlit as st

from emotion import jobs

_AWAY = 150.0  # Seconds: for two minutes Streamlit knows a browser again whose connection broke.
_PATIENCE = 60.0  # Seconds until work that was cancelled has ended, at its next word of progress.
_leaving: dict[str, Timer] = {}


@dataclass(frozen=True, eq=False)
class _Kept:
    key: str
    forget: Callable[[], None]


def _left(kept: _Kept) -> None:
    timer = _leaving[kept.key] = Timer(_AWAY, _forget, (kept,))
    timer.daemon = True
    timer.start()


def _forget(kept: _Kept) -> None:
    _leaving.pop(kept.key, None)
    kept.forget()


# Streamlit tells of a session's end by emptying its caches, and in no other way.
@st.cache_resource(scope="session", show_spinner=False, on_release=_left)
def _keep(key: str, _forget: Callable[[], None]) -> _Kept:
    return _Kept(key, _forget)


def forget_with_session(key: str, forget: Callable[[], None]) -> None:
    """Call ``forget``, from any thread, once the browser has gone for good; ``key`` is nobody else's.

    Say so in every run of the page: by that a browser is known that has come back.
    """
    if timer := _leaving.pop(key, None):
        timer.cancel()
    _keep(key, forget)


def keep_one_job(prefix: str, key: str = "") -> None:
    """Give up the jobs whose keys begin with ``prefix``, all of this session, but ``key``; that one with the session.

    For results that hold somebody's pictures. Say so in every run of the page, as above.
    """
    forget_with_session(prefix, lambda: _give_up(prefix))
    for job in jobs.find(prefix):
        if job.key != key:
            job.cancel()
            jobs.forget(job)


def _give_up(prefix: str) -> None:
    for job in jobs.find(prefix):
        job.cancel()
        job.wait(_PATIENCE)
        jobs.forget(job)
