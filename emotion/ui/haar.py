"""The widgets of the Haar page: a matrix and a rectangle to try out, the detector's settings, and its cached scan."""

from time import perf_counter
from typing import NamedTuple, cast

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.haar.detector import ACCURATE, DECK, DetectorSettings, FaceDetector, available_cascades
from emotion.haar.integral import DECK_MATRIX, DECK_RECTANGLES, Corners, Rectangle, matrix_from_cells
from emotion.i18n import _
from emotion.plots.haar import CORNER_COLOURS

_SMALLEST = 20  # Pixels. No cascade for faces has a smaller window, so that this leaves nothing out.
PRESETS = {"deck": DECK, "accurate": ACCURATE._replace(min_size=(_SMALLEST, _SMALLEST))}


class Scan(NamedTuple):
    """What a detector found: boxes ``xyxy`` (N, 4) of faces and of every window that passed, and the time for faces."""

    faces: np.ndarray
    windows: np.ndarray
    milliseconds: float


def choose_rectangle() -> Rectangle:
    """A rectangle of the 5×5 matrix: the deck's two at a click, any other by sliders that count from 1."""
    if "haar.rows" not in st.session_state:
        _show_rectangle(DECK_RECTANGLES[0])
    with st.container(horizontal=True):
        for number, example in enumerate(DECK_RECTANGLES, 1):
            label = _("Deck example {number}").format(number=number)
            st.button(label, key=f"haar.example_{number}", on_click=_show_rectangle, args=(example,))
    row, height = _span(_("Rows"), "haar.rows")
    column, width = _span(_("Columns"), "haar.columns")
    return Rectangle(row, column, height, width)


def _span(label: str, key: str) -> tuple[int, int]:
    """First, counted from 0, and number of the rows or columns between a slider's two ends."""
    # Two ends because the session state holds two; Streamlit's types know of a default value only.
    first, last = cast(tuple[int, int], st.slider(label, 1, 5, key=key, persist_state="session"))
    return first - 1, last - first + 1


def _show_rectangle(rectangle: Rectangle) -> None:
    """Set the sliders; the matrix is the deck's again, because under a new key what was typed is forgotten."""
    row, column, height, width = rectangle
    st.session_state["haar.rows"] = (row + 1, row + height)
    st.session_state["haar.columns"] = (column + 1, column + width)
    st.session_state["haar.edition"] = st.session_state.get("haar.edition", 0) + 1


def edit_matrix() -> np.ndarray:
    """The deck's matrix with what was typed into it, int64 (5, 5); raises UserError for a cell without a number."""
    cell = st.column_config.NumberColumn(min_value=0, max_value=255, step=1)
    table = pd.DataFrame(DECK_MATRIX, columns=list("12345"))
    key = f"haar.matrix_{st.session_state.get('haar.edition', 0)}"
    edited = st.data_editor(table, column_config=dict.fromkeys(table, cell), hide_index=True, key=key)
    st.caption(_("Type your own gray values, 0 to 255."))
    return matrix_from_cells(edited.to_numpy(object))


def show_arithmetic(found: Corners) -> None:
    """D − B − C + A with its numbers, each underlined in its corner's colour in the figure."""
    line = "{} − {} − {} + {}".format
    numbers = {"D": found.d, "B": found.b, "C": found.c, "A": found.a}
    underline = "<span style='border-bottom: 4px solid {}; padding: 0 .1em'>{}</span>".format
    marked = line(*(underline(CORNER_COLOURS[letter], number) for letter, number in numbers.items()))
    st.html(
        f"<div style='opacity: .7'>D − B − C + A</div><div role='math' style='font-size: 2.2rem; font-weight: 700' "
        f"aria-label='{line(*numbers.values())} = {found.total}'>{marked} = {found.total}</div>"
    )


def choose_settings() -> tuple[str, DetectorSettings, bool]:
    """The cascade's name, the detector's settings (a preset, and sliders to leave it), and whether to show windows."""
    if "haar.scale_factor" not in st.session_state:
        apply_preset("deck")
    names = {"deck": _("As in the deck"), "accurate": _("Accurate")}
    st.segmented_control(
        _("Settings"),
        list(names),
        format_func=names.__getitem__,
        key="haar.preset",
        on_change=lambda: apply_preset(st.session_state["haar.preset"]),
        persist_state="session",
    )
    _slider("scaleFactor", "haar.scale_factor", 1.05, 2.0, 0.05, _("How much the window grows from scan to scan."))
    _slider("minNeighbors", "haar.min_neighbors", 0, 15, 1, _("How many overlapping windows make a face."))
    _slider("minSize", "haar.min_size", _SMALLEST, 200, 2, _("The smallest face looked for, in pixels."))
    with st.expander(_("Advanced"), key="haar.advanced"):
        cascades = available_cascades()
        default = cascades.index("frontalface_default")
        cascade = st.selectbox(_("Cascade"), cascades, default, key="haar.cascade", persist_state="session")
        show = _("Show every window that passed")
        every_window = st.toggle(show, True, key="haar.every_window", persist_state="session")
    return cascade, _settings(), every_window


def apply_preset(name: str | None) -> None:
    """Set preset and sliders; None, from a click on the preset that was chosen already, changes nothing."""
    if name:
        settings = PRESETS[name]
        st.session_state["haar.preset"] = name
        st.session_state["haar.scale_factor"] = settings.scale_factor
        st.session_state["haar.min_neighbors"] = settings.min_neighbors
        st.session_state["haar.min_size"] = min(settings.min_size or (_SMALLEST,))


def _slider(label: str, key: str, smallest: float, largest: float, step: float, explanation: str) -> None:
    """A slider under OpenCV's own name for the setting; moving it leaves the preset, or comes back to one."""

    def note_preset() -> None:
        names = (name for name, settings in PRESETS.items() if settings == _settings())
        st.session_state["haar.preset"] = next(names, None)

    st.slider(
        label, smallest, largest, step=step, key=key, help=explanation, on_change=note_preset, persist_state="session"
    )


def _settings() -> DetectorSettings:
    side = st.session_state["haar.min_size"]
    # The slider adds up steps of 0.05, which are no round numbers in binary.
    scale_factor = round(st.session_state["haar.scale_factor"], 2)
    return DetectorSettings(scale_factor, st.session_state["haar.min_neighbors"], (side, side))


@st.cache_data(max_entries=32, show_spinner=False)
def scan(gray: np.ndarray, cascade: str, settings: DetectorSettings) -> Scan:
    """Look for faces in ``gray``, uint8 (H, W); raises UserError for a picture smaller than the cascade's window.

    What was found is cached, not the detector, which two sessions' threads must not share.
    """
    detector = FaceDetector(cascade, *settings)
    height, width = gray.shape
    if width < detector.window[0] or height < detector.window[1]:
        raise UserError(
            "The picture is {width} × {height} pixels, smaller than the detector's window of {least_width} × "
            "{least_height}. Choose a larger picture.",
            width=width,
            height=height,
            least_width=detector.window[0],
            least_height=detector.window[1],
        )
    # Windows first: OpenCV sets up at a first scan, and that would be counted as the faces' time.
    windows = FaceDetector(cascade, *settings._replace(min_neighbors=0)).detect(gray)
    start = perf_counter()
    faces = detector.detect(gray)
    return Scan(faces, windows, milliseconds=(perf_counter() - start) * 1000)


def show_result(gray: np.ndarray, found: Scan) -> None:
    """Counts and time of a scan, and the first face as the network will see it."""
    values = {_("Faces"): len(found.faces), _("Windows"): len(found.windows), _("Milliseconds"): found.milliseconds}
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        for name, value in values.items():
            st.metric(name, round(value), width="content")
    if not len(found.faces):
        st.info(_("No face found. Try a smaller scaleFactor, which looks closer, or fewer minNeighbors."))
        return
    face = crop_face(gray, found.faces[0], size=48)
    left, right = st.columns([2, 3], vertical_alignment="center", wrap=False)
    left.image(cv2.resize(face, (192, 192), interpolation=cv2.INTER_NEAREST), width="stretch")
    right.caption(_("The first face as the network will see it: 48 × 48 gray pixels."))
