"""Looking into a network, against numbers that can be worked out by hand or by Keras itself."""

from pathlib import Path

import keras
import numpy as np
import pytest

from emotion.cnn import explain
from emotion.cnn.inside import Neuron
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError
from emotion.homes import REPOSITORY


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """The deck's network."""
    return explain.load_network(REPOSITORY / "models" / "emotion-deck")


@pytest.fixture(scope="module")
def face(trained: Path) -> np.ndarray:
    return open_dataset(trained / "datasets" / "sample").load("validation").pixels[4]


def residual(size: int = 16) -> keras.Model:
    """A network with a branch, a stride and no biases, its weights and averages drawn."""
    x = inputs = keras.Input((size, size, 1))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization(scale=False)(x)
    x = start = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    x = keras.layers.Add(name="join")([x, start])
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    random = np.random.default_rng(0)
    model.set_weights([random.uniform(0.1, 1, weights.shape) - 0.4 * (weights.ndim > 1) for weights in model.weights])
    return model


def check(neuron: Neuron) -> None:
    """What anybody would work out with a pocket calculator is what Keras says."""
    total = (
        sum(float(neuron.patch[i, j]) * float(neuron.weights[i, j]) for i in range(3) for j in range(3)) + neuron.bias
    )
    assert neuron.total == pytest.approx(total, abs=1e-6)
    if norm := neuron.normalisation:
        total = norm.gamma * (total - norm.mean) / (norm.variance + norm.epsilon) ** 0.5 + norm.beta
    assert neuron.output == pytest.approx(max(total, 0), abs=1e-6)
    assert neuron.output == pytest.approx(neuron.expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("place", [(0, 0), (0, 47), (20, 31), (47, 0), (47, 47)])
def test_a_neuron_s_arithmetic_is_keras(model: keras.Model, face: np.ndarray, place: tuple[int, int]) -> None:
    neurons = [explain.neuron_arithmetic(model, face, *place, kernel) for kernel in (0, 7, 63)]
    for neuron in neurons:
        check(neuron)
        assert neuron.relu and neuron.normalisation
    assert neurons[0].ends == (0, 1)
    around = np.pad(face, 1)[place[0] : place[0] + 3, place[1] : place[1] + 3] / 255
    assert neurons[0].patch == pytest.approx(around, abs=1e-6)


def test_also_with_a_stride_and_without_bias() -> None:
    model, face = residual(), np.random.default_rng(1).integers(0, 256, (16, 16), np.uint8)
    values = []
    for row, column, kernel in ((0, 0, 0), (7, 7, 1), (3, 5, 2), (7, 0, 3)):
        neuron = explain.neuron_arithmetic(model, face, row, column, kernel)
        check(neuron)
        values.append(neuron.expected)
    assert max(values) > 0
    # With a stride of 2 Keras pads at the far end only.
    neuron = explain.neuron_arithmetic(model, face, 2, 3, 0)
    assert neuron.ends == pytest.approx((-1, 1), abs=1e-6)
    assert neuron.corner == (4, 6) and neuron.patch == pytest.approx(face[4:7, 6:9] / 127.5 - 1, abs=1e-6)


def test_another_activation_than_relu_is_refused() -> None:
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, activation="tanh"), keras.layers.Flatten()]
    with pytest.raises(UserError, match="tanh"):
        explain.neuron_arithmetic(keras.Sequential(layers), np.zeros((8, 8), np.uint8), 0, 0, 0)


def test_kernels_with_gaps_are_refused() -> None:
    layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, dilation_rate=2), keras.layers.Flatten()]
    with pytest.raises(UserError, match="dilation 2×2"):
        explain.neuron_arithmetic(keras.Sequential(layers), np.zeros((8, 8), np.uint8), 0, 0, 0)


def test_maps_of_all_layers_are_keras_own(model: keras.Model, face: np.ndarray) -> None:
    maps = explain.feature_maps(model, face)
    kinds = [found.kind for found in maps]
    assert kinds.count("Conv2D") == 4 and kinds.count("MaxPooling2D") == 4 and "Dropout" not in kinds
    assert maps[0].values[..., 0] == pytest.approx(face / 255, abs=1e-6) and maps[0].ends == (0, 1)
    assert explain.feature_maps(residual(48), face)[0].ends == pytest.approx((-1, 1), abs=1e-6)
    assert {found.ends for found in maps[1:]} == {None}
    scaled = [keras.layers.Rescaling(1 / 127.5, offset=-1), keras.layers.Rescaling(0.5, offset=0.5)]
    first, second = explain.feature_maps(keras.Sequential([keras.Input((48, 48, 1)), *scaled]), face)
    assert first.ends == pytest.approx((-1, 1), abs=1e-6) and second.ends is None
    assert maps[-1].values == pytest.approx(model.predict(face[None, ..., None], verbose=0)[0], abs=1e-5)
    assert next(found for found in maps if found.kind == "MaxPooling2D").values.shape == (24, 24, 64)


def test_the_layers_add_up(model: keras.Model) -> None:
    table = explain.layer_table(model)
    assert sum(layer.parameters for layer in table) == 4_478_727
    first = next(layer for layer in table if layer.kind == "Conv2D")
    assert first.shape == (48, 48, 64) and first.parameters == 9 * 64 + 64


def test_the_first_kernels(model: keras.Model) -> None:
    assert np.array_equal(explain.first_kernels(model), model.get_weights()[0])
    with pytest.raises(UserError, match="no convolution"):
        explain.first_kernels(keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()]))


def test_the_gradient_is_that_of_small_differences() -> None:
    cam, target = explain.GradCam(residual()), 1
    features = np.random.default_rng(2).uniform(0, 1, (1, 8, 8, 4)).astype(np.float32)
    gradient = cam.gradient(features, target)
    again = cam.gradient(features, target)
    assert np.array_equal(gradient, again)  # Nothing is learnt by asking.
    # After the average of 8 × 8 places each weight of the last layer counts by a 64th.
    weights = residual().get_weights()[-2]
    assert gradient == pytest.approx(np.broadcast_to(weights[:, target] / 64, (8, 8, 4)), rel=1e-4)


def test_the_gradient_goes_through_the_deck_s_dense_layers(model: keras.Model) -> None:
    cam = explain.GradCam(model)
    features = np.random.default_rng(3).uniform(0, 2, (1, 6, 6, 512)).astype(np.float32)
    gradient = cam.gradient(features, 2)
    # A small step in its direction makes the score rise by its length.
    length = float(np.linalg.norm(gradient))
    tail = keras.Model(explain._last_map(model).output, explain._scores(model))
    ahead, behind = (tail(features + step * gradient / length, training=False) for step in (0.01, -0.01))
    slope = (keras.ops.convert_to_numpy(ahead) - keras.ops.convert_to_numpy(behind))[0, 2] / 0.02
    assert length == pytest.approx(slope, rel=0.02)


def test_heat_lies_where_the_class_is_seen() -> None:
    """A network that answers "1" by the brightness of one place, whatever else there is."""
    bright = keras.layers.Conv2D(1, 3, padding="same", use_bias=False)
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), bright, keras.layers.ReLU(), keras.layers.GlobalAveragePooling2D(name="embedding"),
         keras.layers.Dense(2, activation="softmax")]
    )  # fmt: skip
    bright.set_weights([np.ones((3, 3, 1, 1)) / 9])
    model.layers[-1].set_weights([np.array([[-1.0, 1.0]]), np.zeros(2)])
    face = np.zeros((12, 12), np.uint8)
    face[2:5, 7:10] = 200
    heat = explain.GradCam(model).heat(face, 1)
    assert heat.shape == (12, 12) and heat.dtype == np.float32
    assert np.unravel_index(heat.argmax(), heat.shape) == (3, 8) and heat.max() == 1 and heat[8:].max() == 0
    assert explain.GradCam(model).heat(face, 0).max() == 0  # Nothing speaks for the other class.


def test_the_map_of_a_network_is_its_last_before_it_shrinks(model: keras.Model) -> None:
    assert explain._last_map(model).output.shape[1:] == (6, 6, 512)
    assert explain._last_map(model).name.startswith("activation")
    assert explain._last_map(residual()).name == "join"
