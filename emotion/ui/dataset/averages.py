"""Averages: the mean face of each class, where its faces differ, and how bright, rich and sharp its pictures are."""

from collections.abc import Callable

import cv2
import numpy as np
import streamlit as st

from emotion.dataset.explore import ClassFaces, class_faces
from emotion.dataset.folder import Dataset
from emotion.dataset.thumbnails import encode
from emotion.i18n import _
from emotion.plots.explore import densities
from emotion.ui import chart
from emotion.ui.dataset.common import class_colour, class_name, facts_of, job_key
from emotion.ui.jobs import outcome
from emotion.ui.tiles import Tile, wall


def show(dataset: Dataset) -> None:
    """The whole view."""
    faces = outcome(
        job_key(dataset, "faces"), _("Averaging the faces"), lambda told: class_faces(dataset, progress=told)
    )
    if faces is not None:
        _faces(dataset, faces)
    st.markdown(_("**Brightness, contrast and sharpness**"))
    facts = facts_of(dataset)
    if facts is None:
        return
    names = {
        "brightness": _("brightness"),
        "contrast": _("contrast"),
        "sharpness": _("sharpness"),
    }
    what = st.segmented_control(
        _("Measure"), list(names), default="brightness", format_func=names.__getitem__, key="dataset.measure",
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    explained = {
        "brightness": _("The mean gray value, 0 (black) to 255 (white). A network may learn the light, not the face."),
        "contrast": _("The standard deviation of the gray values: near 0 the picture is one gray."),
        "sharpness": _("The variance of the Laplacian: low where the picture is blurred."),
    }
    st.caption(explained[what])
    values = np.log10(facts.sharpness + 1) if what == "sharpness" else getattr(facts, what)
    title = _("sharpness, log₁₀") if what == "sharpness" else names[what]
    chart.show(densities(values, dataset.everything.labels, dataset.classes, title), "dataset.densities")


def _faces(dataset: Dataset, faces: ClassFaces) -> None:
    st.markdown(_("**The mean face of each class**"))
    st.caption(_("All its images laid over each other: what stays is what they share."))
    wall(_tiles(dataset, faces.mean, _gray), f"dataset.means.{dataset.root}", side=100, clickable=False)
    st.markdown(_("**Where the faces of a class differ**"))
    st.caption(_("The variance of every pixel: bright where the images differ most, dark where they agree."))
    spread = np.sqrt(faces.variance)
    scaled = 255 * (spread - np.nanmin(spread)) / max(float(np.nanmax(spread) - np.nanmin(spread)), 1e-6)
    wall(_tiles(dataset, scaled, _heat), f"dataset.variances.{dataset.root}", side=100, clickable=False)


def _tiles(dataset: Dataset, stack: np.ndarray, paint: Callable[[np.ndarray], np.ndarray]) -> list[Tile]:
    names = [class_name(dataset, label) for label in range(len(dataset.classes))]
    return [
        Tile(
            label,
            b"" if np.isnan(face).any() else encode(paint(face)),
            names[label],
            class_colour(dataset, label),
            names[label],
        )
        for label, face in enumerate(stack)
    ]


def _gray(face: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(face), 0, 255).astype(np.uint8)


def _heat(face: np.ndarray) -> np.ndarray:
    return cv2.applyColorMap(_gray(face), cv2.COLORMAP_INFERNO)
