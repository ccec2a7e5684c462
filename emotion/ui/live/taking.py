"""What a reader takes along from the video: a snapshot, a recording, a log. Nothing of it outlives the session."""

from collections.abc import Callable

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.live.stream import LiveProcessor
from emotion.live.taking import Snapshot
from emotion.ui.guards import choose_model
from emotion.ui.live.camera import CAMERA, CLIP
from emotion.ui.live.choice import MODELS

_SNAPSHOT, _RECORDING, _LOG, _TROUBLE = "live.snapshot", "live.recording", "live.log", "live.taking.trouble"


def snap(processor: LiveProcessor) -> None:
    """Take a snapshot of the running video; without one nothing happens."""
    if snapshot := processor.takers.snapshot():
        st.session_state[_SNAPSHOT] = snapshot


def show(processor: LiveProcessor, playing: bool) -> None:
    """The buttons under the video, and what was taken."""
    fetch_ended()
    takers = processor.takers
    with st.container(horizontal=True, key="live-taking"):
        st.button(
            _("Snapshot (space bar)"), key="live.snap", icon=":material/photo_camera:", disabled=not playing,
            on_click=snap, args=(processor,),
            help=_("Keeps the picture of this moment: to download, or to test the network on it."),
        )  # fmt: skip
        if takers.recording:
            _button("record.stop", _("Stop recording"), "stop_circle", _finish_recording, processor)
        else:
            st.button(
                _("Record"), key="live.record", icon=":material/radio_button_checked:", disabled=not playing,
                on_click=_start, args=(takers.start_recording,),
                help=_("Films the video with its overlay, ten minutes at most, to download as MP4."),
            )  # fmt: skip
        if takers.log_rows() is not None:
            _button("log.stop", _("Stop the log"), "stop_circle", _finish_log, processor)
        else:
            st.button(
                _("Log"), key="live.log.start", icon=":material/table_rows:", disabled=not playing,
                on_click=_start, args=(takers.start_log,),
                help=_("Writes time, box and every probability of every face, to download as a table (CSV)."),
            )  # fmt: skip
    if trouble := st.session_state.pop(_TROUBLE, ""):
        st.error(trouble)
    _show_recording()
    _show_log()
    _show_snapshot()


def _button(key: str, label: str, icon: str, act: object, processor: LiveProcessor) -> None:
    st.button(label, key=f"live.{key}", icon=f":material/{icon}:", type="primary", on_click=act, args=(processor,))  # type: ignore[arg-type]


def fetch_ended() -> None:
    """Fetch what a stream that has ended meanwhile was still recording, for ``show`` to offer."""
    for source in (CAMERA, CLIP):
        processor = st.session_state.get(f"live.processor.{source}")
        if processor and processor.closed:
            _finish_recording(processor)
            _finish_log(processor)


def _trouble(text: str) -> None:
    st.session_state[_TROUBLE] = "\n\n".join(filter(None, [st.session_state.get(_TROUBLE, ""), text]))


def _start(act: Callable[[], None]) -> None:
    try:
        act()
    except UserError as error:
        _trouble(error_text(error))


def _finish_recording(processor: LiveProcessor) -> None:
    try:
        if data := processor.takers.stop_recording():
            st.session_state[_RECORDING] = data
    except UserError as error:
        _trouble(error_text(error))


def _finish_log(processor: LiveProcessor) -> None:
    log = processor.takers.stop_log()
    if log is None:
        return
    st.session_state[_LOG] = log.data()
    if log.left_out:
        text = _("{n} rows of the log found no room; the others are kept.")
        _trouble(text.format(n=f"{log.left_out:,}"))


def _show_recording() -> None:
    if data := st.session_state.get(_RECORDING):
        with st.container(border=True, key="live-recording"):
            with st.container(horizontal=True):
                label = _("Download the recording ({size} MB)").format(size=f"{len(data) / 1e6:.1f}")
                st.download_button(
                    label, data, "emotion.mp4", "video/mp4", on_click="ignore", key="live.recording.download",
                    icon=":material/download:",
                )  # fmt: skip
                _discard(_RECORDING)
            # Below the buttons, because it grows once the browser knows its size.
            st.video(data, "video/mp4", muted=True)


def _show_log() -> None:
    if data := st.session_state.get(_LOG):
        with st.container(horizontal=True, key="live-log"):
            rows = max(0, data.count(b"\n") - 1)
            label = _("Download the log ({rows} rows)").format(rows=f"{rows:,}")
            st.download_button(
                label, data, "emotion.csv", "text/csv", on_click="ignore", key="live.log.download",
                icon=":material/download:",
            )  # fmt: skip
            _discard(_LOG)


def _show_snapshot() -> None:
    snapshot: Snapshot | None = st.session_state.get(_SNAPSHOT)
    if snapshot is None:
        return
    with st.container(border=True, key="live-snapshot"):
        overlay = st.toggle(_("With the overlay"), True, key="live.overlay", persist_state="session")
        picture = snapshot.drawn if overlay else snapshot.bgr
        st.image(picture, channels="BGR", width=320)
        with st.container(horizontal=True):
            if st.button(
                _("Test this snapshot"), key="live.test", icon=":material/search:", type="primary",
                help=_("Opens it on the page where you see why the network answers as it does."),
            ):  # fmt: skip
                st.session_state["evaluation.picture"] = snapshot.bgr
                st.session_state["evaluation.view"] = "picture"
                if models := st.session_state.get(MODELS):
                    choose_model(models[0])  # Whose label stands in the picture.
                st.switch_page("pages/evaluation.py")
            st.download_button(
                _("Download"), _png(picture), "emotion.png", "image/png", on_click="ignore",
                key="live.snapshot.download", icon=":material/download:",
            )  # fmt: skip
            _discard(_SNAPSHOT)


def _discard(key: str) -> None:
    def forget() -> None:
        st.session_state.pop(key, None)

    st.button(_("Discard"), key=f"{key}.discard", icon=":material/close:", type="tertiary", on_click=forget)


def _png(bgr: np.ndarray) -> bytes:
    return cv2.imencode(".png", bgr)[1].tobytes()
