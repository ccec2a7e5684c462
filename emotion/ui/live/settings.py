"""Every knob of the Live page. They may be out of sight: their values are the session's, and widgets only show them."""

from typing import Any

import streamlit as st

from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.errors import UserError
from emotion.haar.detector import DECK, DetectorSettings, face_cascades
from emotion.i18n import N_, _, error_text, language
from emotion.live.fonts import written_language
from emotion.live.pipeline import LIVE_SCAN
from emotion.live.settings import DECK_LOOP, FAST, Look, PipelineSettings
from emotion.live.state import LiveSettings
from emotion.ui.guards import GENDER, bundle_names, classifier_of
from emotion.ui.live.choice import MODELS, take_choice

_PIPELINE, _LOOK = PipelineSettings(), Look()
_DEFAULTS: dict[str, Any] = {
    "mode": _PIPELINE.mode,
    "scale_factor": LIVE_SCAN.scale_factor,
    "min_neighbors": LIVE_SCAN.min_neighbors,
    "min_size": max(LIVE_SCAN.min_size or (0, 0)),
    "smoothing": _PIPELINE.smoothing,
    "mirror": _LOOK.mirror,
    "bars": _LOOK.bars,
    "blur": _LOOK.blur,
    "hysteresis": _PIPELINE.hysteresis,
    "unsure_below": _PIPELINE.unsure_below,
    "patience": _PIPELINE.patience,
    "cascade": LiveSettings().cascade,
    "profile": _PIPELINE.profile,
    "detection_size": _PIPELINE.detection_size,
    "scan_interval": _PIPELINE.scan_interval,
    "reading_interval": _PIPELINE.reading_interval,
}
# Label, least, most, step and explanation of each slider.
_SLIDERS: dict[str, tuple[str, float, float, float, str]] = {
    "scale_factor": (
        "scaleFactor", 1.05, 2.0, 0.05,
        N_("How much larger the window is from scan to scan. Small steps find more faces and take longer."),
    ),
    "min_neighbors": (
        "minNeighbors", 0, 12, 1,
        N_("A face is where more than so many windows overlap. More: fewer false alarms, but faces are missed."),
    ),
    "min_size": (
        "minSize", 20, 200, 5,
        N_("The smallest face that is looked for, in pixels. Larger is faster, and overlooks people far away."),
    ),
    "smoothing": (
        N_("Smoothing (seconds)"), 0.0, 2.0, 0.1,
        N_("Boxes and probabilities are averaged over so much time. 0 shows the raw answers: they flicker."),
    ),
    "hysteresis": (
        N_("Lead of a new label"), 0.0, 0.5, 0.05,
        N_("The label changes only when another class is more probable by so much (hysteresis)."),
    ),
    "unsure_below": (
        N_("Unsure below"), 0.0, 0.9, 0.05,
        N_("A label that is less probable than this is shown as “unsure”. 0 always shows one."),
    ),
    "patience": (
        N_("Patience (seconds)"), 0.0, 2.0, 0.1,
        N_("How long a face stays that is not found again: one missed frame must not make it blink."),
    ),
    "detection_size": (
        N_("Width of the reduced frame"), 200, 1280, 40,
        N_("New faces are looked for in a smaller copy of the frame, so many pixels along its longer side."),
    ),
    "scan_interval": (
        N_("Seconds between full scans"), 0.0, 2.0, 0.05,
        N_("In between, known faces are looked for only where they should be by now, which is ten times faster."),
    ),
    "reading_interval": (
        N_("Seconds between readings"), 0.0, 0.5, 0.02,
        N_("How often a model reads the same face again. 0: in every frame, which takes the computer most time."),
    ),
}  # fmt: skip


def choose_models(bundles: list[Bundle]) -> list[Bundle]:
    """The widget for any number of models; the chosen ones whose names tell their answers apart."""
    by_path, names = {str(bundle.path): bundle for bundle in bundles}, bundle_names(bundles)
    take_choice(bundles)
    paths = st.multiselect(
        _("Models"),
        list(by_path),
        format_func=names.__getitem__,
        key=MODELS,
        persist_state="session",
        placeholder=_("None: face detection alone"),
        help=_(
            "One face goes to all of them: emotion, age, gender, your own. The first one gives the box its colour. "
            "Without a model faces are only found. What you train appears here by itself."
        )
        + " "
        + _(GENDER),
    )
    chosen: dict[str, Bundle] = {}
    for path in paths:
        name = by_path[path].card.name
        if name in chosen:
            st.warning(_("Two of the models are called {name}: only the first one runs.").format(name=name))
        else:
            chosen[name] = by_path[path]
    return list(chosen.values())


def current(bundles: list[Bundle]) -> LiveSettings:
    """All settings as they stand, for these models; a damaged model is named and left out."""
    for name, default in _DEFAULTS.items():
        st.session_state.setdefault(f"live.{name}", default)
    values = {name: st.session_state[f"live.{name}"] for name in _DEFAULTS}
    size = int(values["min_size"])
    return LiveSettings(
        classifiers=tuple(_classifiers(bundles)),
        cascade=values["cascade"],
        scan=DetectorSettings(values["scale_factor"], values["min_neighbors"], (size, size)),
        pipeline=PipelineSettings(**{name: values[name] for name in values.keys() & vars(_PIPELINE).keys()}),
        look=Look(**{name: values[name] for name in vars(_LOOK)}),
        language=language(),
        notes=_notes(bundles),
    )


def _classifiers(bundles: list[Bundle]) -> list[Classifier]:
    found = []
    for bundle in bundles:
        try:
            found.append(classifier_of(str(bundle.path), bundle.digest))
        except UserError as error:
            st.error(error_text(error))
    return found


def _notes(bundles: list[Bundle]) -> dict[str, str]:
    text = "trained on drawn faces"
    if written_language(language()) == language():
        text = _("trained on drawn faces")
    return {bundle.card.name: text for bundle in bundles if bundle.card.synthetic}


def show() -> None:
    """The widgets, the course's few first; a running video takes up each change at once."""
    with st.container(horizontal=True):
        _toggle("mirror", _("Mirror"), _("As in a mirror; the writing stays the right way round."))
        _toggle("bars", _("Bars"), _("The probability of every class beside the largest face."))
        _toggle(
            "blur", _("Hide faces"), _("Faces become coarse squares that nobody can recognise, also in recordings.")
        )
    _slider("smoothing")
    deck = _mode()
    if deck and st.session_state["live.blur"]:
        st.caption(
            _("Hidden is what is found, and for two seconds where it was. The course’s loop misses many a face.")
        )
    for name in ("scale_factor", "min_neighbors", "min_size"):
        _slider(name, disabled=deck)
    with st.expander(_("Advanced"), icon=":material/tune:"):
        for name in ("hysteresis", "unsure_below", "patience"):
            _slider(name, disabled=deck)
        _cascade()
        _toggle(
            "profile", _("Faces from the side"), _("A second cascade, profileface, looks for them; it takes longer.")
        )
        for name in ("detection_size", "scan_interval", "reading_interval"):
            _slider(name, disabled=deck)
    st.button(_("Back to the defaults"), key="live.defaults", icon=":material/restart_alt:", on_click=_reset)


def _mode() -> bool:
    """Ours or the course's loop; whether it is the course's."""
    modes = {FAST: _("Fast and steady"), DECK_LOOP: _("The course’s loop")}
    mode = st.segmented_control(
        _("How faces are found"),
        list(modes),
        format_func=modes.__getitem__,
        required=True,
        key="live.mode",
        persist_state="session",
        help=_(
            "The course’s loop scans every frame anew and remembers nothing: slow, and the label flickers. Ours "
            "follows the faces. Switch, and look at the time per frame."
        ),
    )
    if mode == DECK_LOOP:
        text = _("The course’s values: scaleFactor {scale}, minNeighbors {neighbors}, minSize {size}.")
        st.caption(
            text.format(scale=DECK.scale_factor, neighbors=DECK.min_neighbors, size=max(DECK.min_size or (0, 0)))
        )
    return mode == DECK_LOOP


def _slider(name: str, disabled: bool = False) -> None:
    label, least, most, step, text = _SLIDERS[name]
    key = f"live.{name}"
    st.slider(_(label), least, most, step=step, key=key, help=_(text), disabled=disabled, persist_state="session")


def _toggle(name: str, label: str, text: str) -> None:
    st.toggle(label, key=f"live.{name}", help=text, persist_state="session")


def _cascade() -> None:
    names = list(face_cascades())
    text = _("The trained stages that are looked through. alt2 finds more faces that are tilted a little.")
    st.selectbox(_("Cascade"), names, key="live.cascade", help=text, persist_state="session")


def _reset() -> None:
    for name, default in _DEFAULTS.items():
        st.session_state[f"live.{name}"] = default
