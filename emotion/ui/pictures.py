"""The lesson map's pictures, made once for each model and language from the real parts they stand for."""

import io
from collections.abc import Sequence

import cv2
import h5py
import numpy as np
import streamlit as st

from emotion.cnn.bundle import WEIGHTS, Bundle, default_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.dataset.sample import draw_face
from emotion.haar.crop import crop_face
from emotion.haar.detector import FaceDetector
from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY
from emotion.i18n import language
from emotion.labels import EMOTIONS
from emotion.live.annotate import annotate
from emotion.live.clip import clip_frame
from emotion.live.pipeline import FacePipeline
from emotion.live.still import read_picture
from emotion.plots import pictures
from emotion.ui.guards import classifier_of


def picture_of(step: str) -> np.ndarray:
    """The picture of a step of the lesson, rgb uint8 (270, 480, 3), showing the model that ships, if any."""
    bundle = default_bundle(scan_bundles()[0])
    if bundle:
        try:
            return _picture(step, language(), bundle.digest, bundle)
        except Exception:  # noqa: BLE001  # Home is no place to report a model: the pages that use it say what is wrong.
            pass
    return _picture(step, language(), "", None)


@st.cache_data(show_spinner=False, max_entries=32)
def _picture(step: str, code: str, digest: str, _bundle: Bundle | None) -> np.ndarray:
    if step == "dataset":
        random = np.random.default_rng(4)
        return pictures.face_grid([draw_face(EMOTIONS[place % 7].key, random) for place in range(28)])
    if step == "haar":
        return pictures.haar_features(*_portrait())
    if step == "training" and _bundle:
        return pictures.learning_curve(_course_curve() or _bundle.card.training["curve"])
    if step == "compare" and _bundle:
        return pictures.kernels(_first_kernels(_bundle))
    classifier = classifier_of(str(_bundle.path), digest) if _bundle else None
    return _network_view(classifier) if step == "evaluation" else _live_frame(classifier, code)


def _course_curve() -> Sequence[dict[str, float]]:
    """The curve of the course's network that ships, from its first epoch on; none where it is not there."""
    shipped = [bundle for bundle in scan_bundles()[0] if bundle.path == REPOSITORY / "models" / "emotion-deck"]
    return shipped[0].card.training["curve"] if shipped else ()


def _portrait() -> tuple[np.ndarray, np.ndarray]:
    """The astronaut in gray, uint8 (H, W), and the box of her face."""
    gray = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    return gray, FaceDetector().detect(gray)[0]


def _network_view(classifier: Classifier | None) -> np.ndarray:
    if classifier is None:
        return pictures.network_view(crop_face(*_portrait(), size=48), None)
    face = read_picture(astronaut(), classifier)[0]
    return pictures.network_view(face.crop, face.prediction)


def _live_frame(classifier: Classifier | None, code: str) -> np.ndarray:
    """A frame of the built-in clip as the Live page shows it."""
    frame = clip_frame(0.0)
    result = FacePipeline(FaceDetector(), [classifier] if classifier else []).process_still(frame)
    return pictures.cover(cv2.cvtColor(annotate(frame, result, code), cv2.COLOR_BGR2RGB))


def _first_kernels(bundle: Bundle) -> np.ndarray:
    """The weights (h, w, channels, N) of the convolution that looks at the picture itself, read without Keras."""
    found: list[np.ndarray] = []

    def look(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 4 and item.shape[2] == bundle.card.input.channels:
            found.append(np.array(item))

    with h5py.File(io.BytesIO(bundle.read(WEIGHTS))) as file:
        file.visititems(look)
    return found[0]
