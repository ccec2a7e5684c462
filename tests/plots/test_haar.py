"""The figures of the integral image: what stands in them, and where."""

import numpy as np
import pytest

from emotion.haar.integral import DECK_MATRIX, DECK_RECTANGLES, Rectangle, integral_image
from emotion.plots.haar import CORNER_COLOURS, integral_figure, matrix_figure


def areas(figure, colour):
    return [(s.y0, s.x0, s.y1, s.x1) for s in figure.layout.shapes if colour in (s.fillcolor, s.line.color)]


def test_the_matrix_shows_its_values_and_shades_what_each_corner_stands_for():
    figure = matrix_figure(DECK_MATRIX, DECK_RECTANGLES[0])
    assert list(figure.data[1].text[:5]) == [1, 2, 2, 4, 1]
    assert areas(figure, CORNER_COLOURS["A"]) == [(0.5, 0.5, 1.5, 1.5)]
    assert areas(figure, CORNER_COLOURS["B"]) == [(1.5, 0.5, 4.5, 1.5)]
    assert areas(figure, CORNER_COLOURS["C"]) == [(0.5, 1.5, 1.5, 4.5)]


def test_a_rectangle_in_the_corner_takes_nothing_away():
    assert len(matrix_figure(DECK_MATRIX, Rectangle(0, 0, 5, 5)).layout.shapes) == 1


@pytest.mark.parametrize("rectangle", [*DECK_RECTANGLES, Rectangle(0, 0, 1, 1), Rectangle(4, 4, 1, 1)])
def test_each_corner_is_marked_at_its_entry(rectangle):
    figure = integral_figure(integral_image(DECK_MATRIX), rectangle)
    row, column, height, width = rectangle
    corners = {"A": (row, column), "B": (row + height, column), "C": (row, column + width)}
    for letter, (y, x) in (corners | {"D": (row + height, column + width)}).items():
        assert (y - 0.5, x - 0.5, y + 0.5, x + 0.5) in areas(figure, CORNER_COLOURS[letter])
    assert [note.text for note in figure.layout.annotations] == ["<b>A</b>", "<b>B</b>", "<b>C</b>", "<b>D</b>"]
    assert np.array_equal(figure.data[0].z, integral_image(DECK_MATRIX))
