"""Figures of an evaluation: what stands in them is what was put in."""

import numpy as np
import pytest

from emotion.cnn.calibration import reliability
from emotion.cnn.comparison import compare
from emotion.cnn.evaluation import Evaluation, Roc, roc
from emotion.labels import label_of
from emotion.plots.evaluation import (
    class_scores_figure,
    confusion_figure,
    difference_figure,
    heat_overlay,
    heat_picture,
    reliability_figure,
    roc_figure,
)

CLASSES = ("angry", "happy", "<b>x</b>")


def evaluation(labels: list[int], answers: list[int]) -> Evaluation:
    probabilities = np.where(np.eye(3)[answers] > 0, 0.8, 0.1).astype(np.float32)
    return Evaluation(CLASSES, "test", np.arange(len(labels)), np.array(labels), probabilities)


@pytest.fixture
def found() -> Evaluation:
    return evaluation([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 2])


def test_every_cell_has_its_number_and_can_be_clicked(found: Evaluation) -> None:
    figure = confusion_figure(found)
    cells, markers = figure.data
    written = {(note.y, note.x): note.text for note in figure.layout.annotations}
    assert len(written) == 9 and written[0, 0] == "3" and written[0, 1] == "1" and written[2, 2] == "0"
    assert cells.z.tolist() == [[0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 0]]
    clicked = {tuple(pair): (y, x) for pair, y, x in zip(markers.customdata, markers.y, markers.x, strict=True)}
    assert len(clicked) == 9 and all(pair == place for pair, place in clicked.items())
    assert markers.text[1] == "Angry → Happy<br>1 images, 25.0% of this row"
    assert "&lt;b&gt;x" in markers.text[2] and markers.marker.color == "rgba(0,0,0,0)"


def test_the_chosen_cell_is_framed(found: Evaluation) -> None:
    (frame,) = confusion_figure(found, chosen=(0, 1)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (0.5, 1.5, -0.5, 0.5)
    assert not confusion_figure(found).layout.shapes


def test_or_the_share_of_the_row(found: Evaluation) -> None:
    notes = confusion_figure(found, shares=True).layout.annotations
    written = {(note.y, note.x): note.text for note in notes}
    assert written[0, 0] == "75%" and written[1, 2] == "50%" and written[2, 0] == "0%"


def test_bars_of_confidence_stand_in_their_bins(found: Evaluation) -> None:
    figure = reliability_figure(reliability(found.labels, found.probabilities, bins=4))
    bar = figure.data[0]
    assert bar.x.tolist() == pytest.approx([0.875]) and bar.y.tolist() == pytest.approx([4 / 6])
    assert bar.customdata.tolist() == [6] and "13.3%" in figure.layout.title.text  # 0.8 less 4/6.


def test_a_curve_for_each_class_that_has_one(found: Evaluation) -> None:
    figure = roc_figure(roc(found))
    assert [trace.name for trace in figure.data] == ["Angry · 0.875", "Happy · 0.625", "guessing · 0.500"]
    assert figure.data[0].line.color == label_of("angry").colour
    assert len(roc_figure((Roc("angry", np.zeros(0), np.zeros(0), float("nan")),)).data) == 1


def test_scores_stand_beside_each_other(found: Evaluation) -> None:
    precision, recall, f1 = class_scores_figure(found).data
    assert list(precision.y) == [1, 0.5, 0] and list(recall.y)[:2] == [0.75, 0.5]
    assert list(f1.y)[:2] == pytest.approx([6 / 7, 0.5]) and precision.x[2] == "&lt;b&gt;x&lt;/b&gt;"


def test_who_alone_is_right_to_the_left_and_to_the_right(found: Evaluation) -> None:
    other = evaluation([0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1])
    first, second = difference_figure(compare(found, other), "a<b", "c").data
    assert first.x.tolist() == [-2, 0, 0] and second.x.tolist() == [1, 1, 0]
    assert first.customdata.tolist() == [2, 0, 0] and "a&lt;b" in first.name


def test_heat_is_warm_above_zero_and_blue_below() -> None:
    gray = np.full((2, 2), 100, np.uint8)
    picture = heat_overlay(gray, np.array([[0, 1], [-1, 9]]), strength=0.5)
    assert picture[0, 0].tolist() == [100, 100, 100]
    assert picture[0, 1].tolist() == [178, 110, 50] == picture[1, 1].tolist() and picture[1, 0].tolist() == [
        50,
        110,
        178,
    ]


def test_small_heat_is_seen_and_the_face_stays_pixel_by_pixel() -> None:
    gray = np.array([[100, 200], [0, 50]], np.uint8)
    plain = heat_picture(gray, np.zeros((2, 2), np.float32), longest=8)
    assert plain.shape == (8, 8, 3) and (plain[:4, :4] == 100).all() and (plain[:4, 4:] == 200).all()
    whole = heat_overlay(np.kron(gray, np.ones((4, 4), np.uint8)), np.ones((8, 8)))
    assert np.array_equal(heat_picture(gray, np.full((2, 2), 0.2, np.float32), longest=8), whole)
    faint = heat_picture(gray, np.full((2, 2), 0.005, np.float32), longest=8)
    assert np.abs(faint.astype(int) - plain).max() < 20
