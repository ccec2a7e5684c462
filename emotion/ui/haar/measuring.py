"""How good the detector is, counted on photos whose faces are known, over its two most important settings."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import partial

import cv2
import streamlit as st

from emotion.dataset.folder import clean_path
from emotion.files import file_stamp
from emotion.haar.accuracy import Accuracy, LabelledPhoto, accuracy, read_labelled_photos
from emotion.haar.detector import DECK, DetectorSettings
from emotion.haar.photos import webcam_still
from emotion.homes import home
from emotion.i18n import _, plain
from emotion.jobs import Progress
from emotion.plots.cascade import settings_figure
from emotion.ui import chart
from emotion.ui.haar.marking import choose_own
from emotion.ui.haar.scanning import cascade_names
from emotion.ui.jobs import outcome

Photos = Callable[[int], list[LabelledPhoto]]
"""Reads the first so many of them."""

_FILE = "faces_with_boxes.zip"
# Drawn by hand.
_ASTRONAUT = {"xywh": [215, 75, 135, 150], "easy": True}
_FORMAT = """photos.zip
├── boxes.json
└── images/
    ├── one.jpg
    └── two.png

boxes.json
{
  "one.jpg": [{"xywh": [215, 75, 135, 150], "easy": true}],
  "two.png": []
}"""


@st.fragment
def show(cascade: str, settings: DetectorSettings) -> None:
    """Photos with known faces, the button that measures, and what came of it."""
    st.subheader(_("How good is it?"))
    st.caption(
        _(
            "**Recall** is the share of the faces that are found; a **false alarm** is a box where no face is. The two "
            "pull apart: the settings that find more also err more."
        )
    )
    source = _choose_photos()
    limit = st.slider(
        _("Photos at most"), 5, 500, 20, 5, key="haar.measure.limit", persist_state="session",
        disabled=st.session_state["haar.measure.way"] == "sample",
        help=_("Each photo is scanned five times, once for each scale factor: a second or so."),
    )  # fmt: skip
    pressed = st.button(
        _("Measure on these photos"),
        key="haar.measure",
        type="primary",
        icon=":material/speed:",
        disabled=source is None,
        help=None if source else _("Choose photos first."),
    )
    if pressed and source is not None:
        name, photos = source
        what = f"haar.measure:{name}:{cascade}:{settings.min_size}:{limit}"
        title = f"{cascade_names()[cascade]} · minSize {(settings.min_size or (0,))[0]}"
        work = partial(_measure, photos, cascade, settings, limit)
        st.session_state["haar.measured"] = (st.session_state["haar.measure.way"], what, title, work)
    way, *measured = st.session_state.get("haar.measured", ("",))
    if way == st.session_state["haar.measure.way"]:
        key, title, work = measured
        if table := outcome(key, _("Measuring"), work):
            _result(table, title)


def _measure(photos: Photos, cascade: str, settings: DetectorSettings, limit: int, progress: Progress) -> Accuracy:
    return accuracy(photos(limit), cascade, min_size=settings.min_size, progress=progress)


def _choose_photos() -> tuple[str, Photos] | None:
    """What tells photos from others, and how to read them; None until there are some."""
    ways = {
        "path": _("On this computer"), "upload": _("Upload"), "own": _("Your own photos"), "sample": _("Sample photo"),
    }  # fmt: skip
    way = st.segmented_control(
        _("Photos with known faces"), list(ways), default="path" if (home() / _FILE).exists() else "sample",
        format_func=ways.__getitem__,
        key="haar.measure.way", required=True, persist_state="session",
    )  # fmt: skip
    if way == "own":
        return choose_own()
    _explain_format()
    if way == "sample":
        return "sample", lambda limit: read_labelled_photos(example(), limit)
    return _upload() if way == "upload" else _path()


def _upload() -> tuple[str, Photos] | None:
    kept = "haar.measure.kept"

    def keep() -> None:
        file = st.session_state["haar.measure.zip"]
        st.session_state[kept] = (file.name, file.getvalue()) if file else None

    st.file_uploader(
        _("A ZIP of photos and boxes.json"), ["zip"], key="haar.measure.zip", max_upload_size=200, on_change=keep
    )
    if not st.session_state.get(kept):
        return None
    name, data = st.session_state[kept]
    if st.session_state["haar.measure.zip"] is None:
        st.caption(_("Still shown: {name}").format(name=plain(name)))
    return hashlib.sha256(data).hexdigest(), lambda limit: read_labelled_photos(data, limit)


def _path() -> tuple[str, Photos] | None:
    folder = home()
    there = folder / _FILE
    if "haar.measure.path" not in st.session_state and there.exists():
        st.session_state["haar.measure.path"] = str(there)
    typed = st.text_input(
        _("A ZIP of photos and boxes.json"), key="haar.measure.path", placeholder=_FILE, persist_state="session",
        help=_("A file {name} in the folder {folder} is found by itself.").format(
            name=_FILE, folder=plain(str(folder))
        ),
    )  # fmt: skip
    path = clean_path(typed)
    if not typed.strip():
        return None
    # The file may be another one when it is measured again.
    return f"{path}:{file_stamp(path)}", lambda limit: read_labelled_photos(path, limit)


def _explain_format() -> None:
    with st.expander(_("What the file holds")):
        st.code(_FORMAT, language=None)
        st.caption(
            _(
                "`xywh` is a face’s left and upper edge, width and height in pixels. A face with `easy` false, as one "
                "that is small or turned away, counts neither for nor against the detector."
            )
        )
        st.download_button(
            _("Download an example"), example, "photos.zip", "application/zip", icon=":material/download:",
            key="haar.measure.example", on_click="ignore",
        )  # fmt: skip


def example() -> bytes:
    """A file of the format, with the sample photo and its face."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("boxes.json", json.dumps({"astronaut.jpg": [_ASTRONAUT]}))
        archive.writestr("images/astronaut.jpg", cv2.imencode(".jpg", webcam_still())[1].tobytes())
    return file.getvalue()


def _result(table: Accuracy, title: str) -> None:
    """Recall and false alarms as two coloured grids, and the best setting in words."""
    st.markdown(
        _("**Photos: {photos} · faces that should be found: {faces}** · {title}").format(
            photos=table.photos, faces=table.faces, title=title
        )
    )
    axes = table.scale_factors, table.min_neighbors
    deck, ink = (DECK.scale_factor, DECK.min_neighbors), chart.ink()
    left, right = st.columns(2)
    with left:
        chart.show(settings_figure(table.recall, *axes, _("Recall"), True, deck, ink), "haar.recall")
    with right:
        figure = settings_figure(table.false_per_photo, *axes, _("False alarms per photo"), False, deck, ink)
        chart.show(figure, "haar.false")
    st.caption(_("Framed: the course’s own settings. {advice}").format(advice=_advice(table)))


def _advice(table: Accuracy) -> str:
    """Which settings find most of the faces with few false alarms."""
    if not table.faces:
        return _("No face is marked, so there is no recall.")
    row, column = table.best
    alike = int((table.worth == table.worth.max()).sum())
    text = _("The most faces less false alarms here: scaleFactor {factor}, minNeighbors {neighbors}, {ms} ms a photo.")
    if alike > 1:
        text = _(
            "{alike} of {all} settings are equally good on these photos, by faces less false alarms. The quickest of "
            "them: scaleFactor {factor}, minNeighbors {neighbors}, {ms} ms a photo."
        )
    return text.format(
        alike=alike,
        all=table.worth.size,
        factor=f"{table.scale_factors[row]:g}",
        neighbors=table.min_neighbors[column],
        ms=round(float(table.milliseconds[row])),
    )
