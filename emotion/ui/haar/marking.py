"""Photos of the reader's own: what may be a face is proposed, and the reader ticks what is one."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import streamlit as st

from emotion.haar.accuracy import LabelledPhoto, candidates
from emotion.haar.crop import crop_face
from emotion.haar.photos import open_scaled
from emotion.i18n import _, plain
from emotion.jobs import Progress
from emotion.ui.jobs import outcome
from emotion.ui.photo import TYPES

_LONGEST = 640  # Pixels of a photo's longer side: each is scanned five times.
_SIDE = 72
_KEPT = "haar.measure.own"

Upload = tuple[str, bytes]


@dataclass(frozen=True, eq=False)
class Proposal:
    """A photo with what may be its faces, and which of them most likely are: bool (N,)."""

    photo: LabelledPhoto
    likely: np.ndarray


def choose_own() -> tuple[str, Callable[[int], list[LabelledPhoto]]] | None:
    """What tells the reader's photos from others, and the first so many with their ticked faces; None without any."""

    def keep() -> None:
        st.session_state[_KEPT] = [(file.name, file.getvalue()) for file in st.session_state["haar.measure.photos"]]

    st.file_uploader(
        _("Photos with and without faces"), TYPES, accept_multiple_files=True, key="haar.measure.photos",
        max_upload_size=50, on_change=keep,
    )  # fmt: skip
    st.caption(_("The photos stay in memory and are not stored."))
    uploads: list[Upload] = st.session_state.get(_KEPT, [])
    if not uploads:
        return None
    digest = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for _name, data in uploads)).hexdigest()[:16]
    key = f"haar.candidates:{digest}"
    found = outcome(key, _("Looking for what may be a face"), lambda told: _propose(uploads, told))
    if found is None:
        return None
    ticked = _tick([name for name, _data in uploads], found, digest)
    photos = [
        replace(one.photo, boxes=one.photo.boxes[marks], counted=np.ones(int(marks.sum()), bool))
        for one, marks in zip(found, ticked, strict=True)
    ]
    return f"{digest}:{np.packbits(np.concatenate(ticked)).tobytes().hex()}", lambda limit: photos[:limit]


def _propose(uploads: Sequence[Upload], told: Progress) -> list[Proposal]:
    found = []
    for number, (name, data) in enumerate(uploads, 1):
        gray = cv2.cvtColor(open_scaled(data, name, _LONGEST).bgr, cv2.COLOR_BGR2GRAY)
        boxes, likely = candidates(gray)
        found.append(Proposal(LabelledPhoto(gray, boxes.astype(np.float64), likely), likely))
        told(number, len(uploads))
    return found


def _tick(names: Sequence[str], found: Sequence[Proposal], digest: str) -> list[np.ndarray]:
    """Every proposal as a picture with a box to tick; which are ticked, bool (N,) of each photo."""
    st.markdown(_("**Which of these are faces?** Tick them; what is left counts as a false alarm."))
    ticked = []
    for number, (name, one) in enumerate(zip(names, found, strict=True)):
        st.caption(
            plain(name) if len(one.likely) else _("{name}: nothing here may be a face.").format(name=plain(name))
        )
        with st.container(horizontal=True, gap="small"):
            marks = [
                _one(one.photo, box, likely, f"haar.face.{digest}.{number}.{place}")
                for place, (box, likely) in enumerate(zip(one.photo.boxes, one.likely.tolist(), strict=True))
            ]
        ticked.append(np.array(marks, bool))
    st.caption(
        _("A face that even the least strict settings miss is not shown, so the true recall may be lower. A ZIP with a "
          "boxes.json can hold it.")
    )  # fmt: skip
    return ticked


def _one(photo: LabelledPhoto, box: np.ndarray, likely: bool, key: str) -> bool:
    with st.container(width=_SIDE, gap=None):
        st.image(crop_face(photo.gray, box, _SIDE), width=_SIDE)
        return st.checkbox(_("face"), likely, key=key, persist_state="session")
