"""``emotion evaluate``: the figures it prints, and its mistakes."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.votes import COLUMNS


@pytest.fixture
def arguments(trained: Path) -> list[str]:
    return ["evaluate", "--model", str(trained / "models" / "tiny"), "--data", str(trained / "datasets" / "sample")]


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_all_figures_of_a_model(arguments: list[str]) -> None:
    report = json.loads(run(*arguments, "--json"))
    right = sum(report["confusion"][k][k] for k in range(7))
    assert report["value"] == right / report["n"] == right / 21 <= report["top_2"]["value"]
    assert set(report["f1"]) == set(report["roc_area"]) == set(report["recall"]) and 0 <= report["macro_f1"] <= 1
    text = run(*arguments)
    assert f"accuracy {right / 21:.2%} (95% interval" in text and "top-2" in text and "surprise" in text


def test_on_worse_pictures(arguments: list[str]) -> None:
    report = json.loads(run(*arguments, "--hardships", "--json"))
    assert {metric["n"] for metric in report["hardships"].values()} == {21} and "dark" in report["hardships"]
    assert f"eyes covered {report['hardships']['eyes covered']['value']:.2%}" in run(*arguments, "--hardships")


def test_whom_it_serves_worse(arguments: list[str]) -> None:
    report = json.loads(run(*arguments, "--whom", "--json"))
    for kind in ("age ", "gender ", ("found", "not found")):
        assert sum(metric["n"] for name, metric in report["whom"].items() if name.startswith(kind)) == 21
    name, one = next(iter(report["whom"].items()))
    assert f"{name} {one['value']:.2%} (" in run(*arguments, "--whom")


def test_a_model_is_no_better_than_itself(arguments: list[str]) -> None:
    report = json.loads(run(*arguments, "--against", arguments[2], "--without-copies", "--json"))
    assert report["difference"] == {"value": 0, "only_first": 0, "only_second": 0, "p_value": 1, "mid_p": 1}
    assert report["against"]["confusion"] == report["confusion"]
    assert "McNemar p = 1" in run(*arguments, "--against", arguments[2])


def test_by_the_votes_of_the_taggers(arguments: list[str], tmp_path: Path) -> None:
    arguments[4] = str(shutil.copytree(arguments[4], tmp_path / "voted"))
    (tmp_path / "voted" / "dataset.json").unlink()  # On drawn faces nobody votes.
    done = CliRunner().invoke(main, [*arguments, "--votes"])
    assert done.exit_code == 2 and "has no FER+ votes" in done.stderr
    first, second, *_others = open_dataset(arguments[4]).part("validation").paths
    sure = [str(10 * (column == "happiness")) for column in COLUMNS]
    torn = [{"happiness": "5", "sadness": "4", "NF": "1"}.get(column, "0") for column in COLUMNS]
    csv = "\n".join([",".join(["file", *COLUMNS]), ",".join([first, *sure]), ",".join([second, *torn])])
    (tmp_path / "votes.csv").write_text(csv, encoding="utf-8")
    run("dataset", "votes", arguments[4], str(tmp_path / "votes.csv"))
    report = json.loads(run(*arguments, "--votes", "--json"))
    assert report["n"] == 2 and sum(report["confusion"][3]) == 2  # Happy, whatever their folders say.
    assert json.loads(run(*arguments, "--votes", "--clear", "--json"))["n"] == 1
    done = CliRunner().invoke(main, [*arguments, "--clear"])
    assert done.exit_code == 2 and "give --votes too" in done.stderr


def test_both_models_are_looked_for_first(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, [*arguments, "--against", "nope"])
    assert done.exit_code == 2 and "no model “nope”" in done.stderr and done.stderr.count("\n") == 1
