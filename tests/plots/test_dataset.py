"""The Dataset page's figures: what they count and which faces they show."""

from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from emotion.dataset.folder import open_dataset
from emotion.dataset.pixels import Images
from emotion.labels import label_of
from emotion.plots.dataset import GRID_COLUMNS, class_counts, grid_rows, sample_grid
from tests.conftest import write_faces


def bars(figure: go.Figure) -> dict[str, list[int]]:
    """The numbers of the bars that can be seen, by split; the others stand for the legend."""
    return {bar.name: list(bar.x) for bar in figure.data if bar.type == "bar" and bar.x[0] is not None}


def test_class_counts_has_a_bar_for_each_class_and_split(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"sad": 3, "angry": 2}, "validation": {"sad": 1}, "test": {"angry": 4}})
    figure = class_counts(open_dataset(tmp_path))
    assert bars(figure) == {"train": [2, 3], "validation": [0, 1], "test": [4, 0]}
    assert [list(bar.y) for bar in figure.data if bar.type == "bar" and bar.x[0] is not None] == [
        ["<b>Angry</b>", "<b>Sad</b>"]
    ] * 3
    assert list(figure.data[-1].x) == [6, 4] and list(figure.data[-1].text) == [" 6", " 4"]
    assert figure.data[0].marker.color == (label_of("angry").colour, label_of("sad").colour)


def test_a_class_s_name_is_no_markup(tmp_path: Path) -> None:
    write_faces(tmp_path, {"train": {"a<b": 2, "c": 2}, "validation": {"c": 1}})
    assert class_counts(open_dataset(tmp_path)).data[0].y[0] == "<b>a&lt;b</b>"


def test_sample_grid_has_a_row_for_each_class_with_five_faces_at_most() -> None:
    labels = np.array([0] * 7 + [2] * 2)
    images = Images(np.full((9, 16, 16), 200, np.uint8), labels, tuple(map(str, range(9))))
    figure = sample_grid(images, ("angry", "fear", "happy"))
    assert [note.text for note in figure.layout.annotations] == ["<b>Angry</b>", "<b>Fear</b>", "<b>Happy</b>"]
    opaque = np.array(figure.data[0].z)[..., 3] > 0
    rows = np.split(opaque, 3)
    assert [row.sum() // 256 for row in rows] == [GRID_COLUMNS, 0, 2]


def test_grid_rows_are_seeded_and_five_of_each_class_at_most() -> None:
    labels = np.repeat([0, 1, 3], [50, 3, 20])
    rows = grid_rows(labels, 4)
    assert np.bincount(labels[rows]).tolist() == [5, 3, 0, 5] and len(set(rows)) == 13
    assert (rows == grid_rows(labels, 4)).all() and (rows != grid_rows(labels, 5)).any()
