"""The experiment: a face is made brighter, blurred, shifted or turned, and the answer is watched until it flips."""

import hashlib

import cv2
import numpy as np
import streamlit as st

from emotion.cnn.alter import RANGES, Alteration, Flip, alter, flips, sweep
from emotion.cnn.classifier import Classifier
from emotion.i18n import _, minus, plain
from emotion.labels import class_names
from emotion.live.faces import Prediction
from emotion.plots.altered import before_after, sweep_figure
from emotion.ui import chart
from emotion.ui.guards import bundle_title

_SIDE = 264  # Pixels of the enlarged face, on a screen that shows two for one.


def _settings() -> dict[str, tuple[str, str]]:
    """Setting → its name and its unit."""
    return {
        "brightness": (_("Brightness"), ""),
        "contrast": (_("Contrast"), "%"),
        "blur": (_("Blur"), "px"),
        "shift_x": (_("Shift to the right"), "px"),
        "shift_y": (_("Shift down"), "px"),
        "rotation": (_("Rotation"), "°"),
    }


@st.fragment
def experiment(face: np.ndarray, classifiers: list[Classifier]) -> None:
    """The face uint8 (H, W) before and after, its sliders, and what each classifier says of both."""
    pictures, answers = st.columns([2, 3], gap="large")
    with pictures:
        # The pictures stand above the sliders that make them.
        place = st.container(key="evaluation-pictures", horizontal=True, gap="small")
        how = _sliders()
    altered = alter(face, how)
    with place:
        # No columns: those would stand one below the other on a narrow screen.
        st.image(_enlarged(face), width=_SIDE // 2, caption=_("As it is"))
        st.image(_enlarged(altered), width=_SIDE // 2, caption=_("As altered"))
    with answers:
        for number, classifier in enumerate(classifiers):
            if len(classifiers) > 1:
                st.markdown(f"**{plain(bundle_title(classifier.bundle))}**")
            _answers(classifier, face, altered, how, number)
    _sweep(classifiers[0], face, how)


def _sliders() -> Alteration:
    """The sliders, neutral at first and after a reset."""
    for name, span in RANGES.items():
        st.session_state.setdefault(f"evaluation.alter.{name}", float(span.neutral))
    columns = st.columns(2)
    for place, (name, (label, unit)) in enumerate(_settings().items()):
        span = RANGES[name]
        columns[place // 3].slider(
            label, float(span.low), float(span.high), step=float(span.step), key=f"evaluation.alter.{name}",
            format=("%.1f" if span.step < 1 else "%d") + (f" {unit}" if unit == "px" else unit.replace("%", "%%")),
            persist_state="session", on_change=_follow, args=(name,),
        )  # fmt: skip
    how = Alteration(**{name: st.session_state[f"evaluation.alter.{name}"] for name in RANGES})
    st.button(
        _("Reset"), key="evaluation.alter.reset", icon=":material/restart_alt:", on_click=_reset,
        disabled=not how.changed,
    )  # fmt: skip
    return how


def _follow(name: str) -> None:
    st.session_state["evaluation.sweep"] = name


def _reset() -> None:
    for name, span in RANGES.items():
        st.session_state[f"evaluation.alter.{name}"] = float(span.neutral)


def _answers(classifier: Classifier, face: np.ndarray, altered: np.ndarray, how: Alteration, number: int) -> None:
    """A model's bars before and after, and whether its answer has flipped."""
    classes = classifier.bundle.card.classes
    before, after = (Prediction(classes, shares) for shares in classifier.predict(np.stack([face, altered])))
    names = [plain(name) for name in class_names(classes)]
    old, new = names[before.position], names[after.position]
    if old != new:
        text = _("The answer flipped from **{old}** to **{new}** at {settings}.")
        st.warning(text.format(old=old, new=new, settings=_said(how)), icon=":material/swap_horiz:")
    elif how.changed:
        st.info(_("Still **{name}**, at {settings}.").format(name=new, settings=_said(how)), icon=":material/check:")
    else:
        st.info(
            _("**{name}**, {share} sure. Move a slider: when does the answer flip?").format(
                name=new, share=f"{after.probability:.0%}"
            ),
            icon=":material/tune:",
        )
    chart.show(before_after(before, after, chart.ink()), f"evaluation.altered.{number}")


def _said(how: Alteration) -> str:
    """The settings that are not neutral, in words."""
    settings = _settings()
    return ", ".join(f"{settings[name][0].lower()} {_value(name, value)}" for name, value in how.changed.items())


def _value(name: str, value: float) -> str:
    unit = _settings()[name][1]
    return minus(f"{value:.4g}") + (" " if unit == "px" else "") + unit


def _sweep(classifier: Classifier, face: np.ndarray, how: Alteration) -> None:
    """The answers over the whole range of the slider that was moved last, or of the one that is chosen here."""
    settings = _settings()
    with st.container(border=True, key="evaluation-sweep"):
        st.markdown(_("**The whole range of a slider at once**"))
        st.session_state.setdefault("evaluation.sweep", "rotation")
        st.segmented_control(
            _("Slider"), list(settings), format_func=lambda key: settings[key][0],
            key="evaluation.sweep", label_visibility="collapsed", required=True, persist_state="session",
        )  # fmt: skip
        name = str(st.session_state["evaluation.sweep"])
        neutral = Alteration(**{**vars(how), name: RANGES[name].neutral})
        key = f"{face.shape} {hashlib.sha256(face.tobytes()).hexdigest()}"
        digest = classifier.bundle.digest
        found = _swept(key, digest, neutral, name, face, classifier)
        turns, classes = flips(name, found), classifier.bundle.card.classes
        st.caption(_told(name, turns, classes))
        label, unit = settings[name]
        title = f"{label} ({unit})" if unit else label
        figure = sweep_figure(name, found, turns, classes, getattr(how, name), title)
        chart.show(figure, "evaluation.swept")


def _told(name: str, turns: list[Flip], classes: tuple[str, ...]) -> str:
    """Where the answer flips first on either side, in words."""
    if not turns:
        return _("Nothing on this slider changes the answer.")
    names = [plain(one) for one in class_names(classes)]
    nearest = sorted(turns, key=lambda flip: abs(flip.value - RANGES[name].neutral))
    parts = [f"{_value(name, flip.value)}: {names[flip.before]} → {names[flip.after]}" for flip in nearest[:4]]
    return _("The answer flips at {places}.").format(places=" · ".join(parts))


# The swept setting itself is neutral in ``how``, so that moving its own slider asks nothing anew.
@st.cache_data(show_spinner=False, max_entries=64)
def _swept(key: str, digest: str, how: Alteration, name: str, _face: np.ndarray, _classifier: Classifier) -> np.ndarray:
    return sweep(_classifier, _face, how, name)


def _enlarged(face: np.ndarray) -> np.ndarray:
    """Without smoothing, so that every pixel of the network's picture can be seen."""
    return cv2.resize(face, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
