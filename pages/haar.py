"""How a face is found: the integral image worked by hand, and the detector at work."""

import inspect

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar import integral
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import draw_boxes, shrink
from emotion.i18n import _, error_text
from emotion.labels import PALETTE, rgb
from emotion.plots.haar import integral_figure, matrix_figure
from emotion.ui import chart
from emotion.ui import haar as widgets
from emotion.ui.lesson import mark_done
from emotion.ui.page import heading
from emotion.ui.photo import LONGEST, choose_photo

FACE, WINDOW = rgb(PALETTE["sky blue"]), rgb(PALETTE["orange"])


@st.fragment
def integral_tab() -> None:
    controls, result = st.columns([1, 2], gap="medium")
    try:
        with controls:
            rectangle, matrix = widgets.choose_rectangle(), widgets.edit_matrix()
    except UserError as error:
        result.error(error_text(error))
        return
    with result:
        show_integral(matrix, rectangle)
        st.markdown(
            _(
                "**Why four look-ups are enough.** An entry of the integral image is the sum of everything above and "
                "left of it. **D** reaches down to the rectangle's last cell; **B** takes away what lies to the left, "
                "**C** what lies above. Their overlap **A** went twice, so it comes back once. That costs the same "
                "for 9 cells as for 10,000: a detector can ask thousands of Haar features in a moment."
            )
        )
        with st.expander(_("Show the code")):
            st.code("\n\n".join(inspect.getsource(part) for part in (integral.integral_image, integral.Corners)))


def show_integral(matrix: np.ndarray, rectangle: integral.Rectangle) -> None:
    sums = integral.integral_image(matrix)
    widgets.show_arithmetic(integral.corners(sums, *rectangle))
    ink = chart.ink()
    figures = {"values": matrix_figure(matrix, rectangle, ink), "sums": integral_figure(sums, rectangle, ink)}
    for column, (name, figure) in zip(st.columns(2), figures.items(), strict=True):
        with column:
            chart.show(figure, f"haar.{name}")


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
    picture = left.container(key="haar-detection")
    with right.container(key="haar-settings"):
        cascade, settings, every_window = widgets.choose_settings()
    try:
        with picture:
            photo = choose_photo("haar")
        if photo is None:
            return
        bgr = shrink(photo, LONGEST)
        gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        found = widgets.scan(gray, cascade, settings)
    except UserError as error:
        picture.error(error_text(error))
        return
    with picture:
        show_picture(bgr, found, every_window)
        if bgr is not photo:
            size = f"{bgr.shape[1]} × {bgr.shape[0]}"
            st.caption(_("Scaled down to {size} pixels, so that every change shows at once.").format(size=size))
    with right.container(key="haar-result"):
        widgets.show_result(gray, found)
    with st.expander(_("Show the code")):
        st.code(inspect.getsource(FaceDetector.detect))


def show_picture(bgr: np.ndarray, found: widgets.Scan, every_window: bool) -> None:
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    line = max(1, max(bgr.shape) // 600)
    if every_window:
        rgb = draw_boxes(rgb, found.windows, WINDOW, line)
    st.image(draw_boxes(rgb, found.faces, FACE, 4 * line), width="stretch")
    st.caption(_(":orange[Thin]: every window that passed. :blue[Thick]: the faces they agree on."))


heading(_("How a face is found"), _("Haar features, the integral image and the cascade: Viola and Jones, 2001."))
tabs = st.tabs([_("Integral image"), _("Detection")], key="haar.tabs")
with tabs[0]:
    integral_tab()
with tabs[1]:
    detection_tab()
mark_done("haar")
