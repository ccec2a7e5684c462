"""Why is it wrong on me? One frozen face: what the network sees of it, what the answer hangs on, what it knows."""

import numpy as np
import streamlit as st

from emotion.cnn.classifier import Classifier
from emotion.cnn.neighbours import Neighbours, nearest
from emotion.cnn.occlusion import occlusion_map
from emotion.dataset.folder import Dataset, open_dataset
from emotion.errors import UserError
from emotion.haar.photos import LONGEST, shrink
from emotion.i18n import _, error_text, plain
from emotion.labels import class_names
from emotion.live.still import StillFace
from emotion.live.stream import LiveProcessor
from emotion.plots.altered import photo_figure
from emotion.ui import chart
from emotion.ui.dataset.common import job_key, picture_wall
from emotion.ui.evaluation.altering import experiment
from emotion.ui.evaluation.asking import face_key
from emotion.ui.evaluation.cell import show_face
from emotion.ui.guards import datasets, distinct
from emotion.ui.jobs import outcome
from emotion.ui.live.shots import choose_model, plays
from emotion.ui.photo import choose_photo, chosen_face, read_photo

_FROZEN, _NUMBER = "live.freeze.frame", "live.freeze.number"
_NEAREST = 8
_SMALL = 80
"""Pixels of a face below which its picture is mostly made up."""


def show(processor: LiveProcessor | None) -> None:
    """The whole view; ``processor`` is the running video's, or None: then a photo is looked at."""
    st.caption(
        _(
            "It says you are angry, and you are not? Freeze the moment: see the little picture that the network sees, "
            "cover parts of it, change its light, and look which faces it takes you for."
        )
    )
    classifier = choose_model(
        "live.freeze.model", lambda bundle: True, _("Ask"), _("The model whose answer is looked into.")
    )
    if classifier is None:
        return
    try:
        bgr = _frame(processor)
        if bgr is None:
            return
        face = _choose(bgr, read_photo(bgr, classifier))
    except UserError as error:
        st.error(error_text(error))
        return
    _hints(face)
    with st.container(key="evaluation-answers"):  # The same look as on the Evaluation page.
        experiment(face.crop, [classifier])
    _covered(classifier, face)
    try:
        _neighbours(classifier, face)
    except UserError as error:
        st.error(error_text(error))
    _to_evaluation(face)


def _frame(processor: LiveProcessor | None) -> np.ndarray | None:
    """The frozen frame or the photo, bgr uint8 (H, W, 3); None until there is one."""
    if not plays(processor):
        brought = choose_photo("live.freeze")
        return None if brought is None else shrink(brought, LONGEST)
    pressed = st.button(
        _("Freeze this moment"), key="live.freeze.now", icon=":material/ac_unit:", type="primary",
        help=_("Takes the newest frame of the video. It stays in memory and is not stored."),
    )  # fmt: skip
    snapshot = processor.takers.snapshot() if pressed and processor else None
    if snapshot:
        st.session_state[_FROZEN] = snapshot.bgr.copy()
    if _FROZEN not in st.session_state:
        st.info(_("Press the button when the label above your face is wrong."), icon=":material/ac_unit:")
    frozen: np.ndarray | None = st.session_state.get(_FROZEN)
    return frozen


def _choose(bgr: np.ndarray, faces: list[StillFace]) -> StillFace:
    """The frame with its faces numbered, a click on one chooses it; beside it the chosen one as the network sees it."""
    number = min(chosen_face(bgr, _NUMBER), len(faces) - 1)
    face = faces[number]
    frame, small = st.columns([3, 2], gap="large", vertical_alignment="center")
    boxes = [each.xyxy for each in faces if each.xyxy is not None]
    with frame:
        chart.clickable(photo_figure(bgr, boxes, number), "live.freeze.photo", _remember)
        if not boxes:
            st.caption(_("No face was found, so the whole picture is taken for one, as with the images of a dataset."))
    name = class_names(face.prediction.classes)[face.prediction.position]
    with small:
        st.markdown(_("**{name}**, {share} sure").format(name=plain(name), share=f"{face.prediction.probability:.0%}"))
        side = face.crop.shape[0]
        show_face(small, face.crop, _("What the network sees: {side} × {side} pixels").format(side=side))
    return face


def _remember(numbers: list[int]) -> None:
    st.session_state[_NUMBER] = numbers[0]


def _hints(face: StillFace) -> None:
    """What about the picture alone may mislead a network."""
    hints = []
    width = face.crop.shape[1] if face.xyxy is None else float(face.xyxy[2] - face.xyxy[0])
    if face.xyxy is not None and width < _SMALL:
        hints.append(_("The face is only {n} pixels wide: come nearer.").format(n=round(width)))
    if face.crop.mean() < 70:
        hints.append(_("It is dark: turn towards the light."))
    if face.crop.std() < 30:
        hints.append(_("It has little contrast: light from one side shows the folds that make an expression."))
    for hint in hints:
        st.caption(f":material/lightbulb: {hint}")


def _covered(classifier: Classifier, face: StillFace) -> None:
    """The face under a heat map of what its answer hangs on, and what speaks for the runner-up."""
    said = face.prediction.probabilities
    targets = [int(place) for place in np.argsort(-said, kind="stable")[:2]]
    names = class_names(face.prediction.classes)
    key = f"live:occlusion:{classifier.bundle.digest}:{face_key(face.crop)}"
    with st.container(border=True, key="live-covered"):
        st.markdown(
            _(
                "**What does the answer hang on?** A gray square covers a part at a time: warm is what the answer "
                "needs, blue what stands in its way."
            )
        )
        maps = outcome(
            key, _("Covering parts of the face"),
            lambda told: [occlusion_map(classifier, face.crop, target) for target in targets],
        )  # fmt: skip
        pictures = st.container(horizontal=True)
        for target, heat in zip(targets, maps or (), strict=False):
            text = _("What speaks for {name}") if heat.max() > 0 else _("Nothing speaks for {name}")
            show_face(pictures, face.crop, text.format(name=plain(names[target])), heat)


def _neighbours(classifier: Classifier, face: StillFace) -> None:
    """The training images of a dataset that the network finds most alike."""
    roots = datasets()
    if not roots:
        st.caption(
            _(
                "Which faces it takes you for is shown here once there are training images: open some on the "
                "Dataset page."
            )
        )
        return
    with st.container(border=True, key="live-alike"):
        st.markdown(
            _("**Which faces does it take you for?** The training images nearest to yours in its last layer but one")
        )
        own = [root for root in roots if root.name == classifier.bundle.card.training.get("folder")]
        if st.session_state.get("live.freeze.dataset") not in roots:
            st.session_state["live.freeze.dataset"] = (own or roots)[0]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            root = st.selectbox(
                _("Dataset"), roots, key="live.freeze.dataset",
                format_func=distinct({each: each.name for each in roots}, lambda each: str(each.parent)).__getitem__,
            )  # fmt: skip
            begin = st.button(_("Look for them"), key="live.freeze.nearest", icon=":material/search:")
        dataset = open_dataset(root)
        key = job_key(dataset, f"live:nearest:{classifier.bundle.digest}:{face_key(face.crop)}")
        near = outcome(
            key, _("Asking about every training image"),
            lambda told: nearest(classifier, dataset, face.crop, _NEAREST, told), begin,
        )  # fmt: skip
        if near is not None:
            _wall(dataset, near, key)


def _wall(dataset: Dataset, near: Neighbours, key: str) -> None:
    paths, names = dataset.everything.paths, class_names(dataset.classes)
    rows = [paths.index(path) for path in near.paths]
    captions = [names[label] for label in near.labels]
    picture_wall(dataset, rows, f"live.freeze.wall.{hash(key)}", 72, captions, clickable=False)


def _to_evaluation(face: StillFace) -> None:
    if st.button(
        _("Take it to the Evaluation page"), key="live.freeze.evaluate", icon=":material/science:",
        help=_("There: Grad-CAM, other models, and a look inside the network."),
    ):  # fmt: skip
        st.session_state["evaluation.picture"], st.session_state["evaluation.view"] = face.crop, "picture"
        st.switch_page("pages/evaluation.py")
