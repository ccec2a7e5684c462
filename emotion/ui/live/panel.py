"""What stands around the video: the answers of the moment, the last minute, the session, advice."""

from collections.abc import Mapping
from time import monotonic

import cv2
import numpy as np
import streamlit as st

from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.haar.detector import FRONTAL, FaceDetector
from emotion.i18n import _, error_text, language, plain
from emotion.live.annotate import annotate, face_colour
from emotion.live.clip import clip_frame
from emotion.live.faces import Face, Prediction
from emotion.live.log import ROWS_AT_MOST
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.sessions import sessions_at_most
from emotion.live.state import LiveSettings, LiveStats
from emotion.live.stream import LiveProcessor
from emotion.plots.live import answer, stages
from emotion.ui.chart import grow, ink
from emotion.ui.live.pace import repeat
from emotion.ui.tiles import Tile, wall

CHOSEN = "live.chosen"
"""The session's key for the track id of the face whose answers are shown, None for the largest."""
_TILES = 24


def show_steps() -> None:
    """What happens with every frame, in the words of the course."""
    steps = (
        _("**Detect**: the Viola–Jones cascade looks for faces in a small gray copy of the frame."),
        _("**Crop**: each face is cut out and scaled to what the model takes, such as 48 × 48 pixels."),
        _("**Classify**: the convolutional network gives each class a probability."),
        _("**Draw**: box and label go onto the frame, and the frame comes back to you."),
    )
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))


def show(processor: LiveProcessor, playing: bool) -> None:
    """Beside the video: numbers and figures, twice a second at most; before it, how it is going to look."""
    repeat("live-panel", _panel, 0.5 if playing else None, processor, playing)
    if playing and not _many(processor):
        repeat("live-times", _stages, 2.0, processor)


def show_stages(processor: LiveProcessor) -> None:
    """Under the video where several models fill the other column: what each stage takes."""
    if _many(processor):
        repeat("live-times", _stages, 2.0, processor)


def _many(processor: LiveProcessor) -> bool:
    return len(processor.settings.classifiers) > 1


def _stages(processor: LiveProcessor) -> None:
    st.markdown(_("**Time per frame, by stage**"))
    grow(stages(processor.stats().timings_ms), "live-stages")


def _panel(processor: LiveProcessor, playing: bool) -> None:
    stats, settings = processor.stats(), processor.settings
    with st.container(key="live-stats"):
        if playing:
            _numbers(stats)
        if stats.processed:
            st.caption(
                _counts(processor, stats, playing),
                help=_(
                    "Dropped are frames that came while another one was at work: the newest one wins, so that nothing "
                    "lags."
                ),
            )
    if stats.refused:
        text = _(
            "All places are taken ({n} of {n}), so your video is shown as it comes. It is read as soon as somebody "
            "presses STOP: just wait."
        )
        st.info(text.format(n=sessions_at_most()), icon=":material/hourglass_top:")
    if playing:
        _figures(processor, stats, settings)
    else:
        st.image(preview(settings), _("This is how it looks."), channels="BGR", width="stretch")
    if stats.last_error:
        text = _("{count} frames could not be processed: {error}")
        st.error(text.format(count=stats.errors, error=reason(stats.last_error)))
    show_problems(stats.problems)


def show_problems(problems: Mapping[str, Exception]) -> None:
    """The models that could not answer, and why."""
    for name, problem in problems.items():
        st.warning(f"**{plain(name)}** · {reason(problem)}")


def reason(error: Exception) -> str:
    """Why a frame or a model failed, in the reader's language where it is known."""
    return error_text(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def _numbers(stats: LiveStats) -> None:
    values = ("–",) * 3
    if stats.processed:
        values = (f"{stats.faces}", f"{stats.fps:.0f}", f"{stats.timings_ms.get('total', 0):.0f} ms")
    with st.container(horizontal=True, gap="medium"):
        for name, value in zip((_("Faces"), _("Frames/s"), _("Per frame")), values, strict=True):
            st.metric(name, value, width="content")


def _counts(processor: LiveProcessor, stats: LiveStats, playing: bool) -> str:
    text = _("{count} frames processed").format(count=f"{stats.processed:,}")
    if playing:
        text += _(" · {n} dropped/s").format(n=f"{_dropped_a_second(stats):.0f}")
    if stats.resolution:
        text += f" · {stats.resolution[0]} × {stats.resolution[1]}"
    if recording := processor.takers.recording:
        text += _(" · recording, {seconds} s").format(seconds=f"{recording.seconds:.0f}")
    if rows := processor.takers.log_rows():
        full = _(" · log, full: {rows} rows")
        text += (full if rows >= ROWS_AT_MOST else _(" · log, {rows} rows")).format(rows=f"{rows:,}")
    return text


def _dropped_a_second(stats: LiveStats) -> float:
    """Dropped frames a second, over one second at least: the page may be drawn twice in a few milliseconds."""
    now = monotonic()
    then, before, rate = st.session_state.get("live.dropped", (now, stats.dropped, 0.0))
    if now - then >= 1 or stats.dropped < before:
        rate = max(0, stats.dropped - before) / max(now - then, 1)
        then, before = now, stats.dropped
    st.session_state["live.dropped"] = then, before, rate
    return rate


def _figures(processor: LiveProcessor, stats: LiveStats, settings: LiveSettings) -> None:
    """A chart for each model, also while no face is in view: what comes and goes makes a page jump."""
    face = _choose_face(processor, stats)
    for position, classifier in enumerate(settings.classifiers):
        card = classifier.bundle.card
        nobody = Prediction(card.classes, np.zeros(len(card.classes)))
        prediction = face.predictions.get(card.name, nobody) if face else nobody
        st.markdown(f"**{plain(card.name)}**{_aside(prediction) if face else ''}")
        grow(answer(prediction, language(), ink()), f"live-answer-{position}")


def _aside(prediction: Prediction) -> str:
    if prediction.unsure:
        return _(" · unsure")
    return _(" · about {age} years").format(age=f"{prediction.age:.0f}") if prediction.age is not None else ""


def _choose_face(processor: LiveProcessor, stats: LiveStats) -> Face | None:
    """The face whose answers are shown: of several the one that was clicked, else the largest."""
    faces, snapshot = stats.result.faces[:_TILES], processor.takers.snapshot()
    if len(faces) < 2 or snapshot is None:
        st.session_state[CHOSEN] = None
        return stats.result.largest
    gray, hidden = cv2.cvtColor(snapshot.bgr, cv2.COLOR_BGR2GRAY), processor.settings.look.blur
    tiles = []
    for face in sorted(faces, key=lambda face: face.track_id):
        crop = crop_face(gray, face.xyxy, 8 if hidden else 64)
        name = _("Face {number}").format(number=face.track_id + 1)
        tiles.append(Tile(face.track_id, encode(crop), name, face_colour(face)))
    clicked = wall(tiles, "live.face", 56)
    st.session_state[CHOSEN] = clicked
    return next((face for face in faces if face.track_id == clicked), stats.result.largest)


def preview(settings: LiveSettings) -> np.ndarray:
    """A frame of the built-in clip as these settings draw it, bgr uint8 (H, W, 3)."""
    models = tuple(f"{each.bundle.path} {each.bundle.digest}" for each in settings.classifiers)
    return _preview(models, f"{settings.language} {settings.look}", settings)


@st.cache_data(max_entries=16, show_spinner=False)
def _preview(models: tuple[str, ...], look: str, _settings: LiveSettings) -> np.ndarray:
    # With a detector of its own: the session's may be at work on a stream, and is for one thread at a time.
    pipeline = FacePipeline(FaceDetector(FRONTAL, *LIVE_SCAN), _settings.classifiers)
    frame = clip_frame(1.5)
    result = pipeline.process(frame, 0.0)
    return annotate(frame, result, _settings.language, _settings.notes, _settings.look)
