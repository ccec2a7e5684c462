"""The Live page's choices and its video."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit_webrtc import WebRtcMode, create_video_source_track, webrtc_streamer
from streamlit_webrtc.component import WebRtcStreamerState
from streamlit_webrtc.config import MediaTrackConstraints, RTCConfiguration, Translations

from emotion.cnn.bundle import Bundle
from emotion.haar.detector import FaceDetector
from emotion.i18n import _, language
from emotion.live.fonts import written_language
from emotion.live.pipeline import LIVE_SCAN
from emotion.live.stream import LiveProcessor, LiveSettings, clip_ticks, drop_late_frames
from emotion.ui.guards import PUBLISHED, bundle_title, open_model, preferred_bundle

CAMERA, CLIP = "camera", "clip"
_CAMERA_VIDEO: MediaTrackConstraints = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}
# On one machine the browser and the server find each other without help, so no request has to leave it.
_NO_HELPERS: RTCConfiguration = {"iceServers": []}
_NONE = ""  # Not None: a select box takes that as "nothing chosen yet".


def choose(bundles: list[Bundle]) -> tuple[str, list[Bundle]]:
    """Where the picture comes from, ``CAMERA`` or ``CLIP``, and the models to run: none, one, or two side by side."""
    by_path = {str(bundle.path): bundle for bundle in bundles}
    picture, left, right = st.columns([4, 5, 5], gap="medium")
    sources = {CAMERA: _("My camera"), CLIP: _("Built-in clip")}
    source = picture.segmented_control(
        _("Video source"),
        list(sources),
        format_func=lambda key: sources[key],
        default=CAMERA,
        required=True,
        key="live.source",
        persist_state="session",
    )
    preferred = preferred_bundle(bundles)
    start = str(preferred.path) if preferred else _NONE
    # What was chosen stays chosen, until it is gone or there is something newer to look at.
    gone = st.session_state.get("live.model", start) not in {*by_path, _NONE}
    if gone or st.session_state.get("live.published") != st.session_state.get(PUBLISHED):
        st.session_state["live.published"] = st.session_state.get(PUBLISHED)
        st.session_state["live.model"] = start
    first = _select(left, _("Model"), [*by_path, _NONE], start, by_path, "live.model")
    # Answers are told apart by the bundle's name, so two of the same name cannot run side by side.
    others = [path for path in by_path if first and by_path[path].card.name != by_path[first].card.name]
    if st.session_state.get("live.second", _NONE) not in {*others, _NONE}:
        st.session_state["live.second"] = _NONE
    second = _select(right, _("Compare with"), [_NONE, *others], _NONE, by_path, "live.second")
    return source or CAMERA, [by_path[path] for path in (first, second) if path]


def _select(
    place: DeltaGenerator, label: str, options: list[str], start: str, by_path: dict[str, Bundle], key: str
) -> str:
    none = _("None: face detection alone") if key == "live.model" else _("No second model")
    return place.selectbox(
        label,
        options,
        options.index(start),
        format_func=lambda path: bundle_title(by_path[path]) if path in by_path else none,
        key=key,
        persist_state="session",
    )


def processor_for(source: str, bundles: list[Bundle]) -> LiveProcessor:
    """The processor of the stream that runs, begins or ran last, set to these bundles from its next frame on."""
    classifiers = tuple(one for one in map(open_model, bundles) if one)
    # A new one, with a detector of its own, for each stream: one that is still ending must not share a detector with
    # one that begins, because OpenCV's cascades are not thread-safe.
    key, state = f"live.processor.{source}", _state(source)
    if key not in st.session_state or (state and state.signalling and st.session_state[key].closed):
        st.session_state[key] = LiveProcessor(LiveSettings(FaceDetector("frontalface_default", *LIVE_SCAN)))
    processor: LiveProcessor = st.session_state[key]
    processor.configure(
        replace(processor.settings, classifiers=classifiers, language=language(), notes=_notes(bundles))
    )
    return processor


def _notes(bundles: list[Bundle]) -> dict[str, str]:
    text = "trained on drawn faces"
    if written_language(language()) == language():
        text = _("trained on drawn faces")
    return {bundle.card.name: text for bundle in bundles if bundle.card.synthetic}


def show_video(source: str, processor: LiveProcessor) -> bool:
    """The video with its START and STOP; whether it plays now."""
    clip, state, track = source == CLIP, _state(source), None
    if state and state.signalling:  # In this very run the library builds the stream; what it takes is made now.
        drop_late_frames()
        track = create_video_source_track(clip_ticks(), key="live.clip", fps=25) if clip else None
    context = webrtc_streamer(
        key=f"live.stream.{source}",
        mode=WebRtcMode.RECVONLY if clip else WebRtcMode.SENDRECV,
        rtc_configuration=_NO_HELPERS,
        media_stream_constraints={"video": _CAMERA_VIDEO, "audio": False},
        desired_playing_state=_desired_state(state),
        video_frame_callback=processor.recv_clip if clip else processor.recv,
        on_video_ended=processor.ended,
        source_video_track=track,
        sendback_audio=False,
        video_html_attrs={"autoPlay": True, "controls": True, "muted": True, "style": {"width": "100%"}},
        translations=_translations(),
    )
    if not (context.state.playing or context.state.signalling):
        processor.ended()  # Here too, because the library's word can come late: not before the next stream, then.
    return context.state.playing


def _state(source: str) -> WebRtcStreamerState | None:
    """Whether the source's stream plays, or is being built in this very run of the page."""
    key = f"live.stream.{source}"
    return st.session_state[key].state if key in st.session_state else None


def end_video() -> None:
    """Stop the video at the page's next run, as a click on STOP would."""
    st.session_state["live.ending"] = True


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
