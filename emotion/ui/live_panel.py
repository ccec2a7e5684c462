"""What stands around the video of the Live page: numbers, figures, explanations, advice."""

import inspect
from textwrap import dedent

import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar.detector import FaceDetector
from emotion.i18n import _, error_text, language
from emotion.live.annotate import annotate
from emotion.live.clip import clip_frame
from emotion.live.faces import Prediction
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.stream import LiveProcessor, LiveSettings, LiveStats
from emotion.plots.live import probabilities, stage_timings
from emotion.ui import chart


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
            "Browsers give the camera only to pages with https and to localhost. Open the app as localhost on the "
            "computer it runs on, or choose the built-in clip above."
        ),
        "Connection": _(
            "The connection takes long. Press STOP, then START again; from another computer the network may block it."
        ),
    }
    other = _("The video could not start. Press START again or choose the built-in clip above.")
    st.warning(next((text for sign, text in advice.items() if sign in trouble), other), icon="📷")


def show_steps() -> None:
    """What happens with every frame, in the words of the course."""
    steps = (
        _("**Detect**: the Viola–Jones cascade looks for faces in a small gray copy of the frame."),
        _("**Crop**: each face is cut out and scaled to what the model takes, such as 48 × 48 pixels."),
        _("**Classify**: the convolutional network gives each class a probability."),
        _("**Draw**: box and label go onto the frame, and the frame comes back to you."),
    )
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))


def show_panel(processor: LiveProcessor, playing: bool) -> None:
    """Beside the video: numbers and figures, twice a second while it plays; before, how it is going to look."""
    # On a busy computer Streamlit pales what it is about to renew: twice a second that would flicker.
    st.html("<style>.st-key-live-panel [data-stale=true] { opacity: 1 !important; }</style>")
    # Only this fragment is run again: the video and the choices above it stay as they are.
    with st.container(key="live-panel"):
        st.fragment(_panel, run_every=0.5 if playing else None)(processor, playing)


def _panel(processor: LiveProcessor, playing: bool) -> None:
    stats, settings = processor.stats(), processor.settings
    with st.container(key="live-stats"):
        if playing:
            _show_numbers(stats)
        if stats.processed:
            st.caption(_("{count} frames processed").format(count=stats.processed))
    if playing:
        _show_figures(stats, settings)
    else:
        st.image(preview(settings), _("This is how it looks."), channels="BGR")
    if stats.last_error:
        text = _("{count} frames could not be processed: {error}")
        st.error(text.format(count=stats.errors, error=_reason(stats.last_error)))


def _reason(error: Exception) -> str:
    return error_text(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def _show_numbers(stats: LiveStats) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric(_("Faces"), stats.faces, width="content")
        st.metric(_("Frames/s"), f"{stats.fps:.0f}", width="content")
        st.metric(_("Per frame"), f"{stats.timings_ms.get('total', 0):.0f} ms", width="content")


def _show_figures(stats: LiveStats, settings: LiveSettings) -> None:
    """A chart for each model, also while no face is in view: what comes and goes makes a page jump."""
    face = stats.result.largest
    ink = chart.ink()
    for position, classifier in enumerate(settings.classifiers):
        card = classifier.bundle.card
        nobody = Prediction(card.classes, np.zeros(len(card.classes)))
        prediction = face.predictions.get(card.name, nobody) if face else nobody
        figure = probabilities(prediction, language(), _("Largest face · {model}").format(model=card.name), ink)
        chart.show(figure, f"live.probabilities.{position}")
    names = {"decode": _("Decode"), "detect": _("Detect"), "classify": _("Classify"), "draw": _("Draw")}
    if not settings.classifiers:
        del names["classify"]
    chart.show(stage_timings(stats.timings_ms, names, _("Time per frame, by stage"), ink), "live.timings")


def preview(settings: LiveSettings) -> np.ndarray:
    """A frame of the built-in clip as these settings draw it, bgr uint8 (H, W, 3)."""
    models = tuple(f"{each.bundle.path} {each.bundle.digest}" for each in settings.classifiers)
    return _preview(models, settings.language, settings)


@st.cache_data(max_entries=16, show_spinner=False)
def _preview(models: tuple[str, ...], language: str, _settings: LiveSettings) -> np.ndarray:
    # With a detector of its own: the session's may be at work on a stream, and is for one thread at a time.
    pipeline = FacePipeline(FaceDetector("frontalface_default", *LIVE_SCAN), _settings.classifiers)
    frame = clip_frame(1.5)
    return annotate(frame, pipeline.process(frame, 0.0), language, _settings.notes)


def show_code() -> None:
    """The real function behind the video."""
    with st.expander(_("Show the code")):
        st.code(dedent(inspect.getsource(FacePipeline.process)), language="python")
