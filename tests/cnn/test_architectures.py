"""The deck's network, layer by layer."""

import numpy as np
import pytest

from emotion.cnn.architectures import build, deck_cnn


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


def test_it_takes_raw_gray_and_answers_probabilities() -> None:
    model = deck_cnn(3)
    answer = model(np.full((2, 48, 48, 1), 255, np.float32))
    assert answer.shape == (2, 3)
    assert np.allclose(np.sum(answer, axis=1), 1)
    assert model.get_layer("embedding").output.shape == (None, 512)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="deck_cnn"):
        build("resnet", 7, 48)
