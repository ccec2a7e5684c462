"""FER2013's csv against OpenCV and arithmetic by hand."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.dataset.importers.fer_csv import import_fer_csv
from tests.dataset.importers.sources import csv_bytes, csv_row, write

# By hand from the data set's own description, not from our table.
ORDER = {0: "angry", 1: "disgust", 2: "fear", 3: "happy", 4: "sad", 5: "surprise", 6: "neutral"}


def test_labels_splits_names_and_pixels(tmp_path: Path) -> None:
    source = write(tmp_path / "fer2013.csv", csv_bytes(21))
    told: list[tuple[int, int]] = []
    dataset = import_fer_csv(source, tmp_path / "set", lambda done, total: told.append((done, total)))
    expected = {
        f"{('train', 'validation', 'test')[n // 7]}/{ORDER[n % 7]}/fer{n:07d}.png": csv_row(n % 7, seed=n)
        for n in range(21)
    }
    assert set(dataset.everything.paths) == set(expected)
    for path, row in expected.items():
        image = cv2.imread(str(dataset.root / path), cv2.IMREAD_UNCHANGED)
        assert image.dtype == np.uint8 and image.ravel().tolist() == [int(word) for word in row.split(",")[1].split()]
    size = source.stat().st_size
    assert told[-1] == (size, size)
    assert dataset.title == "FER2013" and "research" in dataset.terms


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("emotion, Usage, pixels\n6,PrivateTest,1 2 3 4\n", "test/neutral/fer0000000.png"),
        ('\ufeffemotion,pixels\r\n"4","1 2 3 4"\r\n\r\n', "sad/fer0000000.png"),
    ],
)
def test_other_headers(tmp_path: Path, text: str, path: str) -> None:
    dataset = import_fer_csv(io.BytesIO(text.encode()), tmp_path / "set")
    assert cv2.imread(str(dataset.root / path), cv2.IMREAD_UNCHANGED).tolist() == [[1, 2], [3, 4]]


def test_blank_lines_do_not_count(tmp_path: Path) -> None:
    text = "emotion,pixels\n\n0,1\n\n1,2\n"
    dataset = import_fer_csv(io.BytesIO(text.encode()), tmp_path / "set")
    assert set(dataset.everything.paths) == {"angry/fer0000000.png", "disgust/fer0000001.png"}
