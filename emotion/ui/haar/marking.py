"""Photos of the reader's own: what may be a face is proposed, and the reader ticks what is one."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import streamlit as st

from emotion.errors import UserError
from emotion.haar.accuracy import LabelledPhoto, candidates
from emotion.haar.crop import crop_face
from emotion.haar.photos import open_scaled
from emotion.i18n import _, error_text, plain
from emotion.jobs import Progress
from emotion.ui.haar.scanning import reader_key
from emotion.ui.jobs import outcome
from emotion.ui.leaving import keep_one_job
from emotion.ui.photo import TYPES

_LONGEST = 640  # Pixels of a photo's longer side: each is scanned five times.
_SIDE = 72
_KEPT = "haar.measure.own"

Upload = tuple[str, bytes]


@dataclass(frozen=True, eq=False)
class Proposal:
    """A photo with what may be its faces, and which of them most likely are: bool (N,)."""

    name: str
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
    prefix = reader_key("haar.candidates")
    if not uploads:
        keep_one_job(prefix)
        return None
    digest = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for _name, data in uploads)).hexdigest()[:16]
    key = prefix + digest
    keep_one_job(prefix, key)
    proposed = outcome(key, _("Looking for what may be a face"), lambda told: _propose(uploads, told))
    if proposed is None:
        return None
    found, problems = proposed
    for problem in problems:
        st.warning(error_text(problem))
    if not found:
        return None
    ticked = _tick(found, digest)
    photos = [
        replace(one.photo, boxes=one.photo.boxes[marks], counted=np.ones(int(marks.sum()), bool))
        for one, marks in zip(found, ticked, strict=True)
    ]
    return f"{digest}:{np.packbits(np.concatenate(ticked)).tobytes().hex()}", lambda limit: photos[:limit]


def _propose(uploads: Sequence[Upload], told: Progress) -> tuple[list[Proposal], list[UserError]]:
    """A proposal for each photo, and what is wrong with the files that are none."""
    found: list[Proposal] = []
    problems: list[UserError] = []
    for number, (name, data) in enumerate(uploads, 1):
        try:
            found.append(_propose_one(name, data))
        except UserError as problem:
            problems.append(problem.with_traceback(None))
        told(number, len(uploads))
    return found, problems


def _propose_one(name: str, data: bytes) -> Proposal:
    gray = cv2.cvtColor(open_scaled(data, name, _LONGEST).bgr, cv2.COLOR_BGR2GRAY)
    boxes, likely = candidates(gray)
    return Proposal(name, LabelledPhoto(gray, boxes.astype(np.float64), likely), likely)


def _tick(found: Sequence[Proposal], digest: str) -> list[np.ndarray]:
    """Every proposal as a picture with a box to tick; which are ticked, bool (N,) of each photo."""
    st.markdown(_("**Which of these are faces?** Tick them; what is left counts as a false alarm."))
    ticked = []
    for number, one in enumerate(found):
        name = plain(one.name)
        st.caption(name if len(one.likely) else _("{name}: nothing here may be a face.").format(name=name))
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
