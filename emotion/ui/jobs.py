"""How a page shows long work: a bar with a count and an estimate, a way to cancel, and the result once it is there."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from emotion import jobs
from emotion.i18n import _, error_text
from emotion.jobs import Job, Progress

_QUICK = 0.5  # Seconds: what takes less shows no bar.


def outcome(key: str, label: str, work: Callable[[Progress], Any], begin: bool = True) -> Any:
    """The result of the job ``key``; None while it is at work, was cancelled or failed, which the page then says.

    The job is begun if there is none yet, but only if ``begin``. It belongs to the server: a reload finds it again.
    """
    job = jobs.get(key)
    if job is None and begin:
        job = jobs.start(key, work)
        job.wait(_QUICK)
    if job is None:
        return None
    if job.active:
        bar(job, label)
        return None
    if job.error is None and not job.cancelled:
        return job.result
    if job.error:
        st.error(error_text(job.error))
    else:
        st.info(_("Cancelled. Nothing was changed."))
    if st.button(_("Start again"), key=f"{key}.again", icon=":material/refresh:"):
        jobs.forget(job)
        st.rerun()
    return None


@st.fragment(run_every=0.5)
def bar(job: Job, label: str) -> None:
    """The bar of an active job, and the whole page anew once it has ended."""
    if not job.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(job.done / job.total, 1.0) if job.total else 0.0, _text(job, label))
        if st.button(_("Cancel"), key=f"{job.key}.cancel", icon=":material/close:", disabled=job.stopping):
            job.cancel()


def _text(job: Job, label: str) -> str:
    if not job.total:
        return f"{label} …"
    text = f"{label} · {job.done:,} / {job.total:,}"
    left = job.seconds_left
    if left is None:
        return text
    if left > 90:
        return text + _(" · about {minutes} min left").format(minutes=f"{left / 60:.0f}")
    return text + _(" · about {seconds} s left").format(seconds=f"{left:.0f}")
