"""The command line: what it prints, and one clear line for every mistake."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.files import write_image
from emotion.haar.photos import astronaut
from emotion.homes import REPOSITORY
from tests.conftest import emotion_command, write_faces


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_image(tmp_path / "우주인.png", astronaut())
    return tmp_path / "우주인.png"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_sample_then_info(tmp_path: Path) -> None:
    run("sample", tmp_path / "drawn", "--images", 70)
    report = json.loads(run("dataset", "info", tmp_path / "drawn", "--json"))
    assert report["synthetic"] is True
    assert {split: sum(counts.values()) for split, counts in report["counts"].items()} == {
        "train": 56,
        "validation": 7,
        "test": 7,
    }


def test_models_and_evaluate(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(trained))
    assert "tiny: emotion, tiny_cnn, 94,247 parameters" in run("models")
    assert "trained on drawn faces" in run("models")
    report = json.loads(run("evaluate", "--model", "tiny", "--data", trained / "datasets" / "sample", "--json"))
    assert report["n"] == 21 and sum(map(sum, report["confusion"])) == 21


def test_predict_and_detect_a_photo(trained: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(trained))
    answer = json.loads(run("predict", "--model", "tiny", "--json", photo))[0]
    assert answer["label"] in answer["probabilities"] and sum(answer["probabilities"].values()) == pytest.approx(
        1, abs=1e-3
    )
    x0, y0, x1, y1 = answer["box"]
    assert x0 < 225 < x1 and y0 < 115 < y1  # Eileen Collins' nose.
    boxes = json.loads(run("detect", "--json", photo))[str(photo)]
    assert [x0, y0, x1, y1] in boxes


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name
        assert "--help" in run(name, "--help")


MISTAKES = {
    "missing folder": (["dataset", "info", "/no/such"], "is no folder"),
    "nothing to train": (["train"], "either --data FOLDER or --resume RUN"),
    "both to train": (["train", "--data", "a", "--resume", "b"], "either --data FOLDER or --resume RUN"),
    "no such run": (["train", "--resume", "nothing"], "is no run folder"),
    "no such data": (["train", "--data", "/no/such"], "is no folder"),
    "epochs": (["train", "--data", "DATA", "--epochs", "0"], "Epochs: expected"),
    "letters": (["train", "--data", "DATA", "--epochs", "many"], "not a valid integer"),
    "name": (["train", "--data", "DATA", "--name", "../../up"], "Name: expected"),
    "model": (["evaluate", "--model", "nope", "--data", "DATA"], "no model “nope”"),
    "no image": (["predict", "--model", "tiny", "/no/such.png"], "can't be read"),
    "bad image": (["detect", "DATA/dataset.txt"], "no readable image"),
    "cascade": (["detect", "--cascade", "nose", "x.png"], "nose"),
    "scale factor": (["detect", "--scale-factor", "1", "x.png"], "1"),
    "few images": (["sample", "DATA/new", "--images", "3"], "at least 21"),
    "a file as folder": (["sample", "DATA/dataset.txt/x"], "can't be written"),
    "taken place": (["sample", "DATA"], "is left alone"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_clear_line(case: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(trained))
    data = write_faces(tmp_path / "data", {"train": {"a": 4, "b": 4}})
    (data / "dataset.txt").write_text("text", encoding="utf-8")
    arguments, says = MISTAKES[case]
    done = CliRunner().invoke(main, [argument.replace("DATA", str(data)) for argument in arguments])
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_what_the_system_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(tmp_path / "file" / "home"))
    (tmp_path / "file").write_bytes(b"")
    data = write_faces(tmp_path / "data", {split: {"a": 4, "b": 4} for split in ("train", "validation")})
    done = CliRunner().invoke(main, ["train", "--data", str(data)])
    assert done.exit_code == 2 and done.stderr.startswith("emotion: ") and done.stderr.count("\n") == 1
    assert "file" in done.stderr


def test_a_class_without_images_has_no_recall(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(trained))
    data = Path(shutil.copytree(trained / "datasets" / "sample", tmp_path / "data"))
    for image in (data / "validation" / "sad").iterdir():
        image.unlink()
    arguments = ("evaluate", "--model", "tiny", "--data", data)
    assert "NaN" not in run(*arguments, "--json")
    assert json.loads(run(*arguments, "--json"))["recall"]["sad"] is None
    assert "sad no images" in run(*arguments)


def test_a_terminal_without_hangul_shows_escapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_faces(tmp_path / "얼굴", {"train": {"행복": 4, "b": 4}})
    command = [sys.executable, "-m", "emotion", "dataset", "info"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    for arguments, code in (([str(root), "--json"], 0), ([str(root / "없음")], 2)):
        done = subprocess.run([*command, *arguments], cwd=REPOSITORY, env=environment, capture_output=True)
        assert done.returncode == code and b"Traceback" not in done.stderr
        assert b"\\uc5bc\\uad74" in done.stdout + done.stderr


def test_as_a_process_a_mistake_prints_one_line(home: Path) -> None:
    done = emotion_command(home, "evaluate", "--model", "nope", "--data", "x", check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("emotion: There is no model “nope”") and done.stderr.count("\n") == 1
