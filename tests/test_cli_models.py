"""The commands for bundles and runs."""

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emotion.cli import main
from tests.cnn.old_files import deck_layers, write_network


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def pack(trained: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in (trained / "models" / "tiny").iterdir():
            archive.write(file, file.name)
    return path


def test_a_bundle_s_zip_comes_in_and_is_listed(trained: Path, tmp_path: Path, home: Path) -> None:
    done = run("import-model", pack(trained, tmp_path / "x.zip"), "--name", "내 모델", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["path"] == str(home / "models" / "내 모델")
    assert "내 모델: emotion, tiny_cnn, 94,247 parameters; accuracy" in run("models").stdout


def test_export_to_a_file(trained: Path, tmp_path: Path) -> None:
    model = trained / "models" / "tiny"
    done = run("export", model, "--format", "tflite-dynamic", "--out", tmp_path / "m.tflite", "--json")
    assert done.exit_code == 0, done.output
    (proof,) = json.loads(done.stdout)
    assert proof["bytes"] == (model / "model.tflite").stat().st_size and proof["n"] == 256
    again = run("export", model, "--format", "tflite-dynamic", "--out", tmp_path / "m.tflite")
    assert again.exit_code == 2 and again.stderr.count("\n") == 1 and "exists already" in again.stderr
    told = run("export", model, "--format", "tflite-dynamic", "--out", tmp_path / "m.tflite", "--json")
    assert told.exit_code == 2 and json.loads(told.stdout)["error"].startswith("{path} exists already")


def test_report(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_HOME", str(trained))
    name = next((trained / "runs").glob("2*")).name
    done = run("report", name, "--out", tmp_path / "r.html", "--language", "ko")
    assert done.exit_code == 0 and (tmp_path / "r.html").stat().st_size > 10_000


MISTAKES = {
    "no model": (["export", "nope", "--format", "h5", "--out", "x.h5"], "There is no model “nope”"),
    "no format": (["export", "emotion-deck", "--out", "x.h5"], "one --format for a file"),
    "unknown format": (["export", "emotion-deck", "--format", "pickle", "--out", "x"], "is not one of"),
    "no zip": (["import-model", "DIR/model.json"], "is no zip file"),
    "gone": (["import-model", "DIR/none.zip"], "can't be read"),
    "two weights": (["import-model", "DIR/a.h5", "DIR/b.h5"], "found a.h5, b.h5"),
    "no classes": (["import-model", "DIR/model.json", "DIR/a.h5"], "Classes: expected two names or more"),
    "nothing to repeat": (["reproduce", "nope", "--data", "DIR"], "There is no model “nope”"),
    "no data to repeat on": (["reproduce", "emotion-deck", "--data", "DIR/none"], "is no folder"),
    "no run": (["report", "nothing"], "is no run folder"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_clear_line(tmp_path: Path, case: str) -> None:
    write_network(tmp_path / "model.json", deck_layers())
    arguments, says = MISTAKES[case]
    done = run(*(argument.replace("DIR", str(tmp_path)) for argument in arguments))
    assert done.exit_code == 2 and says in done.stderr and "Traceback" not in done.output
