"""What Keras 2 wrote, in the words of Keras 3; hostile files said no to."""

import copy
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from emotion.cnn.keras2 import check_hdf5, lists_layers, translate
from emotion.errors import UserError
from tests.cnn.old_files import deck_layers, layer, write_weights

DECK = {"class_name": "Sequential", "config": {"name": "sequential", "layers": deck_layers()}}


def build(network: object, rescale: bool = True) -> keras.Model:
    import json

    return keras.models.model_from_json(json.dumps(translate(network, rescale)))


def test_the_deck_s_network() -> None:
    model = build(DECK)
    assert model.count_params() == 4_478_727  # The deck's own summary.
    assert model.input_shape == (None, 48, 48, 1) and model.output_shape == (None, 7)
    assert [type(layer).__name__ for layer in model.layers[:6]] == [
        "Rescaling", "Conv2D", "BatchNormalization", "Activation", "MaxPooling2D", "Dropout",
    ]  # fmt: skip
    convolution = model.layers[1]
    assert convolution.kernel_size == (3, 3) and convolution.padding == "same" and convolution.name == "conv2d"
    assert isinstance(convolution.kernel_initializer, keras.initializers.GlorotUniform)
    assert len(build(DECK, rescale=False).layers) == len(model.layers) - 1


def test_the_forms_of_keras_2_0_to_2_3() -> None:
    bare = {"class_name": "Sequential", "config": deck_layers()[1:]}  # A bare list, the input in the first layer.
    bare["config"][1]["class_name"] = "BatchNormalizationV1"
    assert build(bare).count_params() == 4_478_727


def test_mixed_precision_becomes_float32() -> None:
    network = copy.deepcopy(DECK)
    for entry in network["config"]["layers"][1:]:
        entry["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    model = build(network)
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}


def functional() -> dict:
    """x → (a, b) → a + b → pooling → softmax, as Keras 2.4 wrote it."""
    convolution = {"filters": 3, "kernel_size": [3, 3], "padding": "same", "activation": "relu"}
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 16, 16, 1], "name": "in"},
         "inbound_nodes": []},
        {**layer("Conv2D", "a", **convolution), "inbound_nodes": [[["in", 0, 0, {}]]]},
        {**layer("Conv2D", "b", **convolution), "inbound_nodes": [[["in", 0, 0, {}]]]},
        {**layer("Add", "sum"), "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]]},
        {**layer("LeakyReLU", "leaky", alpha=0.5), "inbound_nodes": [[["sum", 0, 0, {}]]]},
        {**layer("GlobalAveragePooling2D", "pool"), "inbound_nodes": [[["leaky", 0, 0, {}]]]},
        {**layer("Activation", "out", activation="softmax"), "inbound_nodes": [[["pool", 0, 0, {}]]]},
    ]  # fmt: skip
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]]}
    return {"class_name": "Model", "config": {"name": "model", "layers": layers, **ends}}


def test_a_functional_network_by_hand() -> None:
    model = build(functional())
    kernels = np.random.default_rng(0).normal(0, 1, (2, 3, 3, 1, 3)).astype(np.float32)
    for name, kernel in zip("ab", kernels, strict=True):
        model.get_layer(name).set_weights([kernel, np.zeros(3, np.float32)])
    x = np.full((1, 16, 16, 1), 51.0)
    # Inside, every pixel sees nine of 51 / 255 = 0.2; at the edges fewer: the sum over the image by hand.
    seen = np.zeros((2, 16, 16, 3))
    padded = np.pad(np.full((16, 16), 0.2), 1)
    for row in range(3):
        for column in range(3):
            seen += padded[row : row + 16, column : column + 16, None] * kernels[:, row, column, 0][:, None, None]
    pooled = np.maximum(seen, 0).sum(axis=0).mean(axis=(0, 1))
    assert model.predict(x, verbose=0)[0] == pytest.approx(np.exp(pooled) / np.exp(pooled).sum(), abs=1e-5)
    assert model.get_layer("leaky").negative_slope == 0.5


def test_keras_3_is_read_too() -> None:
    inputs = keras.Input((16, 16, 1))
    both = keras.layers.Add()([keras.layers.Conv2D(3, 3)(inputs), keras.layers.Conv2D(3, 3)(inputs)])
    model = keras.Model(inputs, keras.layers.Dense(2, "softmax")(keras.layers.Flatten()(both)))
    import json

    again = build(json.loads(model.to_json()), rescale=False)
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((3, 16, 16, 1))
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def change(position: int, **values: object) -> Callable[[dict], None]:
    return lambda network: network["config"]["layers"][position].update(values)


def configure(position: int, **values: object) -> Callable[[dict], None]:
    return lambda network: network["config"]["layers"][position]["config"].update(values)


BAD_NETWORKS: dict[str, tuple[Callable[[dict], object], str]] = {
    "Lambda": (change(2, class_name="Lambda"), "“Lambda”"),
    "custom": (change(2, class_name="MyAttention"), "“MyAttention”"),
    "operation": (change(2, class_name="TFOpLambda"), "“TFOpLambda”"),
    "nested": (change(2, class_name="Sequential"), "“Sequential”"),
    "path": (change(2, class_name="../Dense"), "“../Dense”"),
    "class is a list": (change(2, class_name=["Dense"]), "can't be read"),
    "function": (configure(1, kernel_size={"class_name": "__lambda__", "config": {"value": "x"}}), "can't be read"),
    "tensor": (configure(1, strides=[{"class_name": "__tensor__", "config": {}}]), "can't be read"),
    "initialiser": (
        configure(1, kernel_initializer={"class_name": "Constant", "config": {"value": {"class_name": "x"}}}),
        "can't be read",
    ),
    "no name": (lambda n: n["config"]["layers"][1]["config"].pop("name"), "can't be read"),
    "no layers": (lambda n: n["config"].pop("layers"), "can't be read"),
    "empty": (lambda n: n["config"].update(layers=[]), "can't be read"),
    "subclassed": (lambda n: n.update(class_name="MyModel"), "can't be read"),
}


@pytest.mark.parametrize("case", BAD_NETWORKS)
def test_a_bad_network_is_refused(case: str) -> None:
    spoil, says = BAD_NETWORKS[case]
    network = copy.deepcopy(DECK)
    spoil(network)
    with pytest.raises(UserError, match=says):
        translate(network, rescale=True)


@pytest.mark.parametrize("network", [None, [], 5, "text", {}, {"class_name": "Sequential", "config": None}])
def test_what_is_no_network_is_refused(network: object) -> None:
    with pytest.raises(UserError, match="can't be read"):
        translate(network, rescale=True)


def test_a_layer_used_twice_is_refused() -> None:
    network = functional()
    network["config"]["layers"][1]["inbound_nodes"] *= 2
    with pytest.raises(UserError, match="used twice"):
        translate(network, rescale=True)


def _external(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink("other.h5", "/secret")


def _soft(file: h5py.File) -> None:
    file["a"] = h5py.SoftLink("/b")


def _storage(file: h5py.File) -> None:
    file.create_dataset("a", (4,), "uint8", external=[("/etc/passwd", 0, 4)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "uint8")
    layout[:] = h5py.VirtualSource("other.h5", "a", (4,))
    file.create_virtual_dataset("a", layout)


def _bomb(file: h5py.File) -> None:
    file.create_dataset("a", (2**40,), "float32", chunks=(1024,), compression="gzip")


def _loop(file: h5py.File) -> None:
    file.create_group("a")["b"] = file["/"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_external, "points to other files, at //a"),
        (_soft, "points to other files"),
        (_storage, "points to other files"),
        (_virtual, "points to other files"),
        (_bomb, "4194304 MB of weights"),
        (_loop, "no HDF5 file that can be read"),
    ],
)
def test_hostile_weights_are_refused(tmp_path: Path, make: Callable[[h5py.File], None], says: str) -> None:
    with h5py.File(tmp_path / "가중치.h5", "w") as file:
        make(file)
    with pytest.raises(UserError, match=says):
        check_hdf5(tmp_path / "가중치.h5")


def test_weights_by_layers_or_not(tmp_path: Path) -> None:
    layers = [layer("Dense", "dense")]
    arrays = [np.zeros((2, 2)), np.zeros(2)]
    for inside in ("", "model_weights"):
        assert lists_layers(write_weights(tmp_path / f"{inside}.h5", layers, arrays, inside))
    build(DECK).save_weights(tmp_path / "3.weights.h5")
    assert not lists_layers(tmp_path / "3.weights.h5")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["layers"] = [1, 2]
    with pytest.raises(UserError, match="by layers"):
        lists_layers(tmp_path / "x.h5")
    (tmp_path / "x.h5").write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(UserError, match="no HDF5"):
        lists_layers(tmp_path / "x.h5")
