"""Figures of images: what stands in them is what was put in."""

import numpy as np

from emotion.plots.explore import densities, gray_histogram, pixel_matrix, plane_figure


def test_a_histogram_counts_every_pixel() -> None:
    gray = np.array([[0, 3, 4, 255], [255, 255, 252, 128]], np.uint8)
    bars = gray_histogram(gray).data[0]
    counts = dict(zip(bars.x, bars.y, strict=True))
    assert sum(bars.y) == 8
    assert {x: n for x, n in counts.items() if n} == {2: 2, 6: 1, 130: 1, 254: 4}


def test_every_pixel_is_written_at_its_place() -> None:
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    numbers = pixel_matrix(gray, row=10, column=20).data[1]
    written = {(y, x): text for y, x, text in zip(numbers.y, numbers.x, numbers.text, strict=True)}
    assert written[10, 20] == 0 and written[12, 23] == 11 and written[11, 20] == 4 and len(written) == 12


def test_a_hill_for_each_class_with_its_median() -> None:
    values = np.array([1, 2, 3, 10, 20, np.nan])
    labels = np.array([0, 0, 0, 1, 1, 1])
    figure = densities(values, labels, ("happy", "sad", "empty"), "brightness")
    medians = [float(trace.x[0]) for trace in figure.data if trace.mode == "markers"]
    assert medians == [2, 15]
    hills = [trace for trace in figure.data if trace.fill == "tonexty"]
    assert len(hills) == 3 and max(hills[2].y) == 0  # Nothing of a class without images.
    assert [max(hill.y) > base for hill, base in zip(hills[:2], (2, 1), strict=True)] == [True, True]


def test_points_know_their_rows() -> None:
    xy = np.array([[0, 1], [2, 3], [4, 5]], np.float32)
    figure = plane_figure(xy, np.array([1, 0, 1]), ("happy", "<b>x</b>"), (0.5, 0.25))
    first, second = figure.data
    assert first.customdata.tolist() == [1] and second.customdata.tolist() == [0, 2]
    assert second.x.tolist() == [0, 4] and second.y.tolist() == [1, 5]
    assert second.name == "&lt;b&gt;x&lt;/b&gt;"
    assert "50%" in figure.layout.xaxis.title.text and "25%" in figure.layout.yaxis.title.text


def test_nothing_to_show_is_no_fault() -> None:
    assert densities(np.array([np.nan]), np.array([0]), ("a", "b"), "x").data
    assert len(plane_figure(np.zeros((0, 2)), np.zeros(0, int), ("a",), (0.0, 0.0)).data) == 1
