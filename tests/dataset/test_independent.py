"""The doctor's figures for exact copies, counted once more by a few lines that share nothing with it."""

import hashlib
import os
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
from PIL import Image

from emotion.dataset.doctor import examine
from emotion.dataset.folder import open_dataset
from emotion.homes import REPOSITORY
from tests.dataset.test_doctor import write_faulty

FER2013 = Path(os.environ.get("EMOTION_FER2013") or REPOSITORY.parent / "shared" / "data" / "fer2013.zip")


def count_copies(root: Path) -> dict[str, int]:
    """Copies among ``<split>/<class>/<file>``, by Pillow and SHA-256."""
    groups = defaultdict(list)
    for folder, _, files in os.walk(root):
        for file in files:
            try:
                with Image.open(Path(folder, file)) as image:
                    gray = image.convert("L")
            except OSError:
                continue
            place = Path(folder).relative_to(root).parts
            groups[hashlib.sha256(f"{gray.size}".encode() + gray.tobytes()).hexdigest()].append(place)
    copies = [places for places in groups.values() if len(places) > 1]
    return {
        "groups": len(copies),
        "surplus": sum(len(places) - 1 for places in copies),
        "across splits": sum(len({split for split, _ in places}) > 1 for places in copies),
        "other labels": sum(len({label for _, label in places}) > 1 for places in copies),
    }


def doctors_count(root: Path) -> dict[str, int]:
    report = examine(open_dataset(root))
    return {
        "groups": len(report.copies),
        "surplus": sum(len(group) - 1 for group in report.copies),
        "across splits": len(report.findings["leak"].groups),
        "other labels": len(report.findings["conflict"].groups),
    }


def test_on_a_folder_made_for_it(tmp_path: Path) -> None:
    write_faulty(tmp_path)
    assert doctors_count(tmp_path) == count_copies(tmp_path)
    assert count_copies(tmp_path) == {"groups": 3, "surplus": 4, "across splits": 1, "other labels": 1}


@pytest.mark.skipif(not FER2013.exists(), reason="EMOTION_FER2013 names no folder or zip of FER2013")
def test_on_fer2013(tmp_path: Path) -> None:
    root = FER2013
    if FER2013.is_file():
        with zipfile.ZipFile(FER2013) as archive:
            archive.extractall(tmp_path / "fer2013")
        root = open_dataset(tmp_path / "fer2013").root
    counts = count_copies(root)
    assert doctors_count(root) == counts
    if len(open_dataset(root).everything.paths) == 32_137:  # Training and PublicTest, whole.
        assert counts == {"groups": 1270, "surplus": 1519, "across splits": 269, "other labels": 47}
