"""The lesson map's pictures, drawn once for each model and language."""

import io

import h5py
import numpy as np
import streamlit as st

from emotion.cnn.bundle import WEIGHTS, Bundle, default_bundle, scan_bundles
from emotion.i18n import language
from emotion.plots import pictures
from emotion.ui.guards import classifier_of


def picture_of(step: str) -> np.ndarray:
    """The picture of a step of the lesson, rgb uint8 (270, 480, 3), showing the model that ships, if any."""
    bundle = default_bundle(scan_bundles()[0])
    return _picture(step, language(), bundle.card.created if bundle else "", bundle)


@st.cache_data(show_spinner=False, max_entries=32)
def _picture(step: str, code: str, created: str, _bundle: Bundle | None) -> np.ndarray:
    if step == "dataset":
        return pictures.drawn_faces()
    if step == "haar":
        return pictures.haar_features()
    if step == "training" and _bundle:
        return pictures.learning_curve(_bundle.card.training["curve"])
    if step == "compare" and _bundle:
        return pictures.kernels(_first_kernels(_bundle))
    classifier = classifier_of(str(_bundle.path), created) if _bundle else None
    return pictures.network_view(classifier) if step == "evaluation" else pictures.live_frame(classifier, code)


def _first_kernels(bundle: Bundle) -> np.ndarray:
    """The first convolution's weights (3, 3, 1, N), read without Keras."""
    with h5py.File(io.BytesIO(bundle.read(WEIGHTS))) as file:
        return np.array(file["layers/conv2d/vars/0"])
