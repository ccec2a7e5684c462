"""Charts as text: where the points lie, what the cells say."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from emotion.cnn.svg import confusion, curves


def texts(chart: ET.Element) -> list[str]:
    return [str(part.text) for part in chart.iter("text")]


def test_curves_by_hand() -> None:
    training, validation = [(1, 0.0), (2, 0.5), (3, 1.0)], [(1, 0.25), (2, float("nan")), (3, 0.75)]
    chart = ET.fromstring(curves(training, validation, "A < B", ("train", "check"), "epoch", percent=True))
    lines = [line.attrib["points"].split() for line in chart.iter("polyline")]
    # 340×230 with margins of 46, 14, 44 and 34: 0 lies at 196, 1 at 44; epochs 1, 2, 3 at 46, 186, 326.
    assert lines == [["46.0,196.0", "186.0,120.0", "326.0,44.0"], ["46.0,158.0", "326.0,82.0"]]
    assert {"A < B", "train", "check", "epoch", "0%", "100%", "1", "2", "3"} <= set(texts(chart))


@pytest.mark.parametrize(
    ("highest", "ticks"), [(2.0, ["0", "0.5", "1", "1.5", "2"]), (0.04, ["0", "0.01", "0.02", "0.03", "0.04"])]
)
def test_ticks_are_round(highest: float, ticks: list[str]) -> None:
    chart = ET.fromstring(curves([(1, highest), (2, 0.0)], [], "loss", ("a", "b"), "epoch"))
    assert [text for text in texts(chart)[1:] if text.replace(".", "").isdigit()][: len(ticks)] == ticks


@pytest.mark.parametrize("points", [[], [(1.0, 0.0)], [(1.0, float("nan"))]])
def test_little_to_draw(points: list[tuple[float, float]]) -> None:
    assert ET.fromstring(curves(points, points, "loss", ("a", "b"), "epoch")).tag == "svg"


def test_confusion_by_hand() -> None:
    chart = ET.fromstring(confusion(np.array([[3, 1], [0, 0]]), ["<a>", "b"], "true", "answer"))
    assert texts(chart)[-10:] == ["3", "75%", "1", "25%", "b", "b", "0", "0%", "0", "0%"]
    assert [float(cell.attrib["fill-opacity"]) for cell in chart.iter("rect")] == pytest.approx(
        [0.05 + 0.95 * 0.75, 0.05 + 0.95 * 0.25, 0.05, 0.05], abs=1e-3
    )
    assert "<a>" in texts(chart)
