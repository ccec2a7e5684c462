"""What the steps share: the photo, real patches, and what a feature is called."""

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar.features import Kind
from emotion.haar.patches import Patches, lfw_patches
from emotion.haar.photos import shrink
from emotion.i18n import _, error_text
from emotion.ui.photo import choose_photo

WINDOW = 24
"""Pixels of the window of Viola and Jones, and of every patch here."""
_LONGEST = 640
"""Pixels of the photo's longer side: every move of a slider sends it to the browser anew."""


def choose_gray() -> np.ndarray | None:
    """The page's photo in gray, uint8 (H, W), scaled down with a note; None until there is one."""
    try:
        photo = choose_photo("haar")
    except UserError as error:
        st.error(error_text(error))
        return None
    if photo is None:
        return None
    bgr = shrink(photo, _LONGEST)
    if bgr is not photo:
        size = f"{bgr.shape[1]} × {bgr.shape[0]}"
        st.caption(_("Scaled down to {size} pixels, so that every change shows at once.").format(size=size))
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)


# A resource: what is computed of the patches stays with them.
@st.cache_resource(show_spinner=False)
def lfw() -> tuple[Patches, Patches]:
    """100 real faces and 100 patches that are none."""
    return lfw_patches(WINDOW)


def kind_name(kind: Kind) -> str:
    """A kind of feature in the reader's language."""
    names = {
        "two_beside": _("edge, side by side"),
        "two_below": _("edge, one above the other"),
        "three_beside": _("line, side by side"),
        "three_below": _("line, one above the other"),
        "four": _("four rectangles"),
        "centre": _("center-surround"),
    }
    name = names[kind.name.removeprefix("tilted_")]
    return _("{name}, tilted").format(name=name) if kind.tilted else name
