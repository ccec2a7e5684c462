"""``emotion dataset …`` and ``emotion bench dataset``: the same engine as the page, as a person calls it."""

import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.dataset.folder import open_dataset
from tests.conftest import emotion_command, write_faces


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Eight images of each class; one twice, one of another label in the held-out split too."""
    root = write_faces(tmp_path / "faces", {"train": {"a": 8, "b": 8}, "validation": {"a": 3, "b": 3}}, size=48)
    shutil.copy(root / "train" / "a" / "000.png", root / "train" / "a" / "twin.png")
    shutil.copy(root / "train" / "a" / "001.png", root / "validation" / "b" / "leak.png")
    return root


def test_import_a_zip(home: Path, faces: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", faces.parent, "faces")
    (report,) = json.loads(run("dataset", "import", archive, "--json"))
    assert report["images"] == {"train": 17, "validation": 7} and report["left_out"] == []
    assert Path(report["root"]) == home / "datasets" / "packed"
    assert "packed 2: 24 images, 0 files left out" in run("dataset", "import", archive)
    assert "other" in run("dataset", "import", archive, "--name", "other")


def test_a_bad_zip_is_one_line(home: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr("../../out.png", b"x")
    says = run("dataset", "import", tmp_path / "bad.zip", code=2)
    assert says.startswith("emotion: ") and "../../out.png" in says and says.count("\n") == 1
    assert not (home / "datasets").exists() or not any((home / "datasets").iterdir())


def test_the_doctor_s_report(faces: Path, home: Path) -> None:
    report = json.loads(run("dataset", "doctor", faces, "--json"))
    assert report["exact_copies"] == {"groups": 2, "surplus": 2}
    assert report["findings"]["duplicate"]["groups"] == [["train/a/000.png", "train/a/twin.png"]]
    assert report["findings"]["leak"]["groups"] == [["train/a/001.png", "validation/b/leak.png"]]
    assert report["findings"]["conflict"]["count"] == 2
    assert "2  Copies across splits" in run("dataset", "doctor", faces)


def test_the_doctor_writes_a_clean_copy_by_name(faces: Path, home: Path) -> None:
    run("dataset", "doctor", faces, "--clean", "../clean", "--rule", "duplicate", "--rule", "conflict")
    copy = open_dataset(home / "datasets" / "clean")
    assert len(copy.everything.paths) == 24 - 1 - 2
    assert json.loads((copy.root / "doctor.json").read_text(encoding="utf-8"))["left_out"]
    assert "dark" in run("dataset", "doctor", faces, "--clean", "again", "--rule", "drak", code=2)
    run("dataset", "doctor", faces, "--clean", "by default")
    assert len(open_dataset(home / "datasets" / "by default").everything.paths) == 24 - 1 - 2
    assert "--clean" in run("dataset", "doctor", faces, "--rule", "leak", code=2)


def test_the_doctor_judges_labels_and_counts_votes(faces: Path, home: Path, tmp_path: Path) -> None:
    csv = tmp_path / "votes.csv"
    names = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    (faces / "train" / "a").rename(faces / "train" / "happy")
    csv.write_text(f"file,{names}\ntrain/happy/000.png,0,1,0,9,0,0,0,0,0,0\n", encoding="utf-8")
    run("dataset", "votes", faces, csv)
    report = json.loads(run("dataset", "doctor", faces, "--labels", "--json"))
    assert report["findings"]["votes"]["files"] == {"train/happy/000.png": 0.1}
    assert "suspect" in report["findings"]
    assert "suspect" not in json.loads(run("dataset", "doctor", faces, "--json"))["findings"]


def test_votes(faces: Path, home: Path, tmp_path: Path) -> None:
    csv = tmp_path / "votes.csv"
    csv.write_text(
        "file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n"
        "train/a/000.png,1,9,0,0,0,0,0,0,0,0\n",
        encoding="utf-8",
    )
    assert run("dataset", "votes", faces, csv) == "votes attached to 1 of 24 images\n"
    csv.write_text("file,neutral\nx,1\n", encoding="utf-8")
    assert "votes.csv" in run("dataset", "votes", faces, csv, code=2)


def test_the_benchmark_compares_in_one_run(faces: Path, home: Path) -> None:
    from benchmarks.dataset import compare, lines

    report = compare(str(faces), tiny_tree=1000)
    assert report["images"] == 24 and report["tiny tree"]["files"] == 1000
    assert all(seconds >= 0 for seconds in report["seconds"].values())
    assert set(report["times faster than the course's loop"]) >= {"index", "first full load, copy kept"}
    assert any("keras.utils.image_dataset_from_directory" in line for line in lines(report))


def test_a_set_of_ones_own_is_trained_and_measured(home: Path, tmp_path: Path) -> None:
    """Korean class names, colour photos of several sizes, no splits: the folder's name is the task's."""
    random = np.random.default_rng(0)
    for label, key in enumerate(("안경", "없음 🙂", "sun glasses")):
        folder = tmp_path / "안경" / key
        folder.mkdir(parents=True)
        for number in range(20):
            photo = random.integers(0, 80, (50 + number, 70, 3), np.uint8) + np.uint8(80 * label)
            (folder / f"{number}.jpg").write_bytes(cv2.imencode(".jpg", photo)[1].tobytes())
    settings = ("--epochs", 1, "--batch-size", 16, "--network", "tiny_cnn", "--name", "glasses")
    emotion_command(home, "train", "--data", tmp_path / "안경", *settings)
    card = json.loads((home / "models" / "glasses" / "card.json").read_text(encoding="utf-8"))
    assert card["task"] == "안경" and sorted(card["classes"]) == sorted(["안경", "없음 🙂", "sun glasses"])
    report = json.loads(run("evaluate", "--model", "glasses", "--data", tmp_path / "안경", "--split", "test", "--json"))
    assert report["n"] == 6 and set(report["recall"]) == set(card["classes"])
