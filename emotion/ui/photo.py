"""The widget that asks for a photo, from wherever it comes; and what a model reads in it, cached."""

import hashlib

import numpy as np
import streamlit as st

from emotion.cnn.classifier import Classifier
from emotion.haar.photos import LONGEST, open_scaled, webcam_still
from emotion.i18n import _, plain
from emotion.live.still import StillFace, read_picture
from emotion.ui.paste import paste_box

# Streamlit decodes an uploaded file's type from its ending; these are the ones every other part reads.
TYPES = ["png", "jpg", "jpeg", "bmp", "webp"]


def choose_photo(page: str) -> np.ndarray | None:
    """``bgr`` uint8 (H, W, 3), or None until there is a photo; ``page`` is the start of the widgets' keys.

    Another page hands a picture over by ``st.session_state["<page>.picture"]``, ``bgr`` or ``gray`` uint8; it is then
    preselected. The reader's own photo is scaled down to ``LONGEST``; raises UserError for one that is unreadable or
    too large.
    """
    names = {"sample": _("Sample photo"), "upload": _("Upload"), "paste": _("Paste"), "camera": _("Camera")}
    handed = st.session_state.get(f"{page}.picture")
    if handed is not None:
        names["handed"] = _("From another page")
        if st.session_state.get(f"{page}.handed") is not handed:
            st.session_state[f"{page}.handed"], st.session_state[f"{page}.source"] = handed, "handed"
    if st.session_state.get(f"{page}.source") not in names:
        st.session_state[f"{page}.source"] = "sample"
    source = st.segmented_control(
        _("Photo"),
        list(names),
        format_func=names.__getitem__,
        key=f"{page}.source",
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    if source == "sample":
        return webcam_still()
    if source == "handed" and handed is not None:
        return handed if handed.ndim == 3 else np.repeat(handed[..., np.newaxis], 3, axis=2)
    return _brought(page, str(source))


def _brought(page: str, source: str) -> np.ndarray | None:
    """The reader's own photo; it is kept while other pages and views are looked at, where its box forgets it."""
    kept = f"{page}.kept.{source}"
    if source == "paste":
        if data := paste_box(f"{page}.paste", LONGEST):
            st.session_state[kept] = (_("the clipboard"), data)
    else:
        _box(page, source, kept)
    st.caption(_("The photo stays in memory and is not stored."))
    if kept not in st.session_state:
        return None
    name, data = st.session_state[kept]
    if source == "upload" and st.session_state[f"{page}.upload"] is None:
        st.caption(_("Still shown: {name}").format(name=plain(name)))
    return _opened(data, name)


# A phone's photo takes a tenth of a second to decode, at every move of a slider. It goes with the browser session.
@st.cache_data(max_entries=8, ttl=600, show_spinner=False, scope="session")
def _opened(data: bytes, name: str) -> np.ndarray:
    return open_scaled(data, name, LONGEST).bgr


def chosen_face(bgr: np.ndarray, key: str) -> int:
    """The number of the face that was chosen in this photo, 0 in a new one; ``key`` is the session's for it."""
    photo = hash(bgr.tobytes())
    if st.session_state.get(f"{key}.photo") != photo:
        st.session_state[f"{key}.photo"], st.session_state[key] = photo, 0
    return int(st.session_state[key])


def _box(page: str, source: str, kept: str) -> None:
    """The box for a file or the camera; what the reader puts in or takes out is kept or forgotten."""
    key = f"{page}.{source}"

    def keep() -> None:
        st.session_state.pop(kept, None)
        if file := st.session_state[key]:
            st.session_state[kept] = (file.name, file.getvalue())

    if source == "upload":
        st.file_uploader(_("A photo with a face"), TYPES, key=key, max_upload_size=50, on_change=keep)
        # Not among the types, or an iPhone would no longer turn it into a JPEG by itself.
        st.caption(_("PNG, JPEG, BMP or WebP. Save a HEIC photo as JPEG first."))
    else:
        st.camera_input(_("Look into the camera"), key=key, on_change=keep)


def read_photo(bgr: np.ndarray, classifier: Classifier) -> list[StillFace]:
    """``read_picture`` of ``bgr`` uint8 (H, W, 3), looked up again where the same bundle has read the photo before."""
    # Streamlit's own hash of a large array looks at a part of it only.
    photo = f"{bgr.shape} {hashlib.sha256(bgr.tobytes()).hexdigest()}"
    return _read(photo, classifier.bundle.digest, bgr, classifier)


@st.cache_data(max_entries=32, show_spinner=False, scope="session")
def _read(photo: str, digest: str, _bgr: np.ndarray, _classifier: Classifier) -> list[StillFace]:
    return read_picture(_bgr, _classifier)
