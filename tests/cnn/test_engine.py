"""The engine of one process on TensorFlow: batch normalisation by one kernel, against Keras' own."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from emotion.cnn.architectures import build
from emotion.cnn.callbacks import Confusion
from emotion.cnn.config import TrainConfig
from emotion.cnn.distributed import BatchNormalization
from emotion.cnn.engine import engine_for
from emotion.cnn.training import compiled


def both(policy: str) -> list[keras.layers.BatchNormalization]:
    kinds = (keras.layers.BatchNormalization, BatchNormalization)
    layers = [kind(momentum=0.9, dtype=policy, name="normalisation") for kind in kinds]
    for layer in layers:
        layer.build((None, 3, 3, 2))
        layer.gamma.assign([1.5, 0.5])
        layer.beta.assign([0.25, -2.0])
    return layers


def trained(layer: keras.layers.BatchNormalization, pictures: np.ndarray, slope: np.ndarray) -> list[np.ndarray]:
    """Answers, and the gradients of their sum weighted by ``slope``, for pictures, gamma and beta."""
    pictures = tf.cast(pictures, layer.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        answers = layer(pictures, training=True)
        loss = tf.reduce_sum(tf.cast(answers, "float32") * slope)
    gradients = tape.gradient(loss, [pictures, layer.gamma.value, layer.beta.value])
    return [keras.ops.convert_to_numpy(keras.ops.cast(one, "float32")) for one in (answers, *gradients)]


def averages(layer: keras.layers.BatchNormalization) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(one) for one in (layer.moving_mean, layer.moving_variance)]


@pytest.mark.parametrize(("policy", "close"), [("float32", 1e-5), ("mixed_bfloat16", 0.03)])
def test_the_kernel_normalises_as_keras_does(policy: str, close: float) -> None:
    random = np.random.default_rng(0)
    pictures = random.normal([5, -2], [3, 0.5], (4, 3, 3, 2)).astype(np.float32)
    slope = random.normal(size=pictures.shape).astype(np.float32)
    keras_s, ours = both(policy)
    for expected, found in zip(trained(keras_s, pictures, slope), trained(ours, pictures, slope), strict=True):
        assert np.allclose(found, expected, rtol=close, atol=close * np.abs(expected).max())
    # By hand: a tenth of the batch's mean, and nine tenths of one and a tenth of its variance.
    seen = np.asarray(tf.cast(tf.cast(pictures, ours.compute_dtype), "float32")).reshape(-1, 2)
    by_hand = [0.1 * seen.mean(axis=0), 0.9 + 0.1 * seen.var(axis=0)]
    assert np.allclose(averages(ours), by_hand, rtol=1e-5) and np.allclose(averages(keras_s), by_hand, rtol=1e-5)
    assert np.allclose(ours(pictures), keras_s(pictures), rtol=close, atol=close)


def test_a_frozen_layer_and_a_layer_of_vectors_stay_keras_own() -> None:
    vectors = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    for pictures, frozen in ((vectors, False), (vectors.reshape(1, 2, 3, 2), True)):
        layers = [kind() for kind in (keras.layers.BatchNormalization, BatchNormalization)]
        for layer in layers:
            layer.build(pictures.shape)
            layer.trainable = not frozen
        answers = [np.asarray(layer(pictures, training=True)) for layer in layers]
        assert np.array_equal(*answers)
        assert np.array_equal(averages(layers[0]), averages(layers[1]))


@pytest.mark.parametrize("name", ["deck_cnn", "compact_resnet"])
def test_the_adapted_network_is_the_built_one(name: str, tmp_path: Path) -> None:
    """Same weights, draws of dropout and answers; each goes on from what the other has saved, optimizer and all."""
    keras.utils.set_random_seed(3)
    built = build(name, 3, 48)
    adapted = engine_for("none").adapt(built)
    kinds = [type(layer) for layer in adapted.layers]
    assert BatchNormalization in kinds and keras.layers.BatchNormalization not in kinds
    faces, targets = np.random.default_rng(0).integers(0, 256, (4, 48, 48, 1), np.uint8), np.eye(3)[[0, 1, 2, 0]]
    assert np.array_equal(built(faces), adapted(faces))
    for model in (built, adapted):
        model.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy")
    assert adapted.train_on_batch(faces, targets) == pytest.approx(built.train_on_batch(faces, targets), rel=1e-4)
    for saved, other in ((built, adapted), (adapted, built)):
        saved.train_on_batch(faces, targets)
        saved.save_weights(tmp_path / "its.weights.h5")
        other.load_weights(tmp_path / "its.weights.h5")
        assert np.array_equal(built(faces), adapted(faces))
        assert all(map(np.array_equal, *(map(np.asarray, each.optimizer.variables) for each in (saved, other))))


@pytest.mark.parametrize(
    "setting", [{"scale": False}, {"center": False}, {"axis": 1}, {"renorm": True}, {"synchronized": True}]
)
def test_what_the_kernel_does_not_know_stays_keras_own(setting: dict[str, object]) -> None:
    inputs = keras.Input((3, 3, 2))
    model = keras.Model(inputs, keras.layers.BatchNormalization(**setting)(inputs))
    assert type(engine_for("none").adapt(model).layers[1]) is keras.layers.BatchNormalization


@pytest.mark.parametrize(("kept", "decay"), [(0.0, 0.9), (0.5, 0.9), (0.95, 0.95), (0.999, 0.99)])
def test_the_averages_are_as_long_as_those_of_the_weights(kept: float, decay: float) -> None:
    config = TrainConfig("d", "n", architecture="small_resnet", size=16, ema=kept, precision="float32")
    model = compiled(config, 2, 1, Confusion(2), engine_for("none"))
    first = next(layer for layer in model.layers if isinstance(layer, BatchNormalization))
    faces = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 1), np.uint8)
    met = keras.Model(model.input, first.input).predict(faces, verbose=0).reshape(-1, first.gamma.shape[0])
    model(faces, training=True)
    by_hand = [(1 - decay) * met.mean(axis=0), decay + (1 - decay) * met.var(axis=0)]
    assert np.allclose(averages(first), by_hand, rtol=1e-4, atol=1e-6)
