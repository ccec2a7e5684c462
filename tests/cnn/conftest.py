"""What the tests of networks share."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emotion.cnn.architectures import build
from emotion.cnn.bundle import Bundle
from emotion.cnn.config import TrainConfig
from emotion.cnn.formats import SCALINGS
from emotion.cnn.model_files import import_model_files
from emotion.cnn.runs import Run, create_run
from emotion.cnn.training import train
from emotion.cnn.workers import take_over
from tests.conftest import write_faces


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of the smallest network with weights as drawn, to be read only: where any network will do."""
    folder = tmp_path_factory.mktemp("small")
    model = build("tiny_cnn", 2, 16)
    (folder / "model.json").write_text(model.to_json(), encoding="utf-8")
    model.save(folder / "weights.h5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_HOME", str(folder))
        return import_model_files(folder / "model.json", folder / "weights.h5", ("a", "b"), SCALINGS[1], "small")


@pytest.fixture
def signals() -> Iterator[None]:
    """This process keeps its own answers to Ctrl-C, whatever is trained in it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def train_here(signals: None) -> Callable[[TrainConfig], Run]:
    """Trains a run in this process."""

    def work(config: TrainConfig) -> Run:
        run = create_run(config)
        train(run, take_over(run), None)
        return run

    return work


@pytest.fixture
def quick(home: Path, tmp_path: Path) -> TrainConfig:
    """One epoch of the smallest network on 24 + 8 images."""
    data = write_faces(tmp_path / "data", {"train": {"a": 16, "b": 8}, "validation": {"a": 4, "b": 4}})
    return TrainConfig(
        str(data), "quick", architecture="tiny_cnn", epochs=1, batch_size=8, size=16, precision="float32"
    )
