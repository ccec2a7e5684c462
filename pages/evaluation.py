"""Evaluation: what does the network answer on a picture it has never seen?"""

import cv2
import streamlit as st

from emotion.errors import UserError
from emotion.haar.photos import shrink
from emotion.i18n import _, error_text, language
from emotion.live.annotate import annotate
from emotion.live.faces import Face, FrameResult
from emotion.live.still import StillFace
from emotion.plots.live import probabilities
from emotion.ui import chart
from emotion.ui.guards import ensure_model
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading
from emotion.ui.photo import LONGEST, choose_photo, read_photo

heading(
    _("Test one picture"),
    _(
        "Give the network a photo. The face is found, cut out as a gray square and made as small as the training "
        "images: that little picture is all the network sees."
    ),
)


def show_face(face: StillFace, number: int) -> None:
    """The crop as the network sees it, beside its answer."""
    crop, answer = st.columns([1, 2], vertical_alignment="center")
    side = face.crop.shape[0]
    # Enlarged without smoothing, so that every pixel of the network's picture can be seen.
    enlarged = cv2.resize(face.crop, (288, 288), interpolation=cv2.INTER_NEAREST)
    crop.image(enlarged, caption=_("What the network sees: {side} × {side} pixels").format(side=side), width="stretch")
    with answer:
        chart.show(probabilities(face.prediction, language()), f"evaluation.answer.{number}")


classifier = ensure_model()
try:
    uploaded = choose_photo("evaluation")
    if uploaded is None:
        st.stop()
    bgr = shrink(uploaded, LONGEST)
    faces = read_photo(bgr, classifier)
except UserError as error:
    st.error(error_text(error))
    st.stop()
mark_done("evaluation")
photo, answers = st.columns([1, 1.4], gap="large")
boxes = [face for face in faces if face.xyxy is not None]
model = classifier.bundle.card.name
found = FrameResult(tuple(Face(face.xyxy, row, {model: face.prediction}) for row, face in enumerate(boxes)))
photo.image(cv2.cvtColor(annotate(bgr, found, language=language()), cv2.COLOR_BGR2RGB), width="stretch")
if not boxes:
    photo.caption(_("No face was found, so the whole picture is taken for one, as with the images of a data set."))
with answers, st.container(key="evaluation-answers"):
    for number, face in enumerate(faces[:4]):
        show_face(face, number)
    if len(faces) > 4:
        st.caption(_("The four largest of {n} faces are shown.").format(n=len(faces)))
if classifier.bundle.card.synthetic:
    st.warning(_("This model was trained on drawn faces. Its answers on photos mean little."), icon=":material/draw:")
