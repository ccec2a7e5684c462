"""Names along an axis stay names: Plotly would take those of ages for dates, and of numbered folders for numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from emotion.cnn.comparison import compare
from emotion.cnn.evaluation import Evaluation
from emotion.dataset.folder import open_dataset
from emotion.live.faces import Prediction
from emotion.plots.altered import before_after
from emotion.plots.dataset import class_counts
from emotion.plots.evaluation import class_scores_figure, difference_figure
from emotion.plots.live import probabilities
from tests.conftest import write_faces

AGES = ("00-02", "03-09", "10")
ANSWER = Prediction(AGES, np.array([0.2, 0.3, 0.5], np.float32))


def evaluation(answers: list[int]) -> Evaluation:
    shares = np.eye(3, dtype=np.float32)[answers]
    return Evaluation(AGES, "test", np.arange(3), np.arange(3), shares)


FIGURES: dict[str, Callable[[], go.Figure]] = {
    "one picture": lambda: before_after(ANSWER, ANSWER),
    "answer": lambda: probabilities(ANSWER),
    "scores": lambda: class_scores_figure(evaluation([0, 1, 1])),
    "difference": lambda: difference_figure(compare(evaluation([0, 1, 1]), evaluation([0, 0, 2])), "a", "b"),
}


def insist_on_names(figure: go.Figure) -> None:
    for axis, values in (("xaxis", "x"), ("yaxis", "y")):
        if any(isinstance(value, str) for trace in figure.data for value in trace[values]):
            assert figure.layout[axis].type == "category"
            return
    pytest.fail("no names along an axis")


@pytest.mark.parametrize("name", FIGURES)
def test_names_are_neither_dates_nor_numbers(name: str) -> None:
    insist_on_names(FIGURES[name]())


def test_nor_are_those_of_folders(tmp_path: Path) -> None:
    insist_on_names(class_counts(open_dataset(write_faces(tmp_path, {"train": dict.fromkeys(AGES, 2)}))))
