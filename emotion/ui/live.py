"""The Live page's parts: what is chosen, the video, and what stands beside it."""

import inspect
from textwrap import dedent

import numpy as np
import streamlit as st
from streamlit_webrtc import WebRtcMode, create_video_source_track, webrtc_streamer

from emotion.cnn.bundle import Bundle, default_bundle, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from emotion.i18n import _, error_text, language
from emotion.live.faces import Prediction
from emotion.live.fonts import written_language
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.stream import LiveProcessor, LiveSettings, LiveStats, clip_source
from emotion.plots.live import probabilities, stage_timings

CAMERA, CLIP = "camera", "clip"
_CAMERA_VIDEO = {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}
# On one machine the browser and the server find each other without help, so no request has to leave it.
_NO_HELPERS: dict = {"iceServers": []}
_NONE = ""  # Not None: a select box takes that as "nothing chosen yet".
_CHART = {"displayModeBar": False}


def choose(bundles: list[Bundle]) -> tuple[str, list[Bundle]]:
    """Where the picture comes from, ``CAMERA`` or ``CLIP``, and the models to run: none, one, or two side by side."""
    by_path = {str(bundle.path): bundle for bundle in bundles}
    picture, left, right = st.columns([4, 5, 5], gap="medium")
    sources = {CAMERA: _("My camera"), CLIP: _("Built-in clip")}
    source = picture.segmented_control(
        _("Picture"),
        list(sources),
        format_func=lambda key: sources[key],
        default=CAMERA,
        required=True,
        key="live.source",
        persist_state="session",
    )
    options = [*by_path, _NONE]
    start = options.index(_preselected(bundles))
    none = _("None: face detection alone")
    first = left.selectbox(_("Model"), options, start, lambda path: _title(by_path.get(path), none), key="live.model")
    # Answers are told apart by the bundle's name, so two of the same name cannot run side by side.
    taken = by_path[first].card.name if first else None
    others = [_NONE, *(path for path in by_path if first and by_path[path].card.name != taken)]
    none = _("No second model")
    second = right.selectbox(
        _("Compare with"), others, 0, lambda path: _title(by_path.get(path), none), key="live.second"
    )
    return source or CAMERA, [by_path[path] for path in (first, second) if path]


def _preselected(bundles: list[Bundle]) -> str:
    """What was trained in this browser session, else the best that ships; never one trained on drawn faces unasked."""
    published = st.session_state.get("app.published")
    chosen = next((bundle for bundle in bundles if bundle.path.name == published), None) or default_bundle(bundles)
    return str(chosen.path) if chosen else _NONE


def _title(bundle: Bundle | None, none: str) -> str:
    if bundle is None:
        return none
    return f"{bundle.path.name} · {_('trained on drawn faces')}" if bundle.card.synthetic else bundle.path.name


def processor_for(bundles: list[Bundle]) -> LiveProcessor:
    """This browser session's processor, set to these bundles; a stream that runs takes them over at its next frame."""
    classifiers = []
    for bundle in bundles:
        try:
            classifiers.append(_classifier(str(bundle.path), tuple(bundle.card.files.items())))
        except UserError as error:
            st.error(error_text(error))
    if "live.detector" not in st.session_state:
        # One for each session: OpenCV's cascades are not thread-safe.
        st.session_state["live.detector"] = FaceDetector("frontalface_default", *LIVE_SCAN)
    settings = LiveSettings(st.session_state["live.detector"], tuple(classifiers), language(), _notes(bundles))
    processor = st.session_state.setdefault("live.processor", LiveProcessor(settings))
    processor.configure(settings)
    return processor


@st.cache_resource(max_entries=8, show_spinner=False)
def _classifier(path: str, files: tuple[tuple[str, str], ...]) -> Classifier:
    """One for all sessions. The files' hashes are part of the key: a bundle made anew is loaded anew."""
    return Classifier(load_bundle(path))


def _notes(bundles: list[Bundle]) -> dict[str, str]:
    text = "trained on drawn faces"
    if written_language(language()) == language():
        text = _("trained on drawn faces")
    return {bundle.card.name: text for bundle in bundles if bundle.card.synthetic}


def show_video(source: str, processor: LiveProcessor) -> bool:
    """The video with its START and STOP; whether it plays now."""
    key = f"live.stream.{source}"
    clip = source == CLIP
    context = webrtc_streamer(
        key=key,
        mode=WebRtcMode.RECVONLY if clip else WebRtcMode.SENDRECV,
        rtc_configuration=_NO_HELPERS,
        media_stream_constraints={"video": _CAMERA_VIDEO, "audio": False},
        desired_playing_state=_desired_state(key),
        video_frame_callback=processor.recv,
        on_video_ended=processor.ended,
        source_video_track=create_video_source_track(clip_source(), key="live.clip", fps=25) if clip else None,
        sendback_audio=False,
        video_html_attrs={"autoPlay": True, "controls": True, "muted": True, "style": {"width": "100%"}},
        translations=_translations(),
    )
    return context.state.playing


def end_video() -> None:
    """Stop the video at the page's next run, as a click on STOP would."""
    st.session_state["live.ending"] = True


def _desired_state(key: str) -> bool | None:
    """False until a video that ESC ended has stopped; None otherwise, which leaves START and STOP to the person."""
    state = st.session_state[key].state if key in st.session_state else None
    if not (state and (state.playing or state.signalling)):
        st.session_state["live.ending"] = False
    return False if st.session_state["live.ending"] else None


def _translations() -> dict[str, str]:
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


def show_trouble(trouble: str) -> None:
    """Say in a sentence what the error that the video component shows means, and what to do."""
    if not trouble:
        return
    advice = {
        "NotAllowed": _(
            "The browser did not get the camera. Click the camera or lock sign in the address bar, allow the camera, "
            "then press START again – or choose the built-in clip above."
        ),
        "NotFound": _("No camera was found. Connect one and press START again, or choose the built-in clip above."),
        "NotReadable": _(
            "The camera is busy. Close other programs that use it (Zoom, Teams, another tab) and press START again."
        ),
        "mediaDevices": _(
            "Browsers give the camera only to pages on localhost or with https. Open the app on this computer as "
            "http://localhost, or choose the built-in clip above."
        ),
    }
    other = _("The video could not start. Press START again or choose the built-in clip above.")
    st.warning(next((text for sign, text in advice.items() if sign in trouble), other), icon="📷")


def show_panel(processor: LiveProcessor, bundles: list[Bundle], playing: bool) -> None:
    """Numbers and figures beside the video, twice a second while it plays."""
    # Only this fragment is run again: the video and the choices above it stay as they are.
    st.fragment(_panel, run_every=0.5 if playing else None)(processor, bundles, playing)


def _panel(processor: LiveProcessor, bundles: list[Bundle], playing: bool) -> None:
    stats = processor.stats()
    _show_numbers(stats)
    if playing:
        _show_figures(stats, bundles)
    else:
        st.markdown(_explanation())
    if stats.errors:
        text = _("{count} frames could not be processed: {error}")
        st.error(text.format(count=stats.errors, error=stats.last_error))


def _show_numbers(stats: LiveStats) -> None:
    with st.container(key="live-stats", horizontal=True, gap="medium"):
        st.metric(_("Faces"), stats.faces, width="content")
        st.metric(_("Frames/s"), f"{stats.fps:.0f}", width="content")
        st.metric(_("Per frame"), f"{stats.timings_ms.get('total', 0):.0f} ms", width="content")
        st.metric(_("Processed"), stats.processed, width="content")


def _show_figures(stats: LiveStats, bundles: list[Bundle]) -> None:
    """A chart for each model, also while no face is in view: what comes and goes makes a page jump."""
    face = stats.result.largest
    for position, bundle in enumerate(bundles):
        card = bundle.card
        nobody = Prediction(card.classes, np.zeros(len(card.classes)))
        prediction = face.predictions.get(card.name, nobody) if face else nobody
        figure = probabilities(prediction, language(), card.name)
        st.plotly_chart(figure, width="stretch", config=_CHART, key=f"live.probabilities.{position}")
    names = {"decode": _("Decode"), "detect": _("Detect"), "classify": _("Classify"), "draw": _("Draw")}
    figure = stage_timings(stats.timings_ms, names, _("Time per frame, by stage"))
    st.plotly_chart(figure, width="stretch", config=_CHART, key="live.timings")


def _explanation() -> str:
    steps = (
        _("**Detect** – the Viola–Jones cascade looks for faces in a small gray copy."),
        _("**Crop** – each face is cut out and scaled to what the model takes, such as 48 × 48 pixels."),
        _("**Classify** – the convolutional network gives each emotion a probability."),
        _("**Draw** – box and label go onto the frame, and the frame back to you."),
    )
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
    return _("What happens with every frame:") + "\n\n" + numbered


def show_code() -> None:
    """The real function behind the video."""
    with st.expander(_("Show the code")):
        st.code(dedent(inspect.getsource(FacePipeline.process)), language="python")
