"""``emotion train``: its settings, and what it answers to programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cli.train import AugmentationType
from emotion.cnn.config import MILD, OFF, Augmentation, TrainConfig
from emotion.cnn.runs import create_run, list_runs
from tests.conftest import write_faces


def test_every_setting_has_its_option() -> None:
    options = {parameter.name for parameter in main.commands["train"].params}
    assert set(TrainConfig.__dataclass_fields__) <= options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("off", OFF),
        ("mild", MILD),
        ("flip", Augmentation(flip=True)),
        ("flip, shift=0.1,rotate=10", Augmentation(flip=True, shift=0.1, rotate=10)),
    ],
)
def test_changes_by_name_or_by_number(text: str, expected: Augmentation) -> None:
    assert AugmentationType().convert(text, None, None) == expected
    assert AugmentationType().convert(str(expected), None, None) == expected  # As a table and a report write it.


MISTAKES = {
    "averaged": (["--data", "DATA", "--averaged", "start"], "--data makes no use of --averaged"),
    "more of what is new": (["--data", "DATA", "--more", "2"], "--data makes no use of --more"),
    "JSON of a training": (["--data", "DATA", "--json"], "--data makes no use of --json"),
    "an empty run": (["--resume", "", "--averaged", "start"], "--resume makes no use of --averaged"),
    "by class": (["--publish", "nope", "--by-class", "2"], "not in the range"),
    "settings of what has its own": (
        ["--resume", "nope", "--epochs", "3", "--notes", "new", "--by-class", "0"],
        "--resume makes no use of --by-class, --epochs, --notes. Leave it out. To train longer, give --more N.",
    ),
    "settings of what is trained": (["--publish", "nope", "--seed", "0"], "--publish makes no use of --seed"),
    "no votes": (["--data", "DATA", "--votes", "0.5"], "has no FER+ votes"),
    "the same faces twice": (["--data", "DATA", "--teachers", "emotion", "--unlabelled", "DATA"], "labels already"),
    "settings in a list": (["--probe", "[1]"], "config.json"),
    "changes": (["--data", "DATA", "--augment", "wobble=1"], "flip,shift=0.1"),
    "too far": (["--data", "DATA", "--augment", "shift=3"], "augmentation shift"),
    "no number": (["--data", "DATA", "--augment", "shift=far"], "flip,shift=0.1"),
    "no bundle": (["--data", "DATA", "--from", "nope"], "no model “nope”"),
    "nothing to freeze": (["--data", "DATA", "--freeze"], "frozen"),
    "no run to publish": (["--publish", "nope"], "no run folder"),
    "settings": (["--probe", "{"], "config.json"),
    "incomplete settings": (["--probe", "{}"], "config.json"),
    "two wishes": (["--probe", "{}", "--data", "DATA"], "either --data FOLDER or --resume RUN"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_clear_line_and_leaves_no_run(case: str, home: Path, tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", {split: {"a": 4, "b": 4} for split in ("train", "validation")})
    arguments, says = MISTAKES[case]
    done = CliRunner().invoke(main, ["train", *(argument.replace("DATA", str(data)) for argument in arguments)])
    assert done.exit_code == 2 and says in done.stderr and "Traceback" not in done.output
    assert list_runs() == []


def test_a_program_that_asks_gets_the_mistake_as_json(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    (run.path / "status.json").write_text('{"state": "stopped"}', encoding="utf-8")
    done = CliRunner().invoke(main, ["train", "--publish", str(run.path), "--json"])
    assert done.exit_code == 2
    answer = json.loads(done.stdout)
    assert set(answer) == {"error", "values"} and answer["error"].format(**answer["values"])
