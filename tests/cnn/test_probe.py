"""Estimates, worked by hand; and one real measurement."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from emotion.cli import main
from emotion.cnn import probe as module
from emotion.cnn import probe_process
from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import TrainConfig
from emotion.cnn.probe import Pace, pace_key, plan_for, probe
from emotion.errors import UserError

PACE = Pace(training=100, validation=500, overhead=20)


def config(**settings: object) -> TrainConfig:
    return TrainConfig("d", "n", **settings)  # type: ignore[arg-type]


def test_an_estimate_is_start_and_epochs() -> None:
    assert PACE.epoch_seconds(1000, 500) == 11
    assert PACE.seconds(1000, 500, 3) == 53


def test_with_time_enough_everything_is_trained() -> None:
    plan = plan_for(60, PACE, config(epochs=15), images=1000, validation=500)
    assert (plan.images, plan.epochs) == (0, 15) and plan.seconds == 20 + 15 * 11


def test_fewer_epochs_come_first() -> None:
    plan = plan_for(2, PACE, config(epochs=15), images=1000, validation=500)
    assert (plan.images, plan.epochs) == (0, 9)  # 100 seconds after the start, 11 an epoch.
    assert plan.seconds <= 120


def test_then_fewer_images() -> None:
    plan = plan_for(5, PACE, config(epochs=15), images=28_000, validation=3_500)
    assert plan.epochs == 5 and plan.images == (280 / 5 - 7) * 100
    assert plan.seconds == pytest.approx(300)


def test_a_minute_that_is_too_short_says_how_long_it_takes() -> None:
    plan = plan_for(0.1, PACE, config(), images=28_000, validation=3_500)
    assert (plan.images, plan.epochs) == (200, 5) and plan.seconds > 6


def test_a_limit_that_was_chosen_stays() -> None:
    assert plan_for(60, PACE, config(images=500, epochs=2), images=1000, validation=50).images == 500


def test_with_frozen_layers_it_is_another_pace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def ask(*arguments: str, **_: object) -> dict[str, float]:
        asked.append(json.loads(arguments[2]))
        return {"training": float(len(asked)), "validation": 2.0, "overhead": 3.0}

    monkeypatch.setattr(module, "ask", ask)
    frozen = config(start_from="emotion", freeze=True)
    assert [probe(settings, 3).training for settings in (config(), frozen, config(), frozen)] == [1, 2, 1, 2]
    assert [settings["freeze"] for settings in asked] == [False, True]


def test_what_tells_paces_apart() -> None:
    asked = [config(), config(teachers="emotion"), config(size=64), config(start_from="emotion", freeze=True)]
    assert len({pace_key(one, 3) for one in asked} | {pace_key(config(), 4)}) == 5
    assert pace_key(config(epochs=3, seed=7, learning_rate=0.1), 3) == pace_key(config(), 3)


def test_the_teachers_take_part(small_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_process, "_SECONDS", 0.1)
    shown: list[int] = []
    monkeypatch.setattr(
        Classifier, "predict", lambda self, faces: shown.append(len(faces)) or np.full((len(faces), 2), 0.5)
    )
    settings = {"architecture": "tiny_cnn", "size": 16, "batch_size": 8, "precision": "float32"}
    probe_process.measure(config(**settings), 2)
    assert not shown
    taught = config(**settings, teachers=str(small_bundle.path), taught=0.5)
    probe_process.measure(taught, 2)
    assert sum(shown) >= 4 * 8  # The first batch, and three that are timed.
    with pytest.raises(UserError, match="can't teach here"):
        probe_process.measure(taught, 3)


def ask_here(*arguments: str, **_: object) -> dict[str, float]:
    """The answer of the command, which has Keras here already."""
    done = CliRunner().invoke(main, [arguments[0], "--json", *arguments[1:]])
    return dict(json.loads(done.stdout))


def test_the_measurement_is_real_and_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe_process, "_SECONDS", 0.2)
    monkeypatch.setattr(module, "ask", ask_here)
    settings = {"architecture": "tiny_cnn", "size": 16, "batch_size": 8, "precision": "float32"}
    pace = probe(config(**settings), 3)
    assert pace.training > 20 and pace.validation > pace.training and pace.overhead > 1
    monkeypatch.setattr(module, "ask", lambda *_, **__: pytest.fail("measured again"))
    assert probe(config(**settings, epochs=3, seed=7), 3) == pace
    with pytest.raises(pytest.fail.Exception):
        probe(config(**{**settings, "batch_size": 16}), 3)
