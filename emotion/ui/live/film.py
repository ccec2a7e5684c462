"""A video file: upload, a bar while it is at work, then the annotated film, its table and its chart."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from emotion import jobs
from emotion.files import plain_name
from emotion.haar.detector import FaceDetector
from emotion.i18n import _, plain
from emotion.jobs import Progress
from emotion.live.pipeline import FacePipeline
from emotion.live.scratch import scratch_folder
from emotion.live.state import LiveSettings
from emotion.live.video import CUT_OFF, Overlay, VideoReport, process_video
from emotion.ui.jobs import outcome
from emotion.ui.leaving import forget_with_session
from emotion.ui.live.panel import show_problems
from emotion.ui.live.timeline import show_summary

_TYPES = ["mp4", "mov", "mkv", "avi", "webm", "m4v"]
_JOBS, _JOB, _FILM = "live.video.", "live.film.job", "live.film"
_QUICK = 0.5  # Seconds: what takes less shows no bar.
_SHOWN_AT_MOST = 50_000_000  # Bytes. At every run of the page Streamlit reads a film, hashes it and keeps it in memory.
_PATIENCE = 60.0  # Seconds until work that was cancelled has ended, at its next frame.


class Film:
    """An annotated film and its table in a folder that goes with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = scratch_folder(self)
        self.mp4, self.table = self.folder / "emotion.mp4", self.folder / "emotion.csv"
        self.report: VideoReport | None = None

    def delete(self) -> None:
        """Take it off the disk."""
        shutil.rmtree(self.folder, ignore_errors=True)


def show(now: LiveSettings) -> None:
    """The whole view."""
    upload = st.file_uploader(
        _("A video file"), _TYPES, key="live.video", max_upload_size=500, on_change=_forget_failure,
        help=_("Every frame is read with the settings above. Nothing is kept on the server after you close the page."),
    )  # fmt: skip
    key = st.session_state.get(_JOB, "")
    job = jobs.get(key)
    begin = st.button(
        _("Read the video"), key="live.video.start", type="primary", icon=":material/movie:",
        disabled=upload is None or bool(job and job.active),
    )  # fmt: skip
    if begin and upload is not None:
        key = st.session_state[_JOB] = f"{_JOBS}{uuid4()}"
        jobs.start(key, _work(upload, now)).wait(_QUICK)
    _fetch(key, _work(upload, now) if upload else None)
    if film := st.session_state.get(_FILM):
        _show(film)


def _fetch(key: str, work: Callable[[Progress], Any] | None) -> None:
    """Its bar while the job is at work; then the film belongs to this session, and goes with it.

    Where a job was asked for and is gone, it was to start again: with ``work``, if the upload is still there.
    """
    if key:
        forget_with_session(key, partial(_give_up, key))
    found = outcome(key, _("Reading the video"), work or _nothing, begin=bool(key and work))
    if found and (job := jobs.get(key)):
        _discard()  # The last one is shown until there is another: a file that is none costs nothing.
        st.session_state[_FILM] = found
        del st.session_state[_JOB]
        jobs.forget(job)


def _forget_failure() -> None:
    """Another file, or none: what was wrong with the last one, or that it was cancelled, is no longer said."""
    job = jobs.get(st.session_state.get(_JOB, ""))
    if job and (job.error or job.cancelled):
        del st.session_state[_JOB]
        jobs.forget(job)


def _give_up(key: str) -> None:
    """End the work on a film whose person has gone, and delete it where it was done already and not fetched."""
    job = jobs.get(key)
    if job is None:
        return
    job.cancel()
    job.wait(_PATIENCE)
    if job.result:
        job.result.delete()
    jobs.forget(job)


def _nothing(progress: Progress) -> None:
    """In place of work that is not begun, as there is no upload."""


def _work(upload: UploadedFile, now: LiveSettings) -> Callable[[Progress], Any]:
    def work(progress: Progress) -> Film:
        film = Film(upload.name)
        # A folder of its own: the upload may have the film's name.
        source = film.folder / "upload" / f"{plain_name(Path(upload.name).stem) or 'video'}{Path(upload.name).suffix}"
        source.parent.mkdir()
        source.write_bytes(upload.getbuffer())
        pipeline = FacePipeline(FaceDetector(now.cascade, *now.scan), now.classifiers, now.pipeline)
        overlay = Overlay(now.language, now.notes, now.look)
        film.report = process_video(source, pipeline, film.mp4, film.table, overlay, progress)
        source.unlink()
        return film

    return work


def _show(film: Film) -> None:
    """The film, its downloads and what it came to."""
    report = film.report
    if report is None:
        return
    forget_with_session(str(film.folder), film.delete)
    if not film.mp4.exists():
        _discard()
        st.info(_("The connection was broken for minutes, and the film was deleted. Read the video again."))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            _("Download the film"), film.mp4.read_bytes, "emotion.mp4", "video/mp4", on_click="ignore",
            key="live.film.mp4", icon=":material/download:",
        )  # fmt: skip
        st.download_button(
            _("Download the table"), film.table.read_bytes, "emotion.csv", "text/csv", on_click="ignore",
            key="live.film.csv", icon=":material/table_rows:",
        )  # fmt: skip
        st.button(_("Discard"), key="live.film.discard", icon=":material/close:", type="tertiary", on_click=_discard)
        text = _("{name} · {width} × {height}, read {times} times as fast as it plays")
        times, (width, height) = f"{report.times_real_time:.1f}", report.size
        st.caption(text.format(name=plain(film.name), width=width, height=height, times=times))
    show_problems(report.problems)
    if report.broken:
        st.warning(_("{n} damaged pieces of the film were left out.").format(n=report.broken))
    if report.rows_left_out:
        st.warning(_("{n} more rows found no room in the table.").format(n=f"{report.rows_left_out:,}"))
    if report.cut_off:
        st.warning(_(CUT_OFF).format(read=f"{report.read:.1f}", length=f"{report.length:.1f}"))
    # Below the buttons, because it grows once the browser knows its size.
    if film.mp4.stat().st_size <= _SHOWN_AT_MOST or st.toggle(
        _("Play the film here"), key="live.film.play",
        help=_("A film of this size makes the page slow while it is shown; a download doesn’t."),
    ):  # fmt: skip
        st.video(str(film.mp4))
    show_summary(report.summary, "live.film.summary")


def _discard() -> None:
    if film := st.session_state.pop(_FILM, None):
        film.delete()
