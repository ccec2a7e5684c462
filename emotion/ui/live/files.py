"""Photos and video files through the same pipeline as the camera's pictures."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import cv2
import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from emotion.dataset.thumbnails import encode
from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.haar.detector import ACCURATE, DECK, FaceDetector
from emotion.haar.photos import LONGEST, open_scaled, shrink
from emotion.i18n import _, error_text, language, plain
from emotion.labels import class_names
from emotion.live.annotate import annotate, face_colour
from emotion.live.faces import Face, FrameResult
from emotion.live.pipeline import LIVE_SCAN, FacePipeline
from emotion.live.settings import DECK_LOOP
from emotion.live.state import LiveSettings
from emotion.plots.live import answer
from emotion.ui.chart import grow, ink
from emotion.ui.live import film, settings
from emotion.ui.live.answers import show_table
from emotion.ui.live.panel import show_problems
from emotion.ui.photo import TYPES, choose_photo
from emotion.ui.tiles import Tile, wall

_AT_MOST = 60
"""Photos at once."""
_READ = "live.photos.read"


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """A photo that was read: ``jpeg`` of it with the overlay, its ``thumbnail`` (PNG or JPEG), what was ``found``, and
    ``crops`` uint8 (64, 64) each."""

    jpeg: bytes
    thumbnail: bytes
    found: FrameResult
    crops: tuple[np.ndarray, ...]


def choose_kind() -> str:
    """What is looked at: ``photo``, ``photos`` or ``video``."""
    kinds = {"photo": _("One photo"), "photos": _("Many photos"), "video": _("Video file")}
    kind = st.segmented_control(
        _("What to read"), list(kinds), format_func=kinds.__getitem__, default="photo", required=True,
        key="live.kind", persist_state="session",
    )  # fmt: skip
    return kind or "photo"


def show(kind: str, now: LiveSettings) -> None:
    """The whole view."""
    if st.session_state.pop("live.stopped", False):
        st.info(
            _("The video was ended when you left it. Back at the camera, press START."), icon=":material/videocam_off:"
        )
    with st.expander(_("Settings"), icon=":material/tune:"):
        settings.show()
        if kind != "video" and _in_finer_steps(now):
            st.caption(
                _(
                    "Photos have time for finer steps: scaleFactor {scale}, minNeighbors {neighbors}, faces of any "
                    "size. Move one of the three, and your values count."
                ).format(scale=ACCURATE.scale_factor, neighbors=ACCURATE.min_neighbors)
            )
    {"photo": _photo, "photos": _photos, "video": film.show}[kind](now)


def _photo(now: LiveSettings) -> None:
    try:
        bgr = choose_photo("live.photo")
    except UserError as error:
        st.error(error_text(error))
        return
    if bgr is not None:
        digest = hashlib.sha256(f"{bgr.shape}".encode() + bgr.tobytes()).hexdigest()
        for photo in _read({digest: lambda: shrink(bgr, LONGEST)}, now):
            if isinstance(photo, ReadPhoto):
                _show(photo, "photo")


def _photos(now: LiveSettings) -> None:
    files = st.file_uploader(
        _("Photos"), TYPES, accept_multiple_files=True, key="live.photos", max_upload_size=50,
        help=_("Up to {n} at once. They stay in memory and are not stored.").format(n=_AT_MOST),
    )  # fmt: skip
    if len(files) > _AT_MOST:
        st.warning(_("The first {n} of your {found} photos are read.").format(n=_AT_MOST, found=len(files)))
    taken = files[:_AT_MOST]
    read, names = [], []
    for file, photo in zip(taken, _read({file.file_id: partial(_open, file) for file in taken}, now), strict=True):
        if isinstance(photo, ReadPhoto):
            read.append(photo)
            names.append(file.name)
        else:
            st.warning(error_text(photo))
    if not read:
        return
    tiles = [
        Tile(number, each.thumbnail, name, _colour(each.found), _caption(each.found))
        for number, (each, name) in enumerate(zip(read, names, strict=True))
    ]
    clicked = wall(tiles, "live.photos.wall", 150) or 0
    with st.expander(_("All of them in a table"), icon=":material/table_rows:"):
        show_table(names, [each.found for each in read])
    st.markdown(f"**{plain(names[clicked])}**")
    _show(read[clicked], "photos")


def _open(file: UploadedFile) -> np.ndarray:
    return open_scaled(file.getvalue(), file.name, LONGEST).bgr


def _read(photos: Mapping[str, Callable[[], np.ndarray]], now: LiveSettings) -> list[ReadPhoto | UserError]:
    """Each photo read, by what tells it from others, or what is wrong with it.

    One that was read before in this session, with the same settings, is not even opened.
    """
    # In the session and in no cache of the server's: other people's photos are nobody's business.
    before: dict[str, ReadPhoto | UserError] = st.session_state.get(_READ, {})
    models = [f"{each.bundle.path} {each.bundle.digest}" for each in now.classifiers]
    chosen = f"{models} {now.cascade} {now.scan} {now.pipeline} {now.look} {now.language}"
    wanted = {f"{photo} {chosen}": open_photo for photo, open_photo in photos.items()}
    missing = [key for key in wanted if key not in before]
    fresh: dict[str, ReadPhoto | UserError] = {}
    bar = st.progress(0.0) if len(missing) > 3 else None
    pipeline = cache(partial(_pipeline, now))  # Made once, and not at all where nothing is missing.
    for number, key in enumerate(missing, 1):
        fresh[key] = _read_one(wanted[key], pipeline(), now)
        if bar:
            bar.progress(number / len(missing), f"{number:,} / {len(missing):,}")
    if bar:
        bar.empty()
    after = st.session_state[_READ] = {key: fresh.get(key) or before[key] for key in wanted}
    return list(after.values())


def _in_finer_steps(now: LiveSettings) -> bool:
    """Whether photos are scanned in other steps than the video: unless others were set, or the course's."""
    return now.scan == LIVE_SCAN and now.pipeline.mode != DECK_LOOP


def _pipeline(now: LiveSettings) -> FacePipeline:
    if now.pipeline.mode == DECK_LOOP:  # It knows no faces from the side.
        return FacePipeline(FaceDetector(now.cascade, *DECK), now.classifiers, replace(now.pipeline, profile=False))
    scan = ACCURATE if _in_finer_steps(now) else now.scan
    return FacePipeline(FaceDetector(now.cascade, *scan), now.classifiers, now.pipeline)


def _read_one(open_photo: Callable[[], np.ndarray], pipeline: FacePipeline, now: LiveSettings) -> ReadPhoto | UserError:
    try:
        bgr = open_photo()
    except UserError as error:
        return error.with_traceback(None)
    found = pipeline.process_still(bgr)
    drawn = annotate(bgr, found, now.language, now.notes, now.look)
    gray, side = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), 8 if now.look.blur else 64
    crops = tuple(crop_face(gray, face.xyxy, side) for face in found.faces)
    jpeg = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    return ReadPhoto(jpeg, encode(shrink(drawn, 320)), found, crops)


def _show(photo: ReadPhoto, key: str) -> None:
    """The photo with its overlay, beside it what each model says of the face that is chosen."""
    left, right = st.columns([5, 4], gap="medium")
    with left:
        st.image(photo.jpeg, width="stretch")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                _("Download"), photo.jpeg, "emotion.jpg", "image/jpeg", on_click="ignore",
                key=f"live.{key}.download", icon=":material/download:",
            )  # fmt: skip
            st.caption(_("Found and read in {ms} ms").format(ms=f"{photo.found.timings_ms['total']:.0f}"))
    with right:
        if not photo.found.faces:
            st.info(_("No face was found. Look from the front, or make scaleFactor and minNeighbors smaller."))
            return
        face = _choose_face(photo, key)
        for position, (name, prediction) in enumerate(face.predictions.items()):
            age = "" if prediction.age is None else _(" · about {age} years").format(age=f"{prediction.age:.0f}")
            st.markdown(f"**{plain(name)}**{age}")
            grow(answer(prediction, language(), ink()), f"live-{key}-{position}")
    show_problems(photo.found.problems)


def _choose_face(photo: ReadPhoto, key: str) -> Face:
    """The face that was clicked of several, else the largest."""
    faces = photo.found.faces
    if len(faces) == 1:
        return faces[0]
    tiles = [
        Tile(number, encode(crop), _("Face {number}").format(number=number + 1), face_colour(face))
        for number, (face, crop) in enumerate(zip(faces, photo.crops, strict=True))
    ]
    st.caption(_("{n} faces: click one.").format(n=len(faces)))
    clicked = wall(tiles, f"live.{key}.face", 56)
    return max(faces, key=lambda face: face.area) if clicked is None else faces[clicked]


def _colour(found: FrameResult) -> str:
    return face_colour(found.largest) if found.largest else "#8A8A8A"


def _caption(found: FrameResult) -> str:
    """In a word what is on a photo: the largest face's label, and how many others there are."""
    if not found.largest:
        return _("no face found")
    first = next(iter(found.largest.predictions.values()), None)
    label = class_names(first.classes)[first.position] if first else ""
    return f"{label} · {len(found.faces)}" if len(found.faces) > 1 or not label else label
