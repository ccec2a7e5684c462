"""The networks: the deck's layer by layer, and what all of them promise."""

import ast
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from emotion.cnn import architectures
from emotion.cnn.architectures import build, deck_cnn, recognise, take_weights
from emotion.cnn.bundle import _is_harmless, _nodes
from emotion.cnn.config import ARCHITECTURES
from emotion.cnn.explain import layer_table
from emotion.cnn.origin import Origin
from emotion.errors import UserError


def test_deck_cnn_has_the_deck_s_parameters_and_layers() -> None:
    model = deck_cnn(7)
    assert model.count_params() == 4_478_727
    kinds = [type(layer).__name__ for layer in model.layers]
    convolution = ["Conv2D", "BatchNormalization", "Activation", "MaxPooling2D", "Dropout"]
    dense = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds == ["Rescaling", *convolution * 4, "Flatten", *dense * 2, "Dense"]
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert [(c.filters, c.kernel_size) for c in convolutions] == [
        (64, (3, 3)),
        (128, (5, 5)),
        (512, (3, 3)),
        (512, (3, 3)),
    ]
    assert [layer.units for layer in model.layers if type(layer).__name__ == "Dense"] == [256, 512, 7]
    assert {layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"} == {0.25}


@pytest.mark.parametrize(
    ("architecture", "most", "width"),
    [("deck_cnn", 4_500_000, 512), ("compact_resnet", 1_500_000, 256), ("wide_resnet", 3_000_000, 256),
     ("lean_resnet", 2_500_000, 256), ("small_resnet", 500_000, 160), ("tiny_cnn", 300_000, 128)],
)  # fmt: skip
def test_the_shipped_networks_keep_their_size(architecture: str, most: int, width: int) -> None:
    model = build(architecture, 3, 48)
    assert most * 0.3 < model.count_params() <= most
    assert model.get_layer("embedding").output.shape == (None, width)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_network_takes_raw_gray_and_answers_probabilities(architecture: str) -> None:
    model = build(architecture, 3, 48)
    assert model.name == architecture
    answer = model(np.full((2, 48, 48, 1), 255, np.uint8))
    assert answer.shape == (2, 3) and keras.backend.standardize_dtype(answer.dtype) == "float32"
    assert np.allclose(np.sum(answer, axis=1), 1)
    assert len(model.get_layer("embedding").output.shape) == 2, "the layer that the last Dense reads has another name"
    assert isinstance(model.layers[-1], keras.layers.Dense), "its temperature is folded into the weights of the last"
    assert all(map(_is_harmless, _nodes(model.get_config()))), "a bundle of it would be refused"


@pytest.mark.parametrize("size", [16, 33, 64])
def test_the_size_is_free(size: int) -> None:
    for architecture in ARCHITECTURES:
        assert build(architecture, 2, size).output_shape == (None, 2)


def test_the_answers_are_float32_under_bfloat16_too() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for architecture in ARCHITECTURES:
            assert build(architecture, 2, 16).outputs[0].dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_a_public_function_is_a_network_or_one_of_three_helpers() -> None:
    tree = ast.parse(Path(architectures.__file__).read_text(encoding="utf-8"))
    public = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}
    assert public - {"build", "recognise", "take_weights"} == set(ARCHITECTURES)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="deck_cnn"):
        build("resnet", 7, 48)


def test_the_layer_table_counts_every_parameter() -> None:
    for architecture in ARCHITECTURES:
        model = build(architecture, 7, 48)
        assert sum(layer.parameters for layer in layer_table(model)) == model.count_params()


def test_one_of_these_networks_is_recognised_by_its_answers() -> None:
    old = build("tiny_cnn", 3, 16)
    stranger = keras.Model(old.inputs, old.outputs, name="stranger")
    assert recognise(stranger).name == "tiny_cnn"
    assert all(map(np.array_equal, recognise(stranger).get_weights(), old.get_weights()))
    other = keras.Model.from_config(json.loads(json.dumps(old.get_config()).replace('"relu"', '"tanh"')))
    other.name = "other"  # Weights of the same shapes, another network.
    assert recognise(other) is other


def origin_of(model: keras.Model, path: Path, classes: tuple[str, ...]) -> Origin:
    model.save_weights(path / "w.weights.h5")
    return Origin(model.name, 16, classes, path / "w.weights.h5")


def test_the_same_classes_take_all_weights(tmp_path: Path) -> None:
    old, new = build("tiny_cnn", 2, 16), build("tiny_cnn", 2, 16)
    take_weights(new, origin_of(old, tmp_path, ("a", "b")), ("a", "b"))
    assert all(map(np.array_equal, old.get_weights(), new.get_weights()))


@pytest.mark.parametrize("classes", [("a", "b", "c"), ("b", "a")])
def test_other_classes_get_a_new_last_layer(classes: tuple[str, ...], tmp_path: Path) -> None:
    old, new = build("tiny_cnn", 2, 16), build("tiny_cnn", len(classes), 16)
    head = new.layers[-1].get_weights()
    take_weights(new, origin_of(old, tmp_path, ("a", "b")), classes)
    assert all(map(np.array_equal, old.get_weights()[:-2], new.get_weights()[:-2]))
    assert all(map(np.array_equal, head, new.layers[-1].get_weights()))


def test_a_leaner_network_takes_the_blocks_that_it_has(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    wide, lean = build("wide_resnet", 2, 16), build("lean_resnet", 2, 16)
    norms = [layer for layer in wide.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.set_weights([random.uniform(0.5, 1.5, weights.shape) for weights in norm.get_weights()])
    for norm in (norms[5], norms[10]):  # The last of the blocks that the leaner one lacks: now these add nothing.
        norm.set_weights([0 * weights for weights in norm.get_weights()[:3]] + norm.get_weights()[3:])
    faces = random.integers(0, 256, (4, 16, 16, 1), np.uint8)
    assert not np.allclose(wide(faces), lean(faces), atol=1e-3)
    take_weights(lean, origin_of(wide, tmp_path, ("a", "b")), ("a", "b"))
    assert np.allclose(wide(faces), lean(faces), atol=1e-6)


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="tiny_cnn at 16 pixels"):
        take_weights(build("deck_cnn", 2, 16), origin_of(build("tiny_cnn", 2, 16), tmp_path, ("a", "b")), ("a", "b"))
    with pytest.raises(UserError, match="lean_resnet at 16 pixels"):
        lean = origin_of(build("lean_resnet", 2, 16), tmp_path, ("a", "b"))
        take_weights(build("wide_resnet", 2, 16), lean, ("a", "b"))
