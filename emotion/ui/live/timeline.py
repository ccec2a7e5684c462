"""What the faces have said: the last minute, and the whole session."""

import streamlit as st

from emotion.i18n import _, language
from emotion.labels import class_names
from emotion.live.faces import Prediction
from emotion.live.history import ModelSummary, Sample, SessionSummary
from emotion.live.stream import LiveProcessor
from emotion.plots.live import answer, last_minute, mood, session
from emotion.ui.chart import grow, ink
from emotion.ui.live.pace import repeat
from emotion.ui.live.panel import CHOSEN

_MODEL, _ASKED = "live.minute.model", "live.minute.asked"
_RECENT = 1.0  # Seconds within which every model that is asked has answered.
_MOOD = 0.15  # From here on a session is called pleasant or unpleasant.


def show_minute(processor: LiveProcessor, playing: bool) -> None:
    """The last minute of the chosen face, drawn once a second at most while the video plays."""
    repeat("live-minute", _minute, 1.0 if playing else None, processor)


def show_session(processor: LiveProcessor, playing: bool) -> None:
    """The session since START, every two seconds at most while the video plays."""
    repeat("live-session", _session, 2.0 if playing else None, processor)


def _minute(processor: LiveProcessor) -> None:
    samples = processor.takers.last_minute()
    if not samples:
        st.caption(_("Here the answers for one face run by: layers of all classes, one minute long."))
        return
    _prefer_asked(samples)
    model = _choose_model([sample.model for sample in samples], _MODEL)
    track = _track(processor, samples)
    own = [sample for sample in samples if (sample.model, sample.track_id) == (model, track)]
    # A model of the same name may have taken its place with other classes.
    own = [sample for sample in own if sample.classes == own[-1].classes]
    grow(last_minute(own, processor.takers.seconds, language()), "live-minute-chart")


def _prefer_asked(samples: tuple[Sample, ...]) -> None:
    """Choose a model that is asked now, once others are than before; the reader may look at an older one's answers."""
    recent = [sample.model for sample in samples if sample.seconds > samples[-1].seconds - _RECENT]
    if st.session_state.get(_ASKED) != set(recent):
        st.session_state[_ASKED] = set(recent)
        if st.session_state.get(_MODEL) not in recent:
            st.session_state[_MODEL] = recent[0]


def _track(processor: LiveProcessor, samples: tuple[Sample, ...]) -> int:
    """The chosen face, else the largest of now, else the one that was seen last."""
    chosen, largest = st.session_state.get(CHOSEN), processor.stats().result.largest
    if chosen is not None:
        return int(chosen)
    return largest.track_id if largest else samples[-1].track_id


def _choose_model(names: list[str], key: str) -> str:
    """One of several models, the first where there is no other."""
    names = list(dict.fromkeys(names))
    if len(names) == 1:
        return names[0]
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    chosen = st.segmented_control(
        _("Model"), names, key=key, required=True, label_visibility="collapsed", persist_state="session"
    )
    return chosen or names[0]


def _session(processor: LiveProcessor) -> None:
    summary = processor.takers.summary()
    if not summary.frames:
        st.caption(_("A summary of the session, for the largest face, will stand here. Press START."))
        return
    show_summary(summary, "live.session")


def show_summary(summary: SessionSummary, key: str) -> None:
    """A session or a film in numbers and charts; ``key`` is the start of the widgets' keys."""
    _numbers(summary)
    if summary.models:
        model, name = summary.models[_choose_model(list(summary.models), f"{key}.model")], key.replace(".", "-")
        wide, narrow = st.columns([3, 2], gap="medium")
        with wide:
            grow(session(model, language()), f"{name}-chart")
        with narrow:
            st.markdown(_("**On average**"))
            grow(answer(Prediction(model.classes, model.mean), language(), ink()), f"{name}-mean")
        if model.valence is not None:
            st.markdown(
                _("**Mood**"),
                help=_(
                    "How pleasant the emotions are: happy counts +1, angry, disgust, fear and sad count −1, surprise "
                    "and neutral 0 (after Russell’s circumplex of emotions, 1980)."
                ),
            )
            grow(mood(model), f"{name}-mood")


def _numbers(summary: SessionSummary) -> None:
    shown = {
        _("Length"): "{:d}:{:02d}".format(*divmod(round(summary.seconds), 60)),
        _("Frames"): f"{summary.frames:,}",
        _("With a face"): f"{summary.with_faces / summary.frames:.0%}",
        _("Faces at most"): str(summary.most_faces),
    }
    first = next(iter(summary.models.values()), None)
    if first:
        shown[_("Mostly")] = class_names(first.classes)[int(first.mean.argmax())]
        if first.valence is not None:
            shown[_("Mood")] = _mood_word(first)
    with st.container(horizontal=True, gap="medium"):
        for label, value in shown.items():
            st.metric(label, value, width="content")


def _mood_word(model: ModelSummary) -> str:
    value = model.valence or 0.0
    word = _("pleasant") if value > _MOOD else _("unpleasant") if value < -_MOOD else _("balanced")
    return f"{word} ({value:+.2f})"
