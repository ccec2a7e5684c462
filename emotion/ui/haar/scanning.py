"""What the cascade and the detector step share: cascades by name, a scan as a job, and OpenCV's own answer."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import perf_counter
from typing import NamedTuple, cast
from uuid import uuid4

import numpy as np
import streamlit as st

from emotion import jobs
from emotion.haar.cascade import Cascade, open_cascade, read_cascade
from emotion.haar.detector import DetectorSettings, FaceDetector, available_cascades, check_size
from emotion.haar.scan import Scan
from emotion.i18n import _
from emotion.jobs import Progress
from emotion.ui.jobs import outcome
from emotion.ui.leaving import keep_one_job


@dataclass(frozen=True)
class Opened:
    """A cascade, what tells it from others, and OpenCV's name for it; None for a file of the reader's own."""

    cascade: Cascade
    digest: str
    name: str | None


class Timed(NamedTuple):
    """Boxes, float32 (N, 4) ``xyxy``, and the milliseconds that it took to find them."""

    boxes: np.ndarray
    milliseconds: float


class Begun(NamedTuple):
    """A scan's job, by its key, and what it does."""

    key: str
    work: Callable[[Progress], Scan]


def cascade_names() -> dict[str, str]:
    """The cascades, by their name, with one for people; those for faces first."""
    names = {
        "frontalface_default": _("Face from the front"),
        "frontalface_alt": _("Face from the front, second version"),
        "frontalface_alt2": _("Face from the front, with small trees"),
        "frontalface_alt_tree": _("Face from the front, very strict"),
        "profileface": _("Face from the side"),
        "eye": _("Eye"),
        "eye_tree_eyeglasses": _("Eye, also behind glasses"),
        "lefteye_2splits": _("Left eye"),
        "righteye_2splits": _("Right eye"),
        "smile": _("Smile"),
        "fullbody": _("Whole body"),
        "upperbody": _("Upper body"),
        "lowerbody": _("Lower body"),
        "frontalcatface": _("Cat’s face"),
        "frontalcatface_extended": _("Cat’s face, with tilted features"),
        "russian_plate_number": _("Russian number plate"),
    }
    known = available_cascades()
    return {name: names.get(name, name) for name in [*names, *known] if name in known}


def shipped(name: str) -> Opened:
    """One of the cascades."""
    return Opened(open_cascade(name), name, name)


@st.cache_resource(max_entries=8, show_spinner=False)
def uploaded(data: bytes, name: str) -> Opened:
    """The cascade of a file; raises UserError for one that is none."""
    return Opened(read_cascade(data, name), hashlib.sha256(data).hexdigest(), None)


def picture_key(gray: np.ndarray) -> str:
    """What tells two pictures apart."""
    return hashlib.sha256(f"{gray.shape}".encode() + gray.tobytes()).hexdigest()[:16]


def reader_key(what: str) -> str:
    """The start of the keys of this session's jobs about ``what``; nobody else's begin so."""
    return f"{what}:{st.session_state.setdefault('haar.reader', uuid4().hex)}:"


def begin(place: str, gray: np.ndarray, opened: Opened, settings: DetectorSettings) -> Begun:
    """Begin a scan in the background, or find it; the last one of this ``place`` is given up.

    A scan holds megabytes and the reader's photo: each place keeps one only, which goes with the session.
    Raises UserError for a picture smaller than the window.
    """
    check_size(gray, opened.cascade.window, _("The picture"))
    what = f"{opened.digest}:{picture_key(gray)}:{settings.scale_factor}:{settings.min_size}"
    prefix, kept = reader_key(f"haar.scan.{place}"), f"haar.scan.{place}"
    before, key = st.session_state.get(kept, ("", ""))
    if before != what:  # No key of before: that scan was given up, and may still be at work.
        key = prefix + uuid4().hex
        st.session_state[kept] = what, key
    keep_one_job(prefix, key)

    def work(progress: Progress) -> Scan:
        return opened.cascade.scan(gray, settings.scale_factor, settings.min_size, progress=progress)

    if jobs.get(key) is None:
        jobs.start(key, work)
    return Begun(key, work)


def ended(begun: Begun) -> Scan | None:
    """The scan that was begun; None while it is at work, which a bar shows."""
    return cast("Scan | None", outcome(begun.key, _("Trying every window"), begun.work))


@st.cache_data(max_entries=64, show_spinner=False)
def by_opencv(picture: str, cascade: str, settings: DetectorSettings, _gray: np.ndarray) -> Timed:
    """What OpenCV itself finds in the picture of that key, and how long it takes."""
    detector, lock = _detector(cascade)
    with lock:
        start = perf_counter()
        boxes = detector.detect(_gray, settings)
        return Timed(boxes, (perf_counter() - start) * 1000)


@st.cache_resource(show_spinner=False)
def _detector(cascade: str) -> tuple[FaceDetector, Lock]:
    """One for all readers, because it takes time to make; two threads must not use it at once."""
    return FaceDetector(cascade), Lock()
