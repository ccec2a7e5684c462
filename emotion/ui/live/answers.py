"""Many photos in one table: a line a face, what each model says of it, and every probability to download."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from emotion.i18n import _
from emotion.labels import class_names
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.log import SessionLog
from emotion.ui.table import data_table


def show_table(names: Sequence[str], found: Sequence[FrameResult]) -> None:
    """The faces of photos of these names, and a button for the table as CSV."""
    rows = [_row(name, number, face) for name, result in zip(names, found, strict=True) for number, face in _of(result)]
    shares = {column for row in rows for column in row if column.endswith(" %")}
    bars = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    data_table(rows, hide_index=True, key="live-photos-table", column_config=dict.fromkeys(shares, bars))
    st.download_button(
        _("Download the table"), lambda: _csv(names, found), "emotion.csv", "text/csv", on_click="ignore",
        key="live.photos.csv", icon=":material/table_rows:", help=_("With the box and every probability of each face."),
    )  # fmt: skip


def _of(result: FrameResult) -> list[tuple[int, Face | None]]:
    """The faces counted from 1; a photo without one has a line too."""
    return list(enumerate(result.faces, start=1)) or [(0, None)]


def _row(name: str, number: int, face: Face | None) -> dict[str, Any]:
    row: dict[str, Any] = {_("Photo"): name, _("Face"): number or None}
    for model, prediction in face.predictions.items() if face else ():
        row[model] = _answer(prediction)
        if prediction.age is None:
            row[f"{model} %"] = prediction.probability
    return row


def _answer(prediction: Prediction) -> str:
    if prediction.age is not None:
        return _("about {age} years").format(age=f"{prediction.age:.0f}")
    return class_names(prediction.classes)[prediction.position]


def _csv(names: Sequence[str], found: Sequence[FrameResult]) -> bytes:
    log = SessionLog("photo")
    for name, result in zip(names, found, strict=True):
        log.add_picture(name, result.faces)
    data = log.data()
    log.close()
    return data
