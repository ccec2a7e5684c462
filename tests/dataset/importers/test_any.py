"""Whatever it is, the right importer takes it."""

import io
from pathlib import Path

import pytest

from emotion.dataset.importers import free_name, import_any, needs_import
from emotion.errors import UserError
from emotion.files import is_plain_name
from tests.conftest import write_faces
from tests.dataset.importers.sources import csv_bytes, tree_files, utkface_files, write, zip_bytes


@pytest.mark.parametrize(
    ("name", "data", "roots", "classes"),
    [
        ("a.zip", zip_bytes(tree_files()), ["new"], ("happy", "sad")),
        ("UPPER.ZIP", zip_bytes(tree_files()), ["new"], ("happy", "sad")),
        ("fer.csv", csv_bytes(), ["new"], ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")),
        (
            "archive.zip",
            zip_bytes({"x/train.csv": b"", "x/icml_face_data.csv": csv_bytes(), "x/example.csv": b""}),
            ["new"],
            ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
        ),
        ("u.zip", zip_bytes(utkface_files()), ["age", "gender"], None),
    ],
)
@pytest.mark.parametrize("uploaded", [True, False])
def test_files(
    tmp_path: Path, name: str, data: bytes, roots: list[str], classes: tuple[str, ...], uploaded: bool
) -> None:
    source = write(tmp_path / name, data)
    assert needs_import(source)
    stream = io.BytesIO(data)
    stream.name = name
    datasets = import_any(stream if uploaded else source, "new", tmp_path / "sets")
    assert [dataset.root for dataset in datasets] == [tmp_path / "sets" / root for root in roots]
    assert classes is None or datasets[0].classes == classes


def test_a_folder_of_utkface_images(tmp_path: Path) -> None:
    for name, data in utkface_files().items():
        write(tmp_path / "in" / name, data)
    assert needs_import(tmp_path / "in") and needs_import(tmp_path / "in" / "UTKFace")
    datasets = import_any(tmp_path / "in", "new", tmp_path / "sets")
    assert [dataset.name for dataset in datasets] == ["age", "gender"]
    assert not any(needs_import(dataset.root) for dataset in datasets)


def test_a_dataset_folder_is_opened_not_imported(tmp_path: Path) -> None:
    root = write_faces(tmp_path / "mine", {"train": {"a": 2, "b": 2}})
    assert not needs_import(root) and not needs_import(tmp_path / "missing")
    with pytest.raises(UserError, match="needs no import"):
        import_any(root, "new", tmp_path / "sets")


def test_free_names(tmp_path: Path) -> None:
    for expected in ("얼굴", "얼굴 2", "얼굴 3"):
        assert free_name(tmp_path, '"얼굴"') == expected
        (tmp_path / expected).mkdir()
    assert free_name(tmp_path, "../..") == "dataset"
    long = free_name(tmp_path, "가" * 90)
    (tmp_path / long).mkdir()
    assert is_plain_name(free_name(tmp_path, "가" * 90))


@pytest.mark.parametrize("name", ["", "../up", "a/b", "con"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="can't be the name of a folder"):
        import_any(io.BytesIO(zip_bytes(tree_files(1))), name, tmp_path / "sets")
    assert not (tmp_path / "sets").exists()
