"""Bad input to a training: whoever meets it, the worker, the page or the queue, says one clear sentence."""

import errno
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from emotion.cnn.architectures import build
from emotion.cnn.bundle import load_bundle
from emotion.cnn.checks import cautions
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import TrainConfig
from emotion.cnn.evaluation import evaluate
from emotion.cnn.runs import Run, Status, create_run, list_runs
from emotion.cnn.workers import resume_run, start_run, stop_run
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from tests.conftest import is_over, wait_until, write_faces

Counts = dict[str, dict[str, int]]
TWO: Counts = {"train": {"a": 2, "b": 2}, "validation": {"a": 1}}


@dataclass
class Stage:
    """What a case may use: settings that train in a second, a place for data, and a worker in this process."""

    config: TrainConfig
    place: Path
    train: Callable[[TrainConfig], Run]
    patch: pytest.MonkeyPatch


@pytest.fixture
def stage(
    quick: TrainConfig, tmp_path: Path, train_here: Callable[[TrainConfig], Run], monkeypatch: pytest.MonkeyPatch
) -> Stage:
    return Stage(quick, tmp_path / "bad", train_here, monkeypatch)


def refused(act: Callable[[], object]) -> str:
    """The sentence that an act is refused with."""
    with pytest.raises(UserError) as refusal:
        act()
    return str(refusal.value)


def trained_on(counts: Counts, **settings: object) -> Callable[[Stage], str]:
    """A worker that trains on so many images, and what its run says why it failed."""

    def case(stage: Stage) -> str:
        data = write_faces(stage.place, counts)
        said = refused(lambda: stage.train(replace(stage.config, data=str(data), **settings)))  # type: ignore[arg-type]
        status = list_runs()[0].status()
        assert status.state == "failed" and str(status.problem) == said
        return said

    return case


def three_images_in_one_batch(stage: Stage) -> str:
    data = write_faces(stage.place, {"train": {"a": 1, "b": 1}, "validation": {"a": 1}})
    config = replace(stage.config, data=str(data), batch_size=4096)
    run = stage.train(config)
    assert run.status().state == "finished" and run.confusions()[1].sum() == 1
    return str(*cautions(config, open_dataset(data)))


def loss_is_no_number(stage: Stage) -> str:
    """It starts from a run whose weights are infinite."""
    first = stage.train(stage.config)
    model = build("tiny_cnn", 2, 16)
    model.set_weights([np.full_like(weights, np.inf) for weights in model.get_weights()])
    model.save_weights(first.path / "best.weights.h5")
    said = refused(lambda: stage.train(replace(stage.config, start_from=str(first.path))))
    assert not list_runs()[0].has_weights and list_runs()[0].status().state == "failed"
    return said


def damaged_weights(stage: Stage) -> str:
    """It starts from a run whose weights are cut off: they are named, and not the new run."""
    first = stage.train(stage.config)
    (first.path / "best.weights.h5").write_bytes(b"cut")
    return refused(lambda: stage.train(replace(stage.config, start_from=str(first.path))))


def full_disk(stage: Stage) -> str:
    def refuse(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    stage.patch.setattr("emotion.files.os.fsync", refuse)
    return refused(lambda: start_run(stage.config))


def edited_run(stage: Stage) -> str:
    run = stage.train(stage.config)
    (run.path / "config.json").write_text('{"data": "d", "name": "n", "epochs": "many"}', encoding="utf-8")
    return refused(lambda: resume_run(run))


def another_task(stage: Stage) -> str:
    data = write_faces(stage.place, {"validation": {"glasses": 1, "none": 1}})
    age = Classifier(load_bundle(REPOSITORY / "models" / "age"))
    return refused(lambda: evaluate(age, open_dataset(data), "validation"))


def at_once(act: Callable[[], object]) -> list[str]:
    """What two browsers are told that click in the same moment."""
    click = Barrier(2)

    def browser(_number: int) -> str:
        click.wait(30)
        try:
            act()
        except UserError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as browsers:
        return sorted(browsers.map(browser, range(2)))


def two_starts(stage: Stage) -> str:
    assert at_once(lambda: start_run(stage.config)) == ["", ""]
    waiting, running = sorted(list_runs(), key=lambda run: not run.status().waiting)
    assert waiting.status().waiting and not running.status().waiting
    said = refused(lambda: resume_run(waiting))
    for run in (waiting, running):
        stop_run(run)
    wait_until(running, is_over)
    return said


def two_resumes(stage: Stage) -> str:
    run = create_run(stage.config)
    run.write_status(Status("stopped"))
    began, said = at_once(lambda: resume_run(run))
    assert not began
    stop_run(run)
    wait_until(run, is_over)
    return said


CASES: dict[str, tuple[Callable[[Stage], str], str]] = {
    "one class": (
        trained_on({"train": {"only": 4}, "validation": {"only": 2}}),
        r"has one class only \(only\)\. Training needs at least two",
    ),
    "an empty class": (
        trained_on({"train": {"a": 4}, "validation": {"a": 2, "b": 2}}),
        r"No training images of the class b\. Add some",
    ),
    "two images": (trained_on({"": {"a": 1, "b": 1}}), "no images in the split “validation”"),
    "a batch larger than the set": (
        three_images_in_one_batch,
        r"batch size is 4096, but there are only 2 training images.*Choose a smaller",
    ),
    "a loss that is no number": (loss_is_no_number, r"in epoch 1 the training ran off.*lower learning rate"),
    "weights that are damaged": (damaged_weights, r"best\.weights\.h5 can't be read"),
    "a full disk": (full_disk, "No space left"),
    "a run folder edited by hand": (edited_run, r"config\.json can't be read \(epochs: int expected, found 'many'\)"),
    "a bundle of another task": (
        another_task,
        r"has the classes glasses, none, but “age” knows 00-02, 03-09, 10-19, 20-29, 30-39, … \(9\)\. Choose another",
    ),
    "a bundle of another network": (trained_on(TWO, start_from="emotion-deck"), "those of deck_cnn"),
    "a bundle that is gone": (trained_on(TWO, start_from="nope"), "no model “nope”"),
    "votes that are not there": (trained_on(TWO, votes=0.5), r"no FER\+ votes"),
    "two browsers press Start at once": (two_starts, "waits for its turn"),
    "two browsers go on with a run at once": (two_resumes, "is being trained already"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_a_clear_sentence(case: str, stage: Stage) -> None:
    act, says = CASES[case]
    said = act(stage)
    assert re.search(says, said) and "\n" not in said, said
