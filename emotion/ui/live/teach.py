"""Teach it my face: a guided minute over the seven emotions, and a model that knows this person."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import streamlit as st

from emotion.dataset.collect import Collection
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.i18n import N_, _, error_text, language
from emotion.labels import EMOTIONS, label_of
from emotion.live.stream import LiveProcessor
from emotion.live.taking import Takers
from emotion.ui.live import fitting
from emotion.ui.live.consent import choose_collection, delete_button
from emotion.ui.live.shots import (
    attempt,
    calm,
    choose_model,
    drawn,
    faces_brought,
    knows_emotions,
    note,
    plays,
    say_notes,
)

_KEY, _LESSON, _BEGIN = "live.teach", "live.teach.lesson", "live.teach.begin"
_READY, _SHOTS, _EVERY = 3.0, 10, 0.4
"""Seconds to get ready; then so many shots, one every so many seconds."""
_PATIENCE = 12.0
"""Seconds after which an emotion is left as it is: no face was seen."""
_HOW = {
    "angry": N_("Draw your brows down and together, press your lips."),
    "disgust": N_("Wrinkle your nose and raise your upper lip."),
    "fear": N_("Raise your brows, open your eyes wide, stretch your mouth."),
    "happy": N_("Smile, with your eyes too."),
    "neutral": N_("Let everything go. Just look."),
    "sad": N_("Raise the inner ends of your brows, let the corners of your mouth sink."),
    "surprise": N_("Raise your brows, open your eyes and your mouth."),
}


@dataclass
class _Lesson:
    """Where the guided minute stands: since when at which place in ``EMOTIONS``, and the shots of it so far.

    ``takers`` are its video's, ``root`` the dataset whose person agreed.
    """

    takers: Takers
    root: Path
    since: float
    place: int = 0
    shooting: bool = False
    taken: int = 0

    def go_on(self) -> bool:
        """To the next emotion; whether there is one."""
        self.place, self.since, self.shooting, self.taken = self.place + 1, monotonic(), False, 0
        return self.place < len(EMOTIONS)


def show(processor: LiveProcessor | None) -> None:
    """The whole view; ``processor`` is the running video's, or None: then the faces come from photos."""
    st.caption(
        _(
            "The model has never seen you. Show it your seven faces, one after the other, in a minute: its last layer "
            "is then moved towards you, and you see it before and after, side by side."
        )
    )
    base = choose_model(
        "live.teach.base", lambda bundle: not bundle.card.base and knows_emotions(bundle), _("The model to teach"),
        _("Only its last layer learns. The model itself stays as it is; the new one is a bundle beside it."),
    )  # fmt: skip
    if base is None:
        return
    collection = choose_collection(_KEY, _("my emotions"), frozenset(_HOW))
    lesson: _Lesson | None = st.session_state.get(_LESSON)
    if lesson and (collection is None or collection.root != lesson.root):
        leave()
    if collection is None:
        return
    say_notes()
    try:
        _faces(collection, processor if plays(processor) else None)
        if sum(collection.counts().values()):
            begin = _fit_button(collection)
            dataset = open_dataset(collection.root)
            if done := fitting.fitted(base, dataset, begin, _KEY, adapt=True):
                fitting.taught(done)
    except UserError as error:
        st.error(error_text(error))
    delete_button(collection, _KEY, leave)


def leave() -> None:
    """End the guided minute if there is one: its dataset is no longer looked at."""
    if lesson := st.session_state.pop(_LESSON, None):
        lesson.takers.start_burst(0)


def _faces(collection: Collection, processor: LiveProcessor | None) -> None:
    """The guided minute while it lasts; before and after it, what there is of each emotion."""
    lesson = st.session_state.get(_LESSON)
    if lesson and processor and lesson.takers is processor.takers:
        calm("live-lesson")
        with st.container(key="live-lesson", border=True):
            st.fragment(_guide, run_every=0.4)(collection, processor, lesson)
        return
    leave()
    counts = collection.counts()
    with st.container(horizontal=True, gap="small", key="live-emotions"):
        for label in EMOTIONS:
            caption = f"{label.name(language())} · {counts.get(label.key, 0)}"
            st.image(drawn(label.key), caption, width=84)
    st.button(
        _("Begin the guided minute"), key="live.teach.start", icon=":material/play_arrow:",
        type="secondary" if counts else "primary", disabled=processor is None, on_click=_start,
        args=(collection, processor),
    )  # fmt: skip
    if processor is None:
        st.caption(_("It needs the video: press START. Or add photos, three of an emotion at least."))
    _photos(collection)


def _start(collection: Collection, processor: LiveProcessor) -> None:
    st.session_state[_LESSON] = _Lesson(processor.takers, collection.root, monotonic())


def _photos(collection: Collection) -> None:
    """Photos of one emotion at a time."""
    with st.expander(_("Add photos"), icon=":material/add_photo_alternate:"):
        names = {label.key: label.name(language()) for label in EMOTIONS}
        key = st.segmented_control(
            _("They show"), list(names), default="happy", format_func=names.__getitem__, key="live.teach.emotion",
            required=True, persist_state="session",
        )  # fmt: skip
        if faces := faces_brought("live.teach.photos"):
            attempt(collection.add, str(key), faces)
            st.rerun()


def _guide(collection: Collection, processor: LiveProcessor, lesson: _Lesson) -> None:
    """One look of the guided minute: take in what was shot, go on where it is time, and say what to do now."""
    if processor.closed:
        _end()
    _take_in(collection, processor, lesson)
    label, waited = EMOTIONS[lesson.place], monotonic() - lesson.since
    picture, words = st.columns([1, 2], vertical_alignment="center")
    picture.image(drawn(label.key), width=200)
    with words:
        st.markdown(f"### {label_of(label.key).name(language())}")
        st.write(_(_HOW[label.key]))
        text = _("Hold it: {done} of {all}").format(done=lesson.taken, all=_SHOTS)
        if not lesson.shooting:
            text = _("Get ready: {seconds}").format(seconds=max(1, round(_READY - waited + 0.5)))
        elif not lesson.taken and waited > _READY + 2:
            text = _("No face in view. Come in front of the camera.")
        st.progress(min(1.0, lesson.taken / _SHOTS if lesson.shooting else waited / _READY), text)
    st.progress(lesson.place / len(EMOTIONS), f"{lesson.place + 1} / {len(EMOTIONS)}")
    if st.button(_("Stop"), key="live.teach.stop", icon=":material/stop:"):
        _end()


def _take_in(collection: Collection, processor: LiveProcessor, lesson: _Lesson) -> None:
    waited = monotonic() - lesson.since
    if not lesson.shooting:
        if waited >= _READY:
            processor.takers.start_burst(_SHOTS, _EVERY)
            lesson.shooting = True
        return
    crops, more = processor.takers.burst()
    if crops:
        try:
            collection.add(EMOTIONS[lesson.place].key, crops)
        except UserError as error:
            note(error_text(error))
            _end()
        lesson.taken += len(crops)
    if (not more or waited > _PATIENCE) and not lesson.go_on():
        st.session_state[_BEGIN] = True
        _end()


def _end() -> None:
    """Leave the guided minute; the whole page is run again."""
    leave()
    st.rerun()


def _fit_button(collection: Collection) -> bool:
    """Whether to fit now: after the guided minute by itself, else at a click."""
    fits = [label.key for label in EMOTIONS if collection.counts().get(label.key, 0)]
    pressed = st.button(
        _("Teach it these faces"), key="live.teach.fit", type="primary", icon=":material/bolt:",
        disabled=len(fits) < 2 or _LESSON in st.session_state,
    )  # fmt: skip
    return st.session_state.pop(_BEGIN, False) or pressed
