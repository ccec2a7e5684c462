"""The video of the Live page: START, STOP, and the processor behind it."""

from pathlib import Path

import streamlit as st
from streamlit_webrtc import WebRtcMode, create_video_source_track, webrtc_streamer
from streamlit_webrtc.component import WebRtcStreamerState
from streamlit_webrtc.config import MediaTrackConstraints, Translations
from streamlit_webrtc.relay import get_global_relay

from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.live.ice import IceServers, ice_servers
from emotion.live.state import LiveSettings
from emotion.live.stream import LiveProcessor, clip_ticks
from emotion.live.transport import tune

CAMERA, CLIP = "camera", "clip"
_CAMERA_VIDEO: MediaTrackConstraints = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}


def choose_source() -> str:
    """Where the picture comes from, ``CAMERA`` or ``CLIP``."""
    sources = {CAMERA: _("My camera"), CLIP: _("Built-in clip")}
    source = st.segmented_control(
        _("Video source"),
        list(sources),
        format_func=sources.__getitem__,
        default=CAMERA,
        required=True,
        key="live.source",
        persist_state="session",
        help=_("The clip shows a face that moves, without a camera: a NASA photo of the astronaut Eileen Collins."),
    )
    return source or CAMERA


def processor_for(source: str, settings: LiveSettings) -> LiveProcessor:
    """The processor of the stream that runs, begins or ran last, with these settings from its next frame on."""
    # A new one, with a detector of its own, for each stream: one that is still ending must not share a detector with
    # one that begins, because OpenCV's cascades are not thread-safe.
    key, state = f"live.processor.{source}", _state(source)
    if key not in st.session_state or (state and state.signalling and st.session_state[key].closed):
        st.session_state[key] = LiveProcessor()
    processor: LiveProcessor = st.session_state[key]
    processor.configure(settings)
    return processor


def show_video(source: str, processor: LiveProcessor) -> bool:
    """The video with its START and STOP; whether it plays now."""
    clip, state, track = source == CLIP, _state(source), None
    if state and state.signalling:  # In this very run the library builds the stream; what it takes is made now.
        tune(get_global_relay())
        track = create_video_source_track(clip_ticks(), key="live.clip", fps=25) if clip else None
    ice = servers()
    _outlive_interrupted_runs(source, processor)
    context = webrtc_streamer(
        key=f"live.stream.{source}",
        mode=WebRtcMode.RECVONLY if clip else WebRtcMode.SENDRECV,
        server_rtc_configuration={"iceServers": ice.server},
        frontend_rtc_configuration={"iceServers": ice.browser, "iceTransportPolicy": ice.policy},
        media_stream_constraints={"video": _CAMERA_VIDEO, "audio": False},
        desired_playing_state=_desired_state(state),
        video_frame_callback=processor.recv_clip if clip else None,
        queued_video_frames_callback=None if clip else processor.recv_queued,
        on_video_ended=processor.ended,
        source_video_track=track,
        sendback_audio=False,
        video_html_attrs={"autoPlay": True, "controls": True, "muted": True, "style": {"width": "100%"}},
        translations=_translations(),
    )
    if not (context.state.playing or context.state.signalling):
        processor.ended()  # Here too, because the library's word can come late: not before the next stream, then.
    return context.state.playing


def _outlive_interrupted_runs(source: str, processor: LiveProcessor) -> None:
    """Keep the library from ending the stream because a run of the page did not come as far as the video.

    It takes that for a visit to another page, but a click that follows quickly on another one interrupts a run as well.
    Who has really been away finds a processor that is closed.
    """
    context = st.session_state.get(f"live.stream.{source}")
    if context is not None and not processor.closed:
        context._last_rendered_run_count = None


def servers() -> IceServers:
    """The STUN and TURN servers of the environment or the secrets; none where they are wrong, which is said."""
    try:
        return ice_servers(_secrets())
    except UserError as error:
        st.error(error_text(error))
        return IceServers()


def _secrets() -> object:
    """What stands under ``webrtc`` in the secrets, None where there are none; UserError for a file that is damaged."""
    # Asking for a secret where there is no file would put an error on the page.
    if st.secrets.load_if_toml_exists():
        return st.secrets.get("webrtc")
    for path in map(Path, st.get_option("secrets.files") or ()):
        if path.is_file():
            raise UserError("{path} is no valid TOML. Put text in quotation marks, and restart the app.", path=path)
    return None


def _state(source: str) -> WebRtcStreamerState | None:
    """Whether the source's stream plays, or is being built in this very run of the page."""
    key = f"live.stream.{source}"
    return st.session_state[key].state if key in st.session_state else None


def end_video() -> None:
    """Stop the video at the page's next run, as a click on STOP would."""
    st.session_state["live.ending"] = True


def leave() -> bool:
    """Let go of the streams whose video is not on this view of the page; whether one was playing."""
    playing = False
    for source in (CAMERA, CLIP):
        processor = st.session_state.get(f"live.processor.{source}")
        if processor and not processor.closed:
            playing = playing or processor.stats().playing
            processor.ended()
    return playing


def _desired_state(state: WebRtcStreamerState | None) -> bool | None:
    """False until a video that ESC ended has stopped; None otherwise, which leaves START and STOP to the person."""
    if not (state and (state.playing or state.signalling)):
        st.session_state["live.ending"] = False
    return False if st.session_state.get("live.ending") else None


def _translations() -> Translations:
    return {
        "start": _("START"),
        "stop": _("STOP"),
        "select_device": _("Choose camera"),
        "select_camera": _("Choose camera"),
        "media_api_not_available": _("This browser gives no access to cameras here."),
        "device_ask_permission": _("Please allow the camera."),
        "device_not_available": _("The camera is not available."),
        "device_access_denied": _("The camera was not allowed."),
        "turn_camera_on": _("Turn the camera on"),
        "turn_camera_off": _("Turn the camera off"),
    }
