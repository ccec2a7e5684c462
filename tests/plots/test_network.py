"""The figures of what is set before a training, against shapes and pixels worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest

from emotion.cnn.config import TrainConfig
from emotion.cnn.inside import Layer
from emotion.plots.network import changed_grid, layer_blocks, rate_curve

LAYERS = (
    Layer("input", "InputLayer", (48, 48, 1), 0),
    Layer("conv", "Conv2D", (48, 48, 64), 640),
    Layer("norm", "BatchNormalization", (48, 48, 64), 256),
    Layer("pool", "MaxPooling2D", (24, 24, 64), 0),
    Layer("squeeze", "GlobalAveragePooling2D", (1, 1, 64), 0),
    Layer("excite", "Dense", (1, 1, 8), 520),
    Layer("embedding", "GlobalAveragePooling2D", (64,), 0),
    Layer("answer", "Dense", (7,), 455),
)


def test_a_block_for_every_layer_that_changes_the_shape() -> None:
    figure = layer_blocks(LAYERS, 48)
    assert [note.text for note in figure.layout.annotations] == ["48×48×1", "48×48×64", "24×24×64", "64", "7"]
    fronts = figure.data[::3]
    assert [max(front.y) - min(front.y) for front in fronts] == [48, 48, 24, 2, 2]
    assert all(left.x[1] < right.x[0] for left, right in pairwise(fronts))
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        "image", "convolution", "pooling", "as one row of numbers", "dense",
    ]  # fmt: skip


def test_a_block_s_tip_names_what_follows_it() -> None:
    tip = layer_blocks(LAYERS, 48).data[3].text
    assert "640 parameters" in tip and tip.endswith("→ BatchNormalization")


def test_a_rate_that_can_only_be_guessed_is_dotted() -> None:
    config = TrainConfig("d", "n", epochs=10, schedule="cosine", warmup=2)
    sure, guessed = (rate_curve(one).data[0] for one in (config, TrainConfig("d", "n", schedule="plateau")))
    assert (sure.line.dash, guessed.line.dash) == ("solid", "dot")
    assert sure.x[np.argmax(sure.y)] == pytest.approx(2)


def test_the_originals_stand_first_and_apart() -> None:
    faces = np.array([[[10, 20]], [[30, 40]]], np.uint8)
    picture = changed_grid(faces, [faces + 1, faces + 2])[::2, ::2]
    assert picture.shape == (1 + 4 + 1, 2 + 12 + 2 + 4 + 2, 4)
    assert picture[0, :, 0].tolist() == [10, 20, *[0] * 12, 11, 21, *[0] * 4, 12, 22]
    assert picture[5, -1].tolist() == [42, 42, 42, 255] and not picture[1:5].any()
