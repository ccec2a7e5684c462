"""Step 1, the integral image: worked by hand on the deck's matrix, then on a photo, then against the clock."""

from typing import cast

import numpy as np
import pandas as pd
import streamlit as st

from emotion import jobs
from emotion.errors import UserError
from emotion.haar.integral import (
    DECK_MATRIX,
    DECK_RECTANGLES,
    Corners,
    Rectangle,
    corners,
    integral_image,
    matrix_from_cells,
    rectangle_sum,
)
from emotion.haar.timing import SumTimes, sums_by_integral, sums_by_pixels, time_sums
from emotion.i18n import _, error_text
from emotion.plots.haar import (
    CORNER_COLOURS,
    integral_figure,
    integral_picture,
    matrix_figure,
    rectangle_picture,
    times_figure,
)
from emotion.ui import chart
from emotion.ui.haar.common import choose_gray
from emotion.ui.haar.scanning import picture_key
from emotion.ui.jobs import outcome
from emotion.ui.source import show_code


def show() -> None:
    """The whole view."""
    st.markdown(
        _(
            "A Haar feature asks how bright a rectangle is, and a detector asks that a million times for a picture. "
            "**The integral image** is made once: each of its entries is the sum of everything above and left of it. "
            "From then on the sum of any rectangle takes **four look-ups**, however large it is."
        )
    )
    _by_hand()
    show_code(integral_image, Corners, corners, rectangle_sum)
    _on_a_photo()


@st.fragment
def _by_hand() -> None:
    st.subheader(_("By hand"))
    controls, result = st.columns([1, 2], gap="medium")
    try:
        with controls:
            rectangle, matrix = _choose_rectangle(), _edit_matrix()
    except UserError as error:
        result.error(error_text(error))
        return
    with result:
        sums = integral_image(matrix)
        _arithmetic(corners(sums, *rectangle))
        ink = chart.ink()
        figures = {"values": matrix_figure(matrix, rectangle, ink), "sums": integral_figure(sums, rectangle, ink)}
        for column, (name, figure) in zip(st.columns(2), figures.items(), strict=True):
            with column:
                chart.show(figure, f"haar.{name}")
        st.caption(
            _(
                "**D** reaches down to the rectangle’s last cell. **B** takes away what lies to the left, **C** what "
                "lies above. Their overlap **A** went twice, so it comes back once."
            )
        )


def _choose_rectangle() -> Rectangle:
    """A rectangle of the 5×5 matrix: the deck's two at a click, any other by sliders that count from 1."""
    if "haar.rows" not in st.session_state:
        _show_example(DECK_RECTANGLES[0])
    with st.container(horizontal=True):
        for number, example in enumerate(DECK_RECTANGLES, 1):
            label = _("Course example {number}").format(number=number)
            st.button(label, key=f"haar.example_{number}", on_click=_show_example, args=(example,))
    row, height = _span(_("Rows"), "haar.rows", 5)
    column, width = _span(_("Columns"), "haar.columns", 5)
    return Rectangle(row, column, height, width)


def _span(label: str, key: str, length: int) -> tuple[int, int]:
    """First, counted from 0, and number of the rows or columns between a slider's two ends."""
    # Two ends because the session state holds two; Streamlit's types know of a default value only.
    first, last = cast(tuple[int, int], st.slider(label, 1, length, key=key, persist_state="session"))
    return first - 1, last - first + 1


def _show_example(rectangle: Rectangle) -> None:
    """Set the sliders; the matrix is the deck's again, because under a new key what was typed is forgotten."""
    row, column, height, width = rectangle
    st.session_state["haar.rows"] = (row + 1, row + height)
    st.session_state["haar.columns"] = (column + 1, column + width)
    st.session_state["haar.edition"] = st.session_state.get("haar.edition", 0) + 1
    st.session_state["haar.cells"] = DECK_MATRIX.astype(str)


def _edit_matrix() -> np.ndarray:
    """The deck's matrix with what was typed into it, int64 (5, 5); raises UserError for a cell without a number."""
    key = f"haar.matrix_{st.session_state['haar.edition']}"
    if key not in st.session_state:  # A table that comes back from another tab begins with what was typed.
        st.session_state["haar.table"] = st.session_state["haar.cells"]
    # Cells of text: a column of numbers would take a letter back without a word.
    cell = st.column_config.TextColumn(max_chars=3, alignment="right")
    table = pd.DataFrame(st.session_state["haar.table"], columns=list("12345"))
    edited = st.data_editor(table, column_config=dict.fromkeys(table, cell), hide_index=True, key=key)
    st.session_state["haar.cells"] = edited.to_numpy(object)
    st.caption(_("Type your own gray values, 0 to 255."))
    return matrix_from_cells(st.session_state["haar.cells"])


def _arithmetic(found: Corners) -> None:
    """D − B − C + A with its numbers, each underlined in its corner's colour in the figure."""
    line = "{} − {} − {} + {}".format
    numbers = {"D": found.d, "B": found.b, "C": found.c, "A": found.a}
    texts = {letter: f"{number:,}" for letter, number in numbers.items()}
    underline = "<span style='border-bottom: 4px solid {}; padding: 0 .1em'>{}</span>".format
    marked = line(*(underline(CORNER_COLOURS[letter], text) for letter, text in texts.items()))
    size = "2.2rem" if found.d < 1000 else "1.4rem"
    st.html(
        f"<div style='opacity: .7'>D − B − C + A</div><div role='math' style='font-size: {size}; font-weight: 700' "
        f"aria-label='{line(*texts.values())} = {found.total:,}'>{marked} = {found.total:,}</div>"
    )


@st.fragment
def _on_a_photo() -> None:
    st.subheader(_("On a photo"))
    gray = choose_gray()
    if gray is None:
        return
    sums = integral_image(gray)
    left, right = st.columns(2, gap="medium", vertical_alignment="center")
    with left:
        rectangle = _choose_part(gray)
    with right:
        _arithmetic(corners(sums, *rectangle))
        cells = rectangle.height * rectangle.width
        st.caption(
            _("Four look-ups instead of {cells} additions; the mean gray value here is {mean}.").format(
                cells=f"{cells:,}", mean=f"{rectangle_sum(sums, *rectangle) / cells:.0f}"
            )
        )
    left, right = st.columns(2, gap="medium")
    left.image(rectangle_picture(gray, rectangle), width="stretch")
    right.image(integral_picture(sums, rectangle), width="stretch")
    right.caption(
        _("The integral image: dark is 0, yellow the sum of the whole photo. From line to line a tenth is added.")
    )
    _against_the_clock(gray)


def _choose_part(gray: np.ndarray) -> Rectangle:
    """Any rectangle of the photo by two sliders that count pixels from 1."""
    spans = []
    # On the sample photo the face lies there.
    for label, key, length, start in (
        (_("Rows"), "haar.photo_rows", gray.shape[0], 0.2), (_("Columns"), "haar.photo_columns", gray.shape[1], 0.36),
    ):  # fmt: skip
        default = (1 + int(length * start), int(length * (start + 0.2)))
        first, last = st.session_state.get(key, default)
        # Another photo may be smaller.
        st.session_state[key] = (max(min(first, length), 1), max(min(last, length), 1))
        spans.append(_span(label, key, length) if length > 1 else (0, 1))
    (row, height), (column, width) = spans
    return Rectangle(row, column, height, width)


def _against_the_clock(gray: np.ndarray) -> None:
    """The time for n rectangles of this photo both ways, measured on this machine when it is asked for."""
    st.subheader(_("Against the clock"))
    key = f"haar.times:{picture_key(gray)}"
    known = jobs.get(key)
    label = _("Measure again") if known else _("Measure the time")
    begin = st.button(label, key="haar.measure", icon=":material/timer:", disabled=bool(known and known.active))
    if begin and known:
        jobs.forget(known)
    times = outcome(key, _("Adding up rectangles"), lambda told: time_sums(gray, progress=told), begin)
    if times is not None:
        chart.show(times_figure(times), "haar.times")
        _conclusion(times)
    show_code(sums_by_pixels, sums_by_integral)


def _conclusion(times: SumTimes) -> None:
    factor = times.pixels[-1] / times.integral[-1]
    text = _("For {count} rectangles the integral image is **{factor} times** as fast.")
    parts = [text.format(count=f"{times.counts[-1]:,}", factor=f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}")]
    if times.pays_from:
        parts.append(
            _("Making it has its price: it pays from about {count} rectangles on.").format(count=times.pays_from)
        )
    parts.append(_("A detector adds up a million of them and more."))
    st.markdown(" ".join(parts))
