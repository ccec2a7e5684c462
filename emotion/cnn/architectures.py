"""Networks, one function each. Every network takes raw 0-255 gray and names its penultimate layer ``embedding``."""

import keras
from keras import layers


def deck_cnn(classes: int, size: int = 48) -> keras.Sequential:
    """The course deck's CNN on gray (size, size, 1): four convolution blocks, two dense blocks, softmax.

    Convolutions 64·3×3, 128·5×5, 512·3×3 and 512·3×3, each with batch normalisation, ReLU, 2×2 max pooling and
    dropout 0.25; dense layers of 256 and 512 units, each with batch normalisation, ReLU and dropout 0.25. With seven
    classes and 48×48 pixels it has 4,478,727 parameters. The output is float32 (N, classes), whatever the policy.
    """
    return keras.Sequential(
        [
            keras.Input((size, size, 1)),
            layers.Rescaling(1 / 255),
            *_convolution_block(64, 3),
            *_convolution_block(128, 5),
            *_convolution_block(512, 3),
            *_convolution_block(512, 3),
            layers.Flatten(),
            *_dense_block(256),
            *_dense_block(512, name="embedding"),
            layers.Dense(classes, activation="softmax", dtype="float32"),
        ],
        name="deck_cnn",
    )


def _convolution_block(filters: int, kernel: int) -> list[keras.Layer]:
    return [
        layers.Conv2D(filters, kernel, padding="same"),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.25),
    ]


def _dense_block(units: int, name: str | None = None) -> list[keras.Layer]:
    return [
        layers.Dense(units),
        layers.BatchNormalization(),
        layers.Activation("relu", name=name),
        layers.Dropout(0.25),
    ]


ARCHITECTURES = {"deck_cnn": deck_cnn}


def build(architecture: str, classes: int, size: int) -> keras.Model:
    """The network of that name in ``ARCHITECTURES`` for gray (size, size, 1) and that many classes."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture: expected one of {', '.join(ARCHITECTURES)}, found {architecture!r}")
    return ARCHITECTURES[architecture](classes, size)
