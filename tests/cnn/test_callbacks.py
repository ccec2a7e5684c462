"""What steers a training: numbers, schedules, patience, batches; against Keras' own rules where it has some."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from emotion.cnn.batches import Batches
from emotion.cnn.callbacks import Confusion, EndOfEpoch, Report, has_no_patience
from emotion.cnn.config import MILD, STRONG, Augmentation, TrainConfig
from emotion.cnn.runs import Run, Status, create_run
from emotion.cnn.schedule import planned_rates, plateau_rate
from emotion.cnn.state import BestWeights, EpochState
from emotion.cnn.targets import one_hot
from emotion.cnn.training import learning_rate
from emotion.errors import UserError


def batches(count: int = 10, **settings: object) -> Batches:
    pixels = np.arange(count, dtype=np.uint8).reshape(count, 1, 1)
    return Batches(pixels, one_hot(np.arange(count) % 2, 2), 4, seed=1, **settings)  # type: ignore[arg-type]


def test_every_epoch_has_its_own_order_and_repeats_it() -> None:
    made, orders = batches(), []
    for epoch in (0, 1, 0):
        made.start_epoch(epoch)
        orders.append([made[i][0].ravel().tolist() for i in range(len(made))])
    assert orders[0] == orders[2] != orders[1]
    assert sorted(np.concatenate(orders[0])) == list(range(10))
    assert [len(batch) for batch in orders[0]] == [4, 4, 2]
    assert made[0][1].tolist() == one_hot(made[0][0].ravel() % 2, 2).tolist()


def test_augmented_batches_repeat_too_and_no_two_are_alike() -> None:
    pixels = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (8, 48, 1))
    made = Batches(pixels, one_hot(np.arange(8) % 2, 2), 4, 1, STRONG, weights=np.ones(8, np.float32))
    seen = {}
    for epoch in (0, 1, 0):
        made.start_epoch(epoch)
        for index in (1, 0):  # Whatever is asked for first.
            faces, targets, weights = made[index]
            assert faces.shape == (4, 48, 48, 1) and targets.shape == (4, 2) and weights.shape == (4,)
            assert np.array_equal(seen.setdefault((epoch, index), faces), faces)
    assert len({faces.tobytes() for faces in seen.values()}) == 4


def test_mixup_blends_weights_with_the_targets() -> None:
    made = batches(4, augmentation=Augmentation(mixup=1), weights=np.array([1, 3, 1, 3], np.float32))
    _faces, targets, weights = made[0]
    # A weight is 1 for class 0 and 3 for class 1, so that a blend of both is as far between.
    assert weights == pytest.approx(1 + 2 * targets[:, 1])


def test_a_batch_larger_than_the_set_is_the_set() -> None:
    made = Batches(np.zeros((3, 1, 1), np.uint8), one_hot(np.array([0, 1, 0]), 2), 64, 0, MILD)
    assert len(made) == 1 and made[0][0].shape == (3, 1, 1, 1)


def test_the_confusion_counts_and_gives_the_accuracy() -> None:
    confusion = Confusion(3)
    labels, answers = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2])
    for rows in (slice(0, 2), slice(2, 5)):
        confusion.update_state(one_hot(labels[rows], 3), one_hot(answers[rows], 3) * 0.6 + 0.1)
    expected = np.zeros((3, 3), int)
    np.add.at(expected, (labels, answers), 1)
    assert np.array_equal(keras.ops.convert_to_numpy(confusion.counts), expected)
    assert float(confusion.result()) == pytest.approx(3 / 5)
    confusion.reset_state()
    assert float(confusion.result()) == 0


@pytest.mark.parametrize("warmup", [0, 1.5, 100])
def test_the_planned_rates_are_those_of_keras_schedule(warmup: float) -> None:
    config = TrainConfig("d", "n", epochs=12, learning_rate=0.01, schedule="cosine", warmup=warmup)
    epochs, rates = planned_rates(config)
    schedule = learning_rate(config, steps=1000)
    taken = slice(-1)  # The end of the last epoch is no step any more.
    assert rates[taken] == pytest.approx([float(schedule(1000 * epoch)) for epoch in epochs[taken]], abs=2e-5)
    assert epochs[-1] == 12 and rates.max() == pytest.approx(0.01)


def test_the_planned_plateau_halves_and_a_constant_rate_stays() -> None:
    config = TrainConfig("d", "n", epochs=12, learning_rate=0.01, schedule="plateau")
    assert set(planned_rates(config)[1]) == {0.01, 0.005}
    assert set(planned_rates(replace(config, schedule="constant"))[1]) == {0.01}


def test_the_plateau_is_keras_own() -> None:
    losses = np.random.default_rng(5).uniform(0.5, 1.5, 60).round(2).tolist()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    peer = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3, min_delta=0)
    peer.set_model(model)
    peer.on_train_begin()
    for epoch, loss in enumerate(losses):
        peer.on_epoch_end(epoch, {"val_loss": loss})
        assert plateau_rate(0.1, losses[: epoch + 1]) == pytest.approx(float(model.optimizer.learning_rate), rel=1e-5)
    assert plateau_rate(0.1, losses) < 0.01


def test_patience_ends_where_keras_ends() -> None:
    accuracies = [0.2, 0.5, 0.4, 0.5, 0.6, 0.1, 0.2, 0.6, 0.5, 0.9]
    for patience in (1, 2, 3, 4):
        rows = [{"val_accuracy": accuracy} for accuracy in accuracies]
        ended = next(count for count in range(1, 11) if has_no_patience(rows[:count], patience) or count == 10)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        peer = keras.callbacks.EarlyStopping("val_accuracy", patience=patience, mode="max")
        peer.set_model(model)
        peer.on_train_begin()
        model.stop_training = False
        for count, accuracy in enumerate(accuracies, 1):
            peer.on_epoch_end(count - 1, {"val_accuracy": accuracy})
            if model.stop_training or count == 10:
                break
        assert ended == count
    assert not has_no_patience([], 3)


def test_the_cosine_climbs_first_and_ends_at_zero() -> None:
    config = TrainConfig("d", "n", schedule="cosine", epochs=5, warmup=1, learning_rate=0.1)
    rate = learning_rate(config, steps=10)
    values = [float(rate(step)) for step in range(51)]
    assert values[0] == 0 and values[5] == pytest.approx(0.05) and values[10] == pytest.approx(0.1)
    assert values[30] == pytest.approx(0.05) and values[50] == pytest.approx(0, abs=1e-9)
    whole = learning_rate(replace(config, warmup=0), steps=10)
    assert float(whole(0)) == pytest.approx(0.1) and float(whole(25)) == pytest.approx(0.05)
    assert learning_rate(replace(config, warmup=9), 10)(49) > 0  # A warm-up longer than the run.
    assert learning_rate(replace(config, schedule="constant"), 10) == 0.1


def test_the_pace_leaves_out_the_batch_that_compiles_the_network(
    quick: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("emotion.cnn.callbacks.time", SimpleNamespace(monotonic=lambda: clock[0], time=time.time))
    run, given = create_run(quick), Batches(np.zeros((12, 1, 1), np.uint8), one_hot(np.arange(12) % 2, 2), 4, 0)
    report = Report(run, Status("running"), given, Confusion(2))
    told = []
    for epoch, seconds in enumerate(((10.0, 10.0, 14.0), (15.0, 16.0, 17.0))):  # A clock that ticks slowly.
        report.on_epoch_begin(epoch)
        for batch, second in enumerate(seconds):
            clock[0] = second
            report.on_train_batch_end(batch)
            told.append(report.status.images_per_second)
        report.on_test_begin()
        told.append(report.images_per_second)
    assert told == [0, 0, 2, 2, 4, 4, 4, 4]


class Spoilt(keras.callbacks.Callback):
    """Makes the weights infinite at the start of an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if epoch == self.epoch:
            self.model.layers[-1].kernel.assign(self.model.layers[-1].kernel * np.inf)


def fit(run: Run, *others: keras.callbacks.Callback, epochs: int = 3) -> EpochState:
    confusion, config = Confusion(2), run.config()
    pixels = np.random.default_rng(0).integers(0, 256, (12, 4, 4), np.uint8)
    targets = one_hot(np.arange(12) % 2, 2)
    model = keras.Sequential([
        keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Rescaling(1 / 255),
        keras.layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.SGD(config.learning_rate), "categorical_crossentropy", metrics=[confusion])
    shuffled, best = Batches(pixels, targets, 4, 0), BestWeights(run.path / "best.weights.h5")
    state, report = EpochState(run, best), Report(run, Status("running"), shuffled, confusion)
    validation = (pixels[..., np.newaxis], targets)
    callbacks = [report, best, state, EndOfEpoch(report, state), *others]
    model.fit(
        shuffled, validation_data=validation, epochs=epochs, callbacks=callbacks, verbose=0, shuffle=False
    )  # fmt: skip
    return state


def test_a_loss_that_is_no_number_ends_it_and_what_was_good_stays(home: Path) -> None:
    run = create_run(TrainConfig("d", "n"))
    with pytest.raises(UserError, match=r"in epoch 3 the training ran off. Whole epochs kept: 2"):
        fit(run, Spoilt(epoch=2), epochs=4)
    assert [row["epoch"] for row in run.metrics()] == [1, 2] == list(run.confusions())
    assert sorted(path.name for path in (run.path / "state").iterdir()) == ["epoch-0001", "epoch-0002"]
    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Rescaling(1 / 255),
                                keras.layers.Dense(2, activation="softmax")])  # fmt: skip
    network.load_weights(run.path / "best.weights.h5")
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


def test_patience_ends_the_training_and_the_plateau_lowers_its_rate(home: Path) -> None:
    run = create_run(TrainConfig("d", "n", learning_rate=1e-12, patience=2))
    assert len(fit(run, epochs=9).rows) == 3
    run = create_run(TrainConfig("d", "n", learning_rate=1e-12, schedule="plateau"))
    rates = [row["learning_rate"] for row in fit(run, epochs=9).rows]
    losses = [row["val_loss"] for row in run.metrics()]
    assert rates == pytest.approx([plateau_rate(1e-12, losses[:epoch]) for epoch in range(9)]) and rates[-1] < 1e-12
