"""What tests share: a home of their own, a tiny dataset of real files, and a bundle trained for real, once."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.cnn import workers
from emotion.cnn.machine import set_up_tensorflow
from emotion.cnn.runs import Run
from emotion.dataset.sample import write_sample
from emotion.homes import REPOSITORY

set_up_tensorflow()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty EMOTION_HOME for every test, so that none writes into the developer's own."""
    monkeypatch.setenv("EMOTION_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session", autouse=True)
def no_worker_left() -> Iterator[None]:
    """Wait for the worker processes that tests started: a run says that it is over a moment before its worker ends."""
    yield
    for worker in workers._workers:
        try:
            worker.wait(60)
        except subprocess.TimeoutExpired:  # Its test has failed before it could stop it.
            worker.kill()
            worker.wait()


def write_faces(root: Path, counts: dict[str, dict[str, int]], size: int = 12) -> Path:
    """Write a dataset folder of noise images: ``counts[split][class]`` files; split "" means class folders alone."""
    random = np.random.default_rng(0)
    for split, classes in counts.items():
        for key, count in classes.items():
            folder = root / split / key
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                image = random.integers(0, 256, (size, size), np.uint8)
                (folder / f"{number:03d}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return root


def emotion_command(home: Path, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``python -m emotion …`` as a person would, in a process of its own."""
    command = [sys.executable, "-m", "emotion", *map(str, arguments)]
    environment = {**os.environ, "EMOTION_HOME": str(home), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, encoding="utf-8")
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def wait_until(run: Run, holds: Callable[[Run], bool], seconds: float = 280) -> None:
    """Wait for a worker process; its log is shown where that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds(run):
        assert time.monotonic() < deadline, run.log_tail(40)
        time.sleep(0.05)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for anything else."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_over(run: Run) -> bool:
    """Whether no worker is at the run and none will be."""
    return not run.status().active


def once_for_all(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """A folder that ``fill`` fills once, whichever of pytest-xdist's workers comes first; the others wait for it."""
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    folder = (factory.getbasetemp() if alone else factory.getbasetemp().parent) / name
    ready = folder.with_suffix(".ready")
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 280
        while not ready.exists():
            assert time.monotonic() < deadline, f"another worker does not get {name} ready"
            time.sleep(0.1)
        return folder
    try:
        fill(folder)
    finally:
        ready.touch()  # Also where it failed, or the others would wait in vain.
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An EMOTION_HOME with a sample dataset of 210 faces and one finished run of two epochs, to be read only.

    The network is the smallest one: this home is copied for some hundred tests, and the deck's takes 170 MB with its
    states. Who needs the deck's finds it in the bundle that ships.
    """

    def train(home: Path) -> None:
        data = write_sample(home / "datasets" / "sample", 210)
        options = ("--network", "tiny_cnn", "--epochs", 2, "--batch-size", 32, "--name", "tiny")
        emotion_command(home, "train", "--data", data, *options)

    return once_for_all(tmp_path_factory, "trained", train)


@pytest.fixture
def bundle_copy(trained: Path, home: Path) -> Path:
    """A copy of the trained bundle in an EMOTION_HOME of its own, to be broken."""
    return Path(shutil.copytree(trained / "models" / "tiny", home / "models" / "tiny"))
