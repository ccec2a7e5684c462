"""Step 5, the detector: windows that passed are grouped to faces, as OpenCV's ``detectMultiScale`` does it."""

from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar.boxes import same
from emotion.haar.crop import crop_face
from emotion.haar.detector import ACCURATE, DECK, DetectorSettings, FaceDetector, check_size
from emotion.haar.grouping import Groups, find_groups, group_boxes
from emotion.haar.photos import draw_boxes
from emotion.haar.scan import clipped
from emotion.i18n import _, error_text
from emotion.labels import PALETTE, rgb
from emotion.plots.cascade_pictures import grouped
from emotion.ui.haar import measuring
from emotion.ui.haar.common import choose_gray
from emotion.ui.haar.scanning import Begun, begin, by_opencv, cascade_names, ended, picture_key, shipped
from emotion.ui.source import show_code

_SMALLEST = 20  # Pixels. No cascade for faces has a smaller window, so that this leaves nothing out.
PRESETS = {"deck": DECK, "accurate": ACCURATE._replace(min_size=(_SMALLEST, _SMALLEST))}
_FACE, _WINDOW = rgb(PALETTE["sky blue"]), rgb(PALETTE["orange"])


@dataclass(frozen=True, eq=False)
class Found:
    """What OpenCV found: boxes ``xyxy`` (N, 4) of faces and of every window that passed, and the time for the faces."""

    faces: np.ndarray
    windows: np.ndarray
    milliseconds: float


@st.fragment
def show() -> None:
    """The whole step."""
    st.markdown(
        _(
            "A face makes not one window pass but many: a little further left, a little larger. The **detector** "
            "groups windows that overlap, and what more than `minNeighbors` windows agree on is a face. A false "
            "alarm mostly stands alone."
        )
    )
    with st.container(key="haar-settings"):
        cascade, settings = _choose_settings()
    gray = choose_gray()
    if gray is not None:
        try:
            _detect(gray, cascade, settings)
        except UserError as error:
            st.error(error_text(error))
    measuring.show(cascade, settings)
    show_code(FaceDetector.detect, group_boxes, find_groups)


def _detect(gray: np.ndarray, cascade: str, settings: DetectorSettings) -> None:
    """Raises UserError for a picture smaller than the cascade's window."""
    opened = shipped(cascade)
    check_size(gray, opened.cascade.window, _("The picture"))
    found = _find(gray, cascade, settings)
    groups = find_groups(found.windows.astype(np.int64), settings.min_neighbors)
    _pictures(gray, found, groups, settings)
    _result(gray, found, groups)
    # Last, because it takes longer than OpenCV, and the pictures shouldn't wait.
    _check(begin("detector", gray, opened, settings), found, settings)


def _choose_settings() -> tuple[str, DetectorSettings]:
    """The cascade's name and the detector's settings: a preset, and sliders to leave it."""
    if "haar.scale_factor" not in st.session_state:
        apply_preset("deck")
    names = {"deck": _("As in the course"), "accurate": _("Accurate")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            _("Settings"), list(names), format_func=names.__getitem__, key="haar.preset",
            on_change=lambda: apply_preset(st.session_state["haar.preset"]), persist_state="session",
        )  # fmt: skip
        st.button(
            _("Reset"), key="haar.reset", icon=":material/restart_alt:", on_click=apply_preset, args=("deck",),
            disabled=_settings() == DECK,
        )  # fmt: skip
    first, second, third, fourth = st.columns(4, gap="medium")
    with first:
        _slider("scaleFactor", "haar.scale_factor", 1.05, 2.0, 0.05, _("How much the window grows from scan to scan."))
    with second:
        _slider("minNeighbors", "haar.min_neighbors", 0, 15, 1, _("A face is where more than so many windows overlap."))
    with third:
        _slider("minSize", "haar.min_size", _SMALLEST, 200, 2, _("The smallest face looked for, in pixels."))
    cascades = cascade_names()
    cascade = fourth.selectbox(
        _("Cascade"), list(cascades), format_func=cascades.__getitem__, key="haar.cascade", persist_state="session"
    )
    return cascade, _settings()


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
    return DetectorSettings(st.session_state["haar.scale_factor"], st.session_state["haar.min_neighbors"], (side, side))


def _find(gray: np.ndarray, cascade: str, settings: DetectorSettings) -> Found:
    picture = picture_key(gray)
    # Windows first: OpenCV sets up at a first scan, and that would be counted as the faces' time.
    windows = by_opencv(picture, cascade, settings._replace(min_neighbors=0), gray)
    faces = by_opencv(picture, cascade, settings, gray)
    return Found(faces.boxes, windows.boxes, faces.milliseconds)


def _pictures(gray: np.ndarray, found: Found, groups: Groups, settings: DetectorSettings) -> None:
    """Windows, groups and faces side by side."""
    photo = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    if settings.min_neighbors:
        group_text = _("The number is how many windows agree; groups of {n} or fewer are gray and go.").format(
            n=settings.min_neighbors
        )
    else:
        group_text = _("With 0, OpenCV groups nothing: every window counts as a face.")
    steps = [
        (_("1. Windows that passed"), draw_boxes(photo, found.windows, _WINDOW, 2),
         _("Every window that all stages let pass.")),
        (_("2. Groups"), grouped(photo, found.windows, groups), group_text),
        (_("3. Faces"), draw_boxes(photo, found.faces, _FACE, 5), _("The mean box of each group that is left.")),
    ]  # fmt: skip
    for column, (title, picture, text) in zip(st.columns(3), steps, strict=True):
        column.markdown(f"**{title}**")
        column.image(picture, width="stretch", output_format="JPEG")
        column.caption(text)


def _result(gray: np.ndarray, found: Found, groups: Groups) -> None:
    """Counts and time, and the first face as the network will see it."""
    values = {
        _("Windows"): len(found.windows), _("Groups"): len(groups.sizes), _("Faces"): len(found.faces),
        _("Milliseconds"): found.milliseconds,
    }  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="distribute", key="haar-result"):
        for name, value in values.items():
            st.metric(name, round(value), width="content")
        if len(found.faces):
            face = crop_face(gray, found.faces[0], size=48)
            picture = cv2.resize(face, (96, 96), interpolation=cv2.INTER_NEAREST)
            st.image(picture, width=96, caption=_("As the network sees it: 48 × 48"))
    if not len(found.faces):
        st.info(
            _("No face found. Try a smaller scaleFactor, which looks closer, fewer minNeighbors, or a smaller minSize.")
        )


def _check(begun: Begun, found: Found, settings: DetectorSettings) -> None:
    """Whether the glass box finds what OpenCV did: computed anew on this photo, window by window."""
    scan = ended(begun)
    if scan is None:
        return
    faces = clipped(group_boxes(scan.raw, settings.min_neighbors), scan.gray.shape)
    if same(scan.accepted, found.windows) and same(faces.astype(np.float32), found.faces):
        if not len(found.windows):
            return  # Nothing was found by either, which proves little.
        text = _(
            "Checked just now: the open scan of the Cascade tab lets the same {windows} windows pass as OpenCV, and "
            "groups them to the same boxes ({faces})."
        )
        st.success(text.format(windows=len(found.windows), faces=len(found.faces)), icon=":material/verified:")
    else:
        text = _("OpenCV finds {theirs} boxes here, this scan {ours}: they are not the same.")
        st.error(text.format(theirs=len(found.faces), ours=len(faces)))
