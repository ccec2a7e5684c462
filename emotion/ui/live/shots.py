"""What Collect, Teach, Freeze and Game share: faces from the video or from photos, and the model that is asked."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import streamlit as st

from emotion.cnn.bundle import Bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.dataset.sample import draw_face
from emotion.errors import UserError
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import LONGEST, open_scaled, shrink
from emotion.i18n import _, error_text, plain
from emotion.labels import EMOTIONS
from emotion.live.pipeline import FacePipeline
from emotion.live.stream import LiveProcessor
from emotion.live.taking import CROP_SIZE, Snapshot
from emotion.ui.guards import PUBLISHED, bundle_names, classifier_of, preferred_bundle
from emotion.ui.live.choice import WANTED
from emotion.ui.paste import paste_box
from emotion.ui.photo import TYPES

_NOTES = "live.notes"
_LEAST = 24  # Pixels: the smallest face that detection finds.


def plays(processor: LiveProcessor | None) -> bool:
    """Whether there is a running video to take faces from."""
    return processor is not None and not processor.closed and processor.takers.snapshot() is not None


def choose_model(key: str, fits: Callable[[Bundle], bool], label: str, meaning: str) -> Classifier | None:
    """The model that the reader picks among those that fit; None where there is none, which is said."""
    found = [bundle for bundle in scan_bundles()[0] if fits(bundle)]
    if not found:
        st.info(_("There is no model yet that this works with. Train one on the Training page."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
        return None
    by_path = {str(bundle.path): bundle for bundle in found}
    if st.session_state.get(key) not in by_path:
        st.session_state[key] = str((preferred_bundle(found) or found[0]).path)
    path = st.selectbox(
        label, list(by_path), format_func=bundle_names(found).__getitem__, key=key, help=meaning,
        persist_state="session",
    )  # fmt: skip
    try:
        return classifier_of(path, by_path[path].digest)
    except UserError as error:
        st.error(error_text(error))
        return None


def knows_emotions(bundle: Bundle) -> bool:
    """Whether a model tells the seven emotions apart."""
    return set(bundle.card.classes) == {label.key for label in EMOTIONS}


def look_at(bgr: np.ndarray, classifiers: Sequence[Classifier] = ()) -> Snapshot:
    """A photo as the video's frames are taken: its faces found, and each of them asked about."""
    photo = shrink(bgr, LONGEST)
    return Snapshot(photo, photo, FacePipeline(FaceDetector(), classifiers).process_still(photo))


def faces_brought(key: str) -> list[np.ndarray]:
    """A box for photo files and one to paste into; the faces in what was just brought, gray uint8 (112, 112).

    Each photo gives its largest face. What can't be used is named, and nothing is kept in the boxes.
    """
    photos: list[tuple[str, bytes]] = []
    edition = st.session_state.setdefault(f"{key}.edition", 0)
    files = st.file_uploader(
        _("Photos with a face each"), TYPES, key=f"{key}.upload.{edition}", accept_multiple_files=True,
        max_upload_size=50,
    )  # fmt: skip
    if files:
        st.session_state[f"{key}.edition"] += 1
        photos = [(file.name, file.getvalue()) for file in files]
    if data := paste_box(f"{key}.paste", LONGEST):
        photos.append((_("the clipboard"), data))
    found = [_face_in(name, data) for name, data in photos]
    return [face for face in found if face is not None]


def _face_in(name: str, data: bytes) -> np.ndarray | None:
    """The largest face of a photo; a tiny picture is nothing but face."""
    try:
        bgr = open_scaled(data, name, LONGEST).bgr
    except UserError as error:
        note(error_text(error))
        return None
    height, width = bgr.shape[:2]
    if min(height, width) < _LEAST:
        text = _("{name} is {width} × {height} pixels: too small for a face. Choose one of {least} × {least} or more.")
        note(text.format(name=plain(name), width=width, height=height, least=_LEAST))
        return None
    if max(height, width) <= CROP_SIZE:
        return crop_face(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), (0, 0, width, height), CROP_SIZE)
    seen = look_at(bgr)
    face = seen.crop()
    if len(seen.result.faces) > 1:
        text = _("{name} shows {n} faces: the largest was taken.")
        note(text.format(name=plain(name), n=len(seen.result.faces)))
    if face is None:
        note(_("No face was found in {name}. Choose a photo that shows it from the front.").format(name=plain(name)))
    return face


def note(text: str) -> None:
    """Keep a sentence for ``say_notes``: what went wrong in a click is said in the run after it."""
    st.session_state.setdefault(_NOTES, []).append(text)


def say_notes() -> None:
    """Say what went wrong in the last click."""
    for text in st.session_state.pop(_NOTES, []):
        st.warning(text, icon=":material/info:")


def attempt(act: Callable[..., object], *arguments: object) -> None:
    """Do what a click asked for, or keep what is wrong with it for ``say_notes``."""
    try:
        act(*arguments)
    except UserError as error:
        note(error_text(error))


@st.cache_data(show_spinner=False)
def drawn(emotion: str) -> np.ndarray:
    """What an emotion looks like: a drawn face, gray uint8 (240, 240)."""
    # With this seed the same kind of person looks straight ahead in all seven.
    return cv2.resize(draw_face(emotion, np.random.default_rng(0)), (240, 240), interpolation=cv2.INTER_CUBIC)


def show_on_camera(paths: Sequence[str], published: str) -> None:
    """Let the camera ask these models from the page's next run on; ``published`` is the new one among them."""
    st.session_state[PUBLISHED] = published
    st.session_state[WANTED] = list(paths)


def calm(key: str) -> None:
    """Keep the container ``key`` from turning pale each time it is renewed."""
    st.html(f"<style>.st-key-{key} [data-stale=true] {{ opacity: 1 !important; }}</style>")
