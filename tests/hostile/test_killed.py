"""``kill -9`` at any moment: what was finished is there, what was not leaves nothing that looks finished."""

import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

from emotion.cnn.bundle import load_bundle
from emotion.cnn.config import TrainConfig
from emotion.cnn.publish import _settle
from emotion.cnn.runs import Run, create_run
from emotion.cnn.status import Status
from emotion.cnn.workers import add_epochs
from emotion.files import folder_in_the_making, hidden_name
from emotion.homes import REPOSITORY, user_models_folder
from tests.browser.conftest import App, running
from tests.browser.test_dataset import open_box
from tests.conftest import wait_for, write_faces
from tests.hostile.conftest import Files, zipped

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
LONG = 400
"""Epochs that no victim comes to the end of; each takes a tenth of a second."""


def start(victim_at: int, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.hostile.victim", str(victim_at), *map(str, arguments)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(280)
    finally:
        process.kill()  # Where it did not end, or the test has no more time.
        process.wait()


def insist_on_order(run: Run, before: int) -> int:
    """The run as it lies there: readable, every epoch once and in order, none lost, no bundle but whole ones."""
    status = run.status()
    assert status.state in {"queued", "interrupted", "finished"}, status
    epochs = [row["epoch"] for row in run.metrics()]
    assert epochs == list(range(1, len(epochs) + 1)) and len(epochs) >= before
    assert all({"loss", "val_accuracy"} <= set(row) for row in run.metrics())
    insist_on_whole_bundles()
    return len(epochs)


def insist_on_whole_bundles() -> None:
    folder = user_models_folder()
    for path in folder.iterdir() if folder.exists() else ():
        if path.name[0] != ".":
            load_bundle(path)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    data = write_faces(tmp_path / "faces", {"train": {"a": 16, "b": 16}, "validation": {"a": 4, "b": 4}})
    return create_run(TrainConfig(str(data), "small", architecture="tiny_cnn", epochs=LONG, batch_size=16, size=16))


def kill_at_a_file(run: Run, draw: random.Random) -> bool:
    return ended(start(draw.randrange(1, 150), "train", "--resume", run.path)) == -signal.SIGKILL


def kill_at_a_time(run: Run, draw: random.Random) -> bool:
    """At some moment of a second and a half from the first epoch on: also within the C code that writes weights."""
    process, before = start(0, "train", "--resume", run.path), len(run.metrics())
    while process.poll() is None and len(run.metrics()) == before:
        time.sleep(0.01)
    time.sleep(1.5 * draw.random())
    process.kill()
    return ended(process) == -signal.SIGKILL


def kill_while_it_publishes(run: Run, draw: random.Random) -> bool:
    """With one epoch more to train, so that the bundle comes soon."""
    if run.status().state == "finished":
        add_epochs(run, 1)
    return ended(start(draw.randrange(20, 70), "train", "--resume", run.path)) == -signal.SIGKILL


def insist_on_a_good_end(run: Run) -> None:
    """The last resume comes to its end, and sweeps up after those before it."""
    add_epochs(run, 1)
    assert ended(start(0, "train", "--resume", run.path)) == 0, run.log_tail()
    assert run.status().state == "finished" and len(run.metrics()) == run.config().epochs
    load_bundle(run.status().bundle)
    assert not [path.name for folder in (run.path / "state", user_models_folder()) for path in folder.glob(".*")]


def test_some_victims(run: Run) -> None:
    draw, done = random.Random(3), 0
    for kill in (kill_at_a_file, kill_at_a_time):
        assert kill(run, draw)
        done = insist_on_order(run, done)
    insist_on_a_good_end(run)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [4, 5])
def test_fifty_victims(run: Run, seed: int) -> None:
    """Twenty-five in each of two runs, which can be beside each other."""
    draw, done, killed = random.Random(seed), 0, 0
    for kill in [kill_at_a_file] * 9 + [kill_at_a_time] * 9:
        killed += kill(run, draw)
        done = insist_on_order(run, done)
    assert done > 18
    add_epochs(run, 1)
    while killed < 25:
        killed += kill_while_it_publishes(run, draw)
        done = insist_on_order(run, done)
    insist_on_a_good_end(run)


def insist_on_an_import_at(victim_at: int, archive: Path, home: Path) -> bool:
    """Whether it was killed; there is a whole model or none, and the next import is not in its way."""
    code = ended(start(victim_at, "import-model", archive))
    assert code in {0, -signal.SIGKILL}
    insist_on_whole_bundles()
    return code != 0


def insist_on_an_export_at(victim_at: int, archive: Path, home: Path) -> bool:
    out = home / f"{victim_at}.zip"
    code = ended(start(victim_at, "export", "emotion-deck", "--format", "tflite-dynamic", "--out", out))
    assert code in {0, -signal.SIGKILL} and (code != 0 or out.exists())
    if out.exists():
        assert zipfile.ZipFile(out).testzip() is None
    return code != 0


@pytest.mark.parametrize("victim_at", [2, 5])
def test_a_killed_import(files: Files, tmp_path: Path, home: Path, victim_at: int) -> None:
    archive = zipped(tmp_path / "a.zip", files)
    assert insist_on_an_import_at(victim_at, archive, home)
    assert not insist_on_an_import_at(0, archive, home)
    assert [path.name for path in (home / "models").iterdir()] == ["tiny"]


@pytest.mark.soak
@pytest.mark.parametrize("act", [insist_on_an_import_at, insist_on_an_export_at])
def test_killed_at_each_file(files: Files, tmp_path: Path, home: Path, act: object) -> None:
    archive, victim_at = zipped(tmp_path / "a.zip", files), 1
    home.mkdir(parents=True, exist_ok=True)
    while act(victim_at, archive, home):  # type: ignore[operator]
        victim_at += 1
    assert victim_at > 1


@pytest.mark.soak
def test_a_server_killed_while_it_imports(page: Page, home: Path, tmp_path: Path) -> None:
    archive, datasets = tmp_path / "many.zip", home / "datasets"
    pictures = [
        path.read_bytes() for path in write_faces(tmp_path / "faces", {"train": {"a": 9, "b": 9}}).rglob("*.png")
    ]
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(20_000):
            file.writestr(f"train/{'ab'[number % 2]}/{number}.png", pictures[number % len(pictures)])
    with running(home) as app:
        drop(page, app, archive)
        wait_for(lambda: sum(1 for _ in datasets.glob(".*/**/*.png")) > 100)
        app.process.kill()
    assert [path for path in datasets.iterdir() if path.name[0] == "."], "it had come to its end before"
    assert not [path for path in datasets.iterdir() if path.is_dir() and path.name[0] != "."]
    with running(home) as app:
        drop(page, app, archive)
        page.get_by_role("heading", name="many · 20,000 images").wait_for(timeout=120_000)
    assert [path.name for path in datasets.iterdir() if path.is_dir()] == ["many"]


@pytest.mark.soak
def test_a_server_killed_while_it_exports(page: Page, home: Path) -> None:
    """The helper process that makes the zip ends with its server; whatever zip is there is whole."""

    def export(app: App) -> None:
        page.goto(f"{app.url}/evaluation")
        page.get_by_text("Export & import").click()
        page.get_by_role("button", name="Export and prove").click()
        page.get_by_text("Exporting and checking").first.wait_for(timeout=60_000)

    with running(home) as app:
        export(app)
        page.wait_for_timeout(8000)  # Among the formats: all of them take half a minute.
        helpers = app.process.children(recursive=True)
        assert helpers
        app.process.kill()
        # A helper sees it when it has done what it was asked.
        wait_for(lambda: not any(helper.is_running() and helper.status() != "zombie" for helper in helpers), 240)
    made = home / "cache" / "exports"
    assert all(zipfile.ZipFile(path).testzip() is None for path in made.glob("*.zip"))
    with running(home) as app:
        export(app)
        page.get_by_text("Every file was loaded again").wait_for(timeout=180_000)
    assert all(zipfile.ZipFile(path).testzip() is None for path in made.glob("*.zip")) and list(made.glob("*.zip"))


def drop(page: Page, app: App, file: Path) -> None:
    """Give a file to the Dataset page."""
    open_box(page, app)
    page.locator(".st-key-dataset-way").get_by_text("Zip or CSV").click()
    page.locator("input[type=file]").set_input_files(file)


def test_what_was_put_aside_comes_back(tmp_path: Path) -> None:
    """Killed between the two renames by which a folder is replaced, the old one stands aside."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    aside = tmp_path / hidden_name(tmp_path / "model").name.replace(f"-{os.getpid()}-", f"-{dead.pid}-")
    aside = aside.with_name(f"{aside.name}.old")
    aside.mkdir()
    (aside / "card.json").write_text("old", encoding="utf-8")
    # Of another computer that shares the disk: one at work, and one of last week.
    foreign = [tmp_path / f".{name}.0a1b2c-999999999-01234567" for name in ("now", "past")]
    for folder in foreign:
        folder.mkdir()
    os.utime(foreign[1], (0, time.time() - 7 * 86_400))
    with folder_in_the_making(tmp_path / "another"):
        pass
    assert (tmp_path / "model" / "card.json").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [foreign[0].name, "another", "model"]


def test_a_run_from_elsewhere_replaces_no_model_but_its_own(run: Run, files: Files, tmp_path: Path) -> None:
    """Its status may name any folder; a model is published beside it, never over it."""
    foreign = tmp_path / "elsewhere"
    foreign.mkdir()
    for name, data in files.items():
        (foreign / name).write_bytes(data.replace(b'"run": "', b'"was": "') if name == "card.json" else data)
    run.write_status(Status("finished", bundle=str(foreign)))
    made = hidden_name(user_models_folder() / "small")
    made.mkdir(parents=True)
    assert _settle(run, made, load_bundle(foreign).card) == user_models_folder() / "small"
    assert {path.name for path in foreign.iterdir()} == set(files) and load_bundle(foreign)
