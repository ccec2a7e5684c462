"""One image large: the picture, its histogram, and its pixels as the numbers that the network gets."""

import cv2
import numpy as np
import streamlit as st

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import COLUMNS
from emotion.dataset.pixels import fit
from emotion.dataset.scan import SIZE
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.files import printable, read_image
from emotion.i18n import _, error_text, plain
from emotion.plots.dataset import split_name, vote_bars
from emotion.plots.explore import gray_histogram, pixel_matrix
from emotion.ui import chart
from emotion.ui.dataset.common import class_name, votes

_LARGE = 336  # Screen pixels of the picture's longer side.
_WINDOW = 48  # Pixels of a side of the matrix: the deck's whole image, a part of a larger one.


def show(dataset: Dataset, row: int, key: str) -> None:
    """The image of a row with everything about it; ``key`` tells the views that show one apart."""
    path = dataset.everything.paths[row]
    try:
        bgr = read_image(dataset.root / path)
    except UserError as error:
        st.error(error_text(error))
        return
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    split, label = SPLITS[dataset.split_of[row]], int(dataset.everything.labels[row])
    height, width = gray.shape
    st.markdown(f"**{plain(class_name(dataset, label))}** · {split_name(split)} · {width} × {height}")
    st.image(_enlarged(bgr), channels="BGR", width="content")
    st.caption(plain(printable(path)))
    small = fit(gray, SIZE)  # As the doctor and the gallery's order measure it.
    text = _("brightness {mean} · contrast {spread} · darkest {low} · brightest {high}")
    st.caption(text.format(mean=f"{small.mean():.0f}", spread=f"{small.std():.0f}", low=gray.min(), high=gray.max()))
    chart.show(gray_histogram(gray), f"{key}.histogram")
    voted = votes(dataset)
    if voted is not None and voted.found[row]:
        st.markdown(_("**What ten people saw in it (FER+)**"))
        chart.show(vote_bars(dict(zip(COLUMNS, voted.counts[row].tolist(), strict=True))), f"{key}.votes")


def show_numbers(dataset: Dataset, row: int, key: str) -> None:
    """The pixel matrix of a row's image: what a picture is to a program."""
    try:
        gray = read_image(dataset.root / dataset.everything.paths[row], gray=True)
    except UserError:  # Said beside the picture.
        return
    top, left = (_corner(name, length, f"{key}.{axis}") for name, length, axis in _axes(gray))
    window = gray[top : top + _WINDOW, left : left + _WINDOW]
    chart.show(pixel_matrix(window, top, left), f"{key}.matrix")


def _axes(gray: np.ndarray) -> list[tuple[str, int, str]]:
    return [(_("First row"), gray.shape[0], "row"), (_("First column"), gray.shape[1], "column")]


def _corner(name: str, length: int, key: str) -> int:
    return st.slider(name, 0, length - _WINDOW, (length - _WINDOW) // 2, key=key) if length > _WINDOW else 0


def _enlarged(bgr: np.ndarray) -> np.ndarray:
    """A small picture made large without smoothing, so that every pixel can be seen; a large one made to fit."""
    scale = _LARGE / max(bgr.shape[:2])
    size = max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale))
    return cv2.resize(bgr, size, interpolation=cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA)
