"""Settings: their limits, and their way through config.json."""

import json

import pytest

from emotion.cnn.config import MILD, PRESETS, STRONG, Augmentation, TrainConfig
from emotion.errors import UserError


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"schedule": "x"},
        {"name": "../up"},
        {"architecture": "vgg"},
        {"optimiser": "lion"},
        {"weight_decay": -0.1},
        {"label_smoothing": 1.0},
        {"votes": 1.1},
        {"patience": -1},
        {"images": -1},
        {"ema": 1.0},
        {"seed": -1},
        {"size": 8},
        {"distribute": "cloud"},
        {"warmup": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"(?i)expected"):
        TrainConfig(**{"data": "d", "name": "n", **wrong})


@pytest.mark.parametrize("wrong", [{"shift": 0.6}, {"rotate": -1}, {"zoom": 0.9}, {"erase": 2}, {"mixup": 1.5}])
def test_changes_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        Augmentation(**wrong)


def test_only_what_was_trained_can_be_frozen() -> None:
    with pytest.raises(UserError, match="frozen"):
        TrainConfig("d", "n", freeze=True)
    assert TrainConfig("d", "n", freeze=True, start_from="emotion").freeze


def test_the_way_through_json_changes_nothing() -> None:
    config = TrainConfig("감정 🙂", "n", augmentation=STRONG, patience=3, votes=0.5, schedule="plateau")
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_a_run_of_an_older_or_newer_program_is_read() -> None:
    first_version = {"data": "d", "name": "n", "task": "", "architecture": "deck_cnn", "epochs": 3, "batch_size": 64}
    assert TrainConfig.from_json(first_version) == TrainConfig("d", "n", epochs=3)
    newer = {**first_version, "epochs": 15, "hologram": 1, "augmentation": {"flip": True, "warp": 9}}
    assert TrainConfig.from_json(newer) == TrainConfig("d", "n", augmentation=Augmentation(flip=True))


@pytest.mark.parametrize("wrong", [{"augmentation": 3}, {"augmentation": {"shift": "far"}}, {"epochs": "many"}])
def test_a_wrong_type_is_a_type_error(wrong: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        TrainConfig.from_json({"data": "d", "name": "n", **wrong})


def test_the_deck_s_training_changes_no_image() -> None:
    assert TrainConfig("d", "n").augmentation == PRESETS["off"] == Augmentation()
    assert not Augmentation(mixup=0.2).changes_pixels
    assert MILD.changes_pixels and STRONG.changes_pixels
