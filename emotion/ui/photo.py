"""The widget that asks for a photo: the sample, an upload, or the camera."""

import numpy as np
import streamlit as st

from emotion.haar.photos import open_photo, webcam_still
from emotion.i18n import _

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
    )
    if source == "sample":
        return webcam_still()
    if source == "upload":
        file = st.file_uploader(_("A photo with a face"), _TYPES, key=f"{page}.upload", max_upload_size=50)
    else:
        file = st.camera_input(_("Look into the camera"), key=f"{page}.camera")
    st.caption(_("The photo stays in memory and is not stored."))
    return open_photo(file.getvalue(), file.name) if file else None
