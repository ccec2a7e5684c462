"""The state after an epoch brings everything back."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, create_run
from emotion.cnn.state import BestWeights, EpochState
from emotion.errors import UserError


def parts(run: Run) -> tuple[keras.Model, BestWeights, EpochState]:
    model = keras.Sequential([
        keras.Input((4,)),
        keras.layers.Dense(8),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(2),
    ])
    model.compile("adam", "mse", metrics=["accuracy"])
    best = BestWeights(run.path / "best.weights.h5", monitor="loss")
    state = EpochState(run, best)
    state.set_model(model)
    return model, best, state


def fit(model: keras.Model, best: BestWeights, state: EpochState, first: int, last: int) -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(32, 4)), random.normal(size=(32, 2))
    model.fit(x, y, initial_epoch=first, epochs=last, callbacks=[best, state], shuffle=False, verbose=0)


def test_a_resumed_run_goes_on_as_if_it_had_never_stopped(home: Path) -> None:
    whole, halves = (create_run(TrainConfig("d", name)) for name in ("whole", "halves"))
    keras.utils.set_random_seed(1)
    straight = parts(whole)
    fit(*straight, 0, 4)
    keras.utils.set_random_seed(1)
    fit(*parts(halves), 0, 2)
    keras.utils.set_random_seed(99)  # Another process begins with other weights and other draws.
    resumed = parts(halves)
    assert resumed[2].restore() == 2
    fit(*resumed, 2, 4)
    assert halves.metrics() == whole.metrics()
    for one, other in zip(straight[0].get_weights(), resumed[0].get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert int(resumed[0].optimizer.iterations) == 4
    assert resumed[1].best == straight[1].best


def test_two_states_are_kept_and_half_a_state_is_never_seen(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    made = parts(run)
    fit(*made, 0, 3)
    (run.path / "state" / ".epoch-0004.half").mkdir()  # What a kill -9 leaves of the fourth.
    assert sorted(path.name for path in (run.path / "state").glob("epoch-*")) == ["epoch-0002", "epoch-0003"]
    state = json.loads((run.path / "state" / "epoch-0003" / "state.json").read_text(encoding="utf-8"))
    assert [row["epoch"] for row in state["rows"]] == [1, 2, 3]
    assert parts(run)[2].restore() == 3
    assert not list((run.path / "state").glob(".*"))


def test_a_new_run_starts_from_nothing(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    assert parts(run)[2].restore() == 0
    assert run.metrics() == []


def test_a_hollow_state_falls_back_to_the_one_before(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    fit(*parts(run), 0, 3)
    (run.path / "state" / "epoch-0003" / "model.weights.h5").write_bytes(b"")
    assert parts(run)[2].restore() == 2
    assert [row["epoch"] for row in run.metrics()] == [1, 2]


def _delete_states(run: Run) -> None:
    shutil.rmtree(run.path / "state")


def _hollow_states(run: Run) -> None:
    for weights in run.path.glob("state/*/model.weights.h5"):
        weights.write_bytes(b"")


@pytest.mark.parametrize("spoil", [_delete_states, _hollow_states])
def test_without_a_state_that_can_be_loaded_nothing_is_lost(home: Path, spoil: Callable[[Run], None]) -> None:
    run = create_run(TrainConfig("d", "n"))
    fit(*parts(run), 0, 2)
    run.note("progress", {"epoch": 1.5, "loss": 1.0})
    names = ("metrics.csv", "progress.jsonl", "best.weights.h5")
    before = [(run.path / name).read_bytes() for name in names]
    spoil(run)
    with pytest.raises(UserError, match=r"has finished 2 epochs, but no state of them can be loaded \(.+\)"):
        parts(run)[2].restore()
    assert [(run.path / name).read_bytes() for name in names] == before


def test_half_a_state_leaves_the_network_as_it_was(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    fit(*parts(run), 0, 1)
    (run.path / "metrics.csv").unlink()  # The power went between the state and the curves.
    (run.path / "state" / "epoch-0001" / "state.json").write_text('{"rows": [], "best": 1.0, "random": []}', "utf-8")
    model, best, state = parts(run)
    before = [weights.copy() for weights in model.get_weights()]
    assert state.restore() == 0 and best.best is None
    assert all(map(np.array_equal, model.get_weights(), before))


def test_the_file_that_finder_leaves_is_no_state(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    fit(*parts(run), 0, 1)
    (run.path / "state" / ".DS_Store").write_bytes(b"Bud1")
    (run.path / "state" / "epoch-0009").write_bytes(b"")
    assert parts(run)[2].restore() == 1


def test_an_old_state_that_can_t_be_removed_ends_no_training(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(TrainConfig("d", "n"))
    held = str(run.path / "state" / "epoch-0001")

    def refuse(path: Any, *rest: Any, **names: Any) -> None:  # As Windows does while somebody has the file open.
        if "epoch-0001" in str(path) or names.get("dir_fd") is not None:
            raise PermissionError(13, "in use", held)
        real(path, *rest, **names)

    real = os.unlink
    made = parts(run)
    fit(*made, 0, 2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", refuse)
        fit(*made, 2, 3)
    assert len(run.metrics()) == 3 and Path(held).exists()
    fit(*made, 3, 4)
    assert sorted(path.name for path in (run.path / "state").glob("epoch-*")) == ["epoch-0003", "epoch-0004"]


def test_weights_that_were_torn_off_never_become_the_best(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    made = parts(run)
    fit(*made, 0, 1)
    good = (run.path / "best.weights.h5").read_bytes()
    (run.path / "new.best.weights.h5").write_bytes(good[:99])  # A process was killed, or its disk was full.
    made[1].best = 0.0  # No epoch is better.
    fit(*made, 1, 2)
    assert (run.path / "best.weights.h5").read_bytes() == good and not (run.path / "new.best.weights.h5").exists()


def test_a_running_average_is_validated_and_saved_and_training_goes_on_without_it(home: Path) -> None:
    decay, run = 0.5, create_run(TrainConfig("d", "n"))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=decay)
    model.compile(optimizer, "mse")
    best = BestWeights(run.path / "best.weights.h5", monitor="val_loss")
    state = EpochState(run, best)
    x, y = np.ones((1, 1), np.float32), np.ones((1, 1), np.float32)
    model.fit(x, y, epochs=3, validation_data=(x, y), callbacks=[best, state], verbose=0)
    # One step an epoch, by hand: the gradient of (w - 1)² is 2 (w - 1).
    weight, average, steps = 0.0, 0.0, []
    for step in range(3):
        weight -= 0.1 * 2 * (weight - 1)
        average = weight if step == 0 else decay * average + (1 - decay) * weight
        steps.append((weight, average))
    expected = [(average - 1) ** 2 for _weight, average in steps]
    assert np.allclose([row["val_loss"] for row in run.metrics()], expected)
    model.load_weights(run.path / "best.weights.h5")
    assert np.allclose(model.get_weights()[0], steps[-1][1])
    model.load_weights(run.path / "state" / "epoch-0003" / "model.weights.h5")
    assert np.allclose(model.get_weights()[0], steps[-1][0])


def test_a_column_that_is_new_is_empty_in_older_rows(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    rows = [{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": 1.0, "learning_rate": 0.1}]
    run.write_metrics(rows)
    assert run.metrics() == rows
