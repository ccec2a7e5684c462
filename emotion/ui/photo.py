"""The widget that asks for a photo: the sample, an upload, or the camera; and what a model reads in it, cached."""

import hashlib

import numpy as np
import streamlit as st

from emotion.cnn.classifier import Classifier
from emotion.haar.photos import open_photo, webcam_still
from emotion.i18n import _
from emotion.live.still import StillFace, read_picture

LONGEST = 1280
"""Pixels of a photo's longer side: a laptop scans more than that for seconds at every change."""

# Streamlit decodes an uploaded file's type from its ending; these are the ones every other part reads.
_TYPES = ["png", "jpg", "jpeg", "bmp", "webp"]


def choose_photo(page: str) -> np.ndarray | None:
    """``bgr`` uint8 (H, W, 3), or None until there is a photo; ``page`` is the start of the widgets' keys.

    Raises UserError for an upload that is no readable image or too large.
    """
    names = {"sample": _("Sample photo"), "upload": _("Upload"), "camera": _("Camera")}
    source = st.segmented_control(
        _("Photo"),
        list(names),
        default="sample",
        format_func=names.__getitem__,
        key=f"{page}.source",
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    if source == "sample":
        return webcam_still()
    if source == "upload":
        file = st.file_uploader(_("A photo with a face"), _TYPES, key=f"{page}.upload", max_upload_size=50)
    else:
        file = st.camera_input(_("Look into the camera"), key=f"{page}.camera")
    st.caption(_("The photo stays in memory and is not stored."))
    return open_photo(file.getvalue(), file.name) if file else None


def read_photo(bgr: np.ndarray, classifier: Classifier) -> list[StillFace]:
    """``read_picture``, looked up again where the same network has read the same photo before."""
    # Streamlit's own hash of a large array looks at a part of it only.
    photo = f"{bgr.shape} {hashlib.sha256(bgr.tobytes()).hexdigest()}"
    return _read(photo, classifier.bundle.digest, bgr, classifier)


@st.cache_data(max_entries=32, show_spinner=False)
def _read(photo: str, digest: str, _bgr: np.ndarray, _classifier: Classifier) -> list[StillFace]:
    return read_picture(_bgr, _classifier)
