"""Step 2, Haar features: place one on a face, and see what it answers everywhere."""

from collections.abc import Iterable

import cv2
import numpy as np
import streamlit as st

from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.haar.adaboost import Round, first_weights, next_round, rank
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.haar.features import (
    KINDS,
    OPPOSITE_IN_SKIMAGE,
    SKIMAGE_NAMES,
    Feature,
    Kind,
    count_features,
)
from emotion.haar.patches import Patches
from emotion.i18n import _, minus
from emotion.labels import PALETTE
from emotion.plots.features import feature_picture, kind_picture, response_picture, values_figure
from emotion.ui import chart
from emotion.ui.haar import counting
from emotion.ui.haar.common import WINDOW, choose_gray, kind_name, lfw
from emotion.ui.haar.scanning import picture_key
from emotion.ui.source import show_code
from emotion.ui.tiles import Tile, wall

_FACES, _OTHERS = slice(7), [75, 86]  # Of the real patches: a forest and letters.
_FIRST_KIND = 1  # The eyes’ line above the cheeks.
_CHOSEN, _REST = PALETTE["orange"], "#8A8A8A"


def show() -> None:
    """The whole view."""
    st.markdown(
        _(
            "A Haar feature lies on the picture like a stencil: **the sum of the gray values under black minus the sum "
            "under white**. It answers one question, for example whether the eyes are darker than the cheeks. Choose a "
            "kind, and move and stretch it."
        )
    )
    _laboratory()
    counting.show()
    show_code(Feature, count_features)


@st.fragment
def _laboratory() -> None:
    kind = _choose_kind()
    gray = choose_gray()
    boxes = _face_boxes(picture_key(gray), gray) if gray is not None else np.empty((0, 4))
    controls, picture, numbers = st.columns([1, 1, 1.1], gap="medium")
    with controls:
        feature = _place(kind)
    with picture:
        patch = _choose_patch(gray, boxes)
        st.image(feature_picture(patch, feature, 336), width="stretch")
    with numbers:
        _value(feature, patch)
    left, right = st.columns(2, gap="medium")
    with left:
        _everywhere(feature, gray, boxes)
    with right:
        _faces_against_others(feature, patch)


def _choose_kind() -> Kind:
    """The kind whose picture was clicked last."""
    kinds = list(KINDS.values())
    chosen = _picked("haar.kinds", _FIRST_KIND)
    tiles = [
        Tile(number, encode(kind_picture(kind)), kind_name(kind), _CHOSEN if number == chosen else _REST)
        for number, kind in enumerate(kinds)
    ]
    wall(tiles, "haar.kinds", 56)
    return kinds[chosen]


def _picked(key: str, first: int) -> int:
    """The tile that was clicked last, ``first`` before that; kept while another tab is open."""
    if (now := (st.session_state.get(key) or {}).get("picked")) is not None:
        st.session_state[f"{key}.last"] = now
    return int(st.session_state.get(f"{key}.last", first))


def _place(kind: Kind) -> Feature:
    """The feature that four sliders make, whole in the window; each leaves the next ones the room that is left."""
    st.markdown(f"**{kind_name(kind)}**")
    rows, columns = kind.grid
    together = kind.tilted  # A tilted one takes as many rows as columns, and both its sides count for each.
    height = _slider(_("Cell height"), "haar.height", (WINDOW - columns * together) // rows, 5)
    width = _slider(_("Cell width"), "haar.width", (WINDOW - rows * height * together) // columns, 18)
    tall, wide = kind.size(height, width)
    row = _slider(_("Row"), "haar.row", WINDOW - tall + 1, 7) - 1
    column = _slider(_("Column"), "haar.column", WINDOW - wide + 1, 4) - 1
    st.caption(_("In pixels of a window of {side} × {side}, counted from 1.").format(side=WINDOW))
    return Feature(kind, row, column, height, width)


def _slider(label: str, key: str, most: int, first: int) -> int:
    """A whole number from 1 to ``most``; what was set before stays as far as there is room."""
    st.session_state[key] = min(st.session_state.get(key, first), most)
    if most == 1:
        st.caption(_("{label}: there is room for one only.").format(label=label))
        return 1
    return st.slider(label, 1, most, key=key, persist_state="session")


def _choose_patch(gray: np.ndarray | None, boxes: np.ndarray) -> np.ndarray:
    """A face, of the photo or of real people, or what is none: uint8 (24, 24)."""
    found = [crop_face(gray, box, WINDOW) for box in boxes[:3]] if gray is not None else []
    faces, others = lfw()
    groups: dict[str, Iterable[np.ndarray]] = {
        _("face of the photo"): found,
        _("face"): faces.gray[_FACES],
        _("no face"): others.gray[_OTHERS],
    }
    patches = [patch for group in groups.values() for patch in group]
    names = [name for name, group in groups.items() for _patch in group]
    chosen = min(_picked("haar.patches", 0), len(patches) - 1)
    tiles = [
        Tile(number, encode(patch), name, _CHOSEN if number == chosen else _REST)
        for number, (patch, name) in enumerate(zip(patches, names, strict=True))
    ]
    wall(tiles, "haar.patches", 40)
    return patches[chosen]


@st.cache_data(show_spinner=False, max_entries=16)
def _face_boxes(key: str, _gray: np.ndarray) -> np.ndarray:
    return FaceDetector().detect(_gray)


def _value(feature: Feature, patch: np.ndarray) -> None:
    """Black − white with its numbers, and how others count."""
    black, white = feature.sums(patch)
    title, value = _("black − white"), black - white
    st.html(
        f"<div style='opacity: .7'>{title}</div>"
        f"<div role='math' style='font-size: 1.5rem'>{black:,} − {white:,}</div>"
        f"<div style='font-size: 2.2rem; font-weight: 700'>= {_signed(value)}</div>"
    )
    cells = np.array(feature.kind.cells)
    times = int((cells == -1).sum() / (cells == 1).sum())
    if times == 1:
        st.caption(_("Below 0: what lies under black is darker than what lies under white."))
    else:
        text = _(
            "White covers {times} times as many pixels as black, so most values are below 0; the threshold allows for "
            "that."
        )
        st.caption(text.format(times=times))
    with st.expander(_("How other tools count"), icon=":material/swap_horiz:"):
        _signs(feature, black, white)


def _signs(feature: Feature, black: int, white: int) -> None:
    """The same feature by scikit-image's and OpenCV's conventions."""
    lines = [(_("the course, Viola and Jones"), _("black − white"), black - white)]
    if name := SKIMAGE_NAMES.get(feature.kind):
        other = feature.kind in OPPOSITE_IN_SKIMAGE
        how = _("white − black") if other else _("black − white")
        lines.append((f"scikit-image, `{name}`", how, white - black if other else black - white))
    cells = np.array(feature.kind.cells)
    weight = cells.size // int((cells == 1).sum())
    # So an even picture gives 0, whatever the colours' sizes.
    how = _("{weight} × black − all").format(weight=weight)
    lines.append(("OpenCV", how, weight * black - black - white))
    st.markdown("\n".join(f"- {tool}: {how} = **{_signed(value)}**" for tool, how, value in lines))
    st.caption(_("Only the sign and the weight differ: a threshold makes up for both."))


def _signed(value: int) -> str:
    return minus(f"{value:,}")


def _everywhere(feature: Feature, gray: np.ndarray | None, boxes: np.ndarray) -> None:
    """The response map over the photo, at the size where the chosen window is 24 pixels."""
    st.markdown(_("**The same question at every place**"))
    if gray is None or min(gray.shape) <= WINDOW:
        st.info(_("Choose a photo of more than {side} × {side} pixels.").format(side=WINDOW))
        return
    most = min(gray.shape)
    first = round(boxes[0, 2] - boxes[0, 0]) if len(boxes) else most // 2
    st.session_state["haar.window"] = min(max(st.session_state.get("haar.window", first), WINDOW), most)
    side = st.slider(
        _("Size of the window in the photo"), WINDOW, most, key="haar.window", persist_state="session",
        help=_("Pixels. The photo is scaled down until a window of this size measures 24 pixels."),
    )  # fmt: skip
    size = [max(round(length * WINDOW / side), WINDOW) for length in gray.shape[::-1]]
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    st.image(response_picture(small, feature), width="stretch")
    st.caption(
        _("The response map. :orange[Orange]: black − white is above 0; :blue[blue]: below. Framed: the largest and "
          "the smallest value.")
    )  # fmt: skip


def _faces_against_others(feature: Feature, patch: np.ndarray) -> None:
    """The feature's values on 100 faces and 100 other patches, and the best threshold between them."""
    st.markdown(_("**Does it tell faces from the rest?**"))
    faces, others = lfw()
    values = faces.values(feature), others.values(feature)
    found = _best_threshold(*values)
    own = float(Patches(patch[np.newaxis]).values(feature)[0])
    chart.show(values_figure(*values, own, found.stump if found else None), "haar.histogram")
    if found is None:
        st.caption(_("This feature can’t tell them apart better than a coin."))
        return
    st.caption(
        _("On {n} faces and {m} other patches. :orange[Line]: the best threshold, wrong for {error}. That is a **weak "
          "classifier**; AdaBoost looks for the best ones. Dotted: the patch above. In even light: every patch is "
          "brought to the same brightness and contrast first.").format(
            n=len(faces), m=len(others), error=f"{found.error:.0%}"
        )
    )  # fmt: skip


def _best_threshold(faces: np.ndarray, others: np.ndarray) -> Round | None:
    """AdaBoost's first round with nothing to choose but the threshold; None where no one is any good."""
    values, labels = np.concatenate([faces, others]), np.arange(len(faces) + len(others)) < len(faces)
    try:
        return next_round(rank(values[np.newaxis]), lambda _feature: values, labels, first_weights(labels))
    except UserError:
        return None
