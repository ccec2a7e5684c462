"""One picture: what does the network answer on a face it has never seen, and when does the answer flip?"""

import cv2
import numpy as np
import streamlit as st

from emotion.cnn.bundle import scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.haar.photos import LONGEST, shrink
from emotion.i18n import _, error_text
from emotion.labels import class_names, label_of
from emotion.live.faces import Prediction
from emotion.live.still import StillFace, is_small
from emotion.plots.altered import photo_figure
from emotion.ui import chart
from emotion.ui.evaluation.altering import experiment
from emotion.ui.guards import GENDER, bundle_names, ensure_model, open_model
from emotion.ui.lesson import mark_done
from emotion.ui.photo import choose_photo, chosen_face, read_photo
from emotion.ui.tiles import Tile, wall

FACE = "evaluation.face"
"""The session's key for the face that was looked at last, uint8 (H, W); other views take it up."""
_SHOWN = 12
"""Faces of a photo that can be chosen."""


def show() -> None:
    """The whole view."""
    st.caption(
        _(
            "Give the network a photo. The face is found, cut out as a gray square and made as small as the training "
            "images: that little picture is all the network sees."
        )
    )
    classifier, others = _models()
    if "gender" in {one.bundle.card.task for one in (classifier, *others)}:
        st.caption(":material/info: " + _(GENDER))
    try:
        bgr, whole = _picture()
        if bgr is None:
            return
        faces = _faces(bgr, whole, classifier)
    except UserError as error:
        st.error(error_text(error))
        return
    mark_done("evaluation")
    face = _choose(bgr, faces, whole)
    st.session_state[FACE] = face.crop
    with st.container(key="evaluation-answers"):
        experiment(face.crop, [classifier, *others])
    if classifier.bundle.card.synthetic:
        st.warning(
            _("This model was trained on drawn faces. Its answers on photos mean little."), icon=":material/draw:"
        )


def _models() -> tuple[Classifier, list[Classifier]]:
    """The model, and those that are asked about the same face beside it."""
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        first = ensure_model()
    size = first.bundle.card.input
    # The damaged ones are named already.
    rest = [one for one in scan_bundles()[0] if one.path != first.bundle.path and one.card.input == size]
    by_path, names = {str(one.path): one for one in rest}, bundle_names(rest)
    kept = [path for path in st.session_state.get("evaluation.others", []) if path in by_path]
    st.session_state["evaluation.others"] = kept
    paths = right.multiselect(
        _("Also ask"), list(by_path), format_func=names.__getitem__, key="evaluation.others", max_selections=2,
        placeholder=_("other models"), persist_state="session", disabled=not by_path,
        help=_("The same face for up to two more models: another training, age, or gender."),
    )  # fmt: skip
    return first, [one for one in map(open_model, map(by_path.__getitem__, paths)) if one]


def _picture() -> tuple[np.ndarray | None, bool]:
    """The photo, bgr uint8 (H, W, 3), and whether it is taken as it is."""
    brought = choose_photo("evaluation")
    whole = st.toggle(
        _("Take the picture as it is"), key="evaluation.whole", persist_state="session",
        help=_(
            "Off: the face is found and cut out, as on the Live page. On: the whole picture is the face, as with the "
            "images of a dataset."
        ),
    )  # fmt: skip
    return None if brought is None else shrink(brought, LONGEST), whole


def _faces(bgr: np.ndarray, whole: bool, classifier: Classifier) -> list[StillFace]:
    if not whole:
        return read_photo(bgr, classifier)[:_SHOWN]
    gray, card = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), classifier.bundle.card
    crop = crop_face(gray, (0, 0, *gray.shape[::-1]), card.input.height)
    return [StillFace(crop, Prediction(card.classes, classifier.predict(crop[np.newaxis])[0]), None)]


def _choose(bgr: np.ndarray, faces: list[StillFace], whole: bool) -> StillFace:
    """The photo with its faces numbered, beside the crops with the same numbers; a click on either chooses one."""
    chosen = min(chosen_face(bgr, "evaluation.number"), len(faces) - 1)
    photo, crops = st.columns([3, 2], gap="large", vertical_alignment="center")
    # The crops come first in time: a click on one marks its box in the same run.
    with crops:
        clicked = _crops(faces)
    if clicked is not None:
        chosen = st.session_state["evaluation.number"] = clicked
    with photo:
        boxes = [face.xyxy for face in faces if face.xyxy is not None]
        chart.clickable(photo_figure(bgr, boxes, chosen), "evaluation.photo", _remember)
        if not boxes and not whole:
            text = _("No face was found, so the whole picture is taken for one, as with the images of a dataset.")
            if is_small(bgr, faces[chosen].crop.shape[0]):
                text = _("So small a picture is taken for a face as a whole, as with the images of a dataset.")
            st.caption(text)
    return faces[chosen]


def _remember(numbers: list[int]) -> None:
    st.session_state["evaluation.number"] = numbers[0]
    st.session_state["evaluation.round"] = st.session_state.get("evaluation.round", 0) + 1


def _crops(faces: list[StillFace]) -> int | None:
    """A tile for each face: its number, its answer; the one that was clicked last."""
    tiles = []
    for number, face in enumerate(faces):
        said, position = face.prediction, face.prediction.position
        name = class_names(said.classes)[position]
        colour = label_of(said.label, position).colour
        mark = f"{number + 1} · " if len(faces) > 1 else ""
        tiles.append(Tile(number, encode(face.crop), name, colour, f"{mark}{name} {said.probability:.0%}"))
    title = _("What the network sees: {side} × {side} pixels").format(side=faces[0].crop.shape[0])
    st.markdown(f"**{title}**")
    if len(faces) > 1:
        st.caption(_("Click a face, here or on the photo, to look at it closely."))
    # A wall of its own for each photo, and after a click on the photo, which is the later one then.
    photo = hash(tuple(face.crop.tobytes() for face in faces))
    key = f"evaluation.crops.{photo}.{st.session_state.get('evaluation.round', 0)}"
    return wall(tiles, key, 96 if len(faces) > 1 else 160, clickable=len(faces) > 1)
