"""How a face is found: the integral image worked by hand, and the detector at work."""

import inspect

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar import integral
from emotion.haar.crop import crop_face
from emotion.haar.detector import DetectorSettings, FaceDetector
from emotion.haar.photos import draw_boxes, shrink
from emotion.i18n import _, error_text
from emotion.plots.haar import integral_figure, matrix_figure
from emotion.ui import haar as widgets
from emotion.ui.photo import choose_photo

LONGEST = 1280  # Pixels of a photo's longer side: a laptop scans more than that for seconds at every change.
FACE, WINDOW = (86, 180, 233), (230, 159, 0)
CODE = "🔍"


@st.fragment
def integral_tab() -> None:
    controls, result = st.columns([2, 5], gap="large")
    try:
        with controls:
            rectangle, matrix = widgets.choose_rectangle(), widgets.edit_matrix()
    except UserError as error:
        result.error(error_text(error))
        return
    sums = integral.integral_image(matrix)
    with result:
        widgets.show_arithmetic(integral.corners(sums, *rectangle))
        figures = {"picture": matrix_figure(matrix, rectangle), "sums": integral_figure(sums, rectangle)}
        for column, (name, figure) in zip(st.columns(2), figures.items(), strict=True):
            column.plotly_chart(figure, key=f"haar.{name}", config={"displayModeBar": False})
        st.markdown(
            _(
                "**Why four look-ups are enough.** An entry of the integral image is the sum of everything above and "
                "left of it. **D** reaches down to the rectangle's last cell; **B** takes away what lies to the left, "
                "**C** what lies above. Their overlap **A** went twice, so it comes back once. That costs the same "
                "for 9 cells as for 10,000: a detector can ask thousands of Haar features in a moment."
            )
        )
        with st.expander(_("Show the code"), icon=CODE):
            st.code("\n\n".join(inspect.getsource(part) for part in (integral.integral_image, integral.Corners)))


@st.fragment
def detection_tab() -> None:
    st.markdown(
        _(
            "A window slides over the photo, again and again, each time larger. A **cascade** of stages, each with "
            "more weak classifiers than the last, throws out early what is no face. Where many of the windows that "
            "are left overlap, there is a face."
        )
    )
    left, right = st.columns([5, 3], gap="large")
    with right, st.container(key="haar-settings"):
        cascade, settings = widgets.choose_settings()
    with left, st.container(key="haar-detection"):
        try:
            photo = choose_photo("haar")
            if photo is not None:
                show_detection(shrink(photo, LONGEST), cascade, settings)
        except UserError as error:
            st.error(error_text(error))
    with st.expander(_("Show the code"), icon=CODE):
        st.code(inspect.getsource(FaceDetector.detect))


def show_detection(bgr: np.ndarray, cascade: str, settings: DetectorSettings) -> None:
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    found = widgets.scan(gray, cascade, settings)
    rgb = draw_boxes(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), found.windows, WINDOW, 1)
    st.image(draw_boxes(rgb, found.faces, FACE, max(2, max(gray.shape) // 160)), width="stretch")
    st.caption(_(":orange[Thin]: every window that passed. :blue[Thick]: the faces they agree on."))
    crop, *numbers = st.columns([2, 1, 1, 1], vertical_alignment="center")
    values = {_("Faces"): len(found.faces), _("Windows"): len(found.windows), _("Time"): f"{found.milliseconds:.0f} ms"}
    for column, (name, value) in zip(numbers, values.items(), strict=True):
        column.metric(name, value)
    if not len(found.faces):
        crop.info(_("No face here. Try a smaller scaleFactor or fewer minNeighbors."))
        return
    face = crop_face(gray, found.faces[0], size=48)
    crop.image(cv2.resize(face, (192, 192), interpolation=cv2.INTER_NEAREST), width=144)
    crop.caption(_("The first face as a network sees it: 48 × 48 gray pixels"))


st.title(_("How a face is found"))
st.caption(_("Haar features, the integral image and the cascade: Viola and Jones, 2001"))
tabs = st.tabs([_("Integral image"), _("Detection")], key="haar.tabs")
with tabs[0]:
    integral_tab()
with tabs[1]:
    detection_tab()
