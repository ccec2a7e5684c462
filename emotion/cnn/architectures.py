"""Networks, one function each. Every network takes raw 0-255 gray and names its penultimate layer ``embedding``."""

import keras
import numpy as np
from keras import layers

from emotion.cnn.config import ARCHITECTURES, IMAGE_SIZES, LEANER
from emotion.cnn.origin import Origin
from emotion.errors import UserError
from emotion.files import reading


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


def compact_resnet(classes: int, size: int = 48) -> keras.Model:
    """A residual network of 1.2 million parameters: three blocks of 64, 128 and 256 filters."""
    return _residual_network("compact_resnet", classes, size, stem=32, widths=(64, 128, 256))


def wide_resnet(classes: int, size: int = 48) -> keras.Model:
    """A residual network of 2.8 million parameters: six blocks, two each of 64, 128 and 256 filters."""
    return _residual_network("wide_resnet", classes, size, stem=32, widths=(64, 64, 128, 128, 256, 256))


def lean_resnet(classes: int, size: int = 48) -> keras.Model:
    """``wide_resnet`` without its second blocks of 64 and 128 filters: four blocks, 2.4 million parameters."""
    return _residual_network("lean_resnet", classes, size, stem=32, widths=(64, 128, 256, 256))


def small_resnet(classes: int, size: int = 48) -> keras.Model:
    """A residual network of 0.48 million parameters: three blocks of 40, 80 and 160 filters."""
    return _residual_network("small_resnet", classes, size, stem=20, widths=(40, 80, 160))


def tiny_cnn(classes: int, size: int = 48) -> keras.Model:
    """A network for quick tries, of 94,247 parameters: three plain convolutions of 32, 64 and 128 filters."""
    x = inputs = keras.Input((size, size, 1))
    x = layers.Rescaling(1 / 255)(x)
    for filters in (32, 64, 128):
        x = _normalised(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
        x = layers.MaxPooling2D(2)(x)
    return _with_head("tiny_cnn", inputs, x, classes, dropout=0.25)


def _residual_network(name: str, classes: int, size: int, stem: int, widths: tuple[int, ...]) -> keras.Model:
    """Residual blocks with squeeze-and-excitation, then the average of every feature map.

    K. He et al., "Deep residual learning" (CVPR 2016); J. Hu et al., "Squeeze-and-excitation networks" (CVPR 2018).
    A block that widens also halves the picture.
    """
    x = inputs = keras.Input((size, size, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(x)
    x = _normalised(_convolution(stem, 3)(x))
    for filters in widths:
        x = _residual_block(x, filters)
    return _with_head(name, inputs, x, classes, dropout=0.4)


def _residual_block(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    widens = x.shape[-1] != filters
    shortcut = x
    if widens:
        # Averaged before it is projected: a strided projection would drop three of four pixels.
        shortcut = layers.AveragePooling2D(2, padding="same")(x)
        shortcut = _normalisation()(_convolution(filters, 1)(shortcut))
    x = _normalised(_convolution(filters, 3, strides=2 if widens else 1)(x))
    x = _normalisation()(_convolution(filters, 3)(x))
    x = layers.Add()([_squeeze_excited(x, filters), shortcut])
    return layers.Activation("relu")(x)


def _squeeze_excited(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Every feature map scaled by a weight that is read off the averages of all of them."""
    weights = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = layers.Dense(filters // 8, activation="relu")(weights)
    weights = layers.Dense(filters, activation="sigmoid")(weights)
    return layers.Multiply()([x, weights])


def _convolution(filters: int, kernel: int, strides: int = 1) -> keras.Layer:
    return layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, kernel_initializer="he_normal")


def _normalisation() -> keras.Layer:
    # Keras' 0.99 needs some hundreds of batches until validation sees averages that are right.
    return layers.BatchNormalization(momentum=0.9)


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Activation("relu")(_normalisation()(x))


def _with_head(name: str, inputs: keras.KerasTensor, x: keras.KerasTensor, classes: int, dropout: float) -> keras.Model:
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", dtype="float32")(x), name=name)


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


def build(architecture: str, classes: int, size: int) -> keras.Model:
    """The network of that name in ``config.ARCHITECTURES`` for gray (size, size, 1) and that many classes."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture: expected one of {', '.join(ARCHITECTURES)}, found {architecture!r}")
    return globals()[architecture](classes, size)


def recognise(model: keras.Model) -> keras.Model:
    """The network of ``config.ARCHITECTURES``, with the weights of ``model``, that gives the same answers.

    ``model`` takes float32 (N, size, size, 1); it comes back itself where none of them does.
    """
    size, classes = model.input_shape[1], model.output_shape[-1]
    pixels = np.random.default_rng(0).integers(0, 256, (8, size, size, 1)).astype(np.float32)
    for architecture in ARCHITECTURES if size in IMAGE_SIZES else ():
        known = build(architecture, classes, size)
        if [weight.shape for weight in known.weights] == [weight.shape for weight in model.weights]:
            known.set_weights(model.get_weights())
            if np.allclose(known.predict(pixels, verbose=0), model.predict(pixels, verbose=0), atol=1e-4):
                return known
    return model


def take_weights(model: keras.Model, origin: Origin, classes: tuple[str, ...]) -> None:
    """Give ``model``, which tells ``classes`` apart, the weights of a network that was trained before.

    All of them where it knows the same classes in the same order; else the last layer stays new. A leaner network (see
    ``config.LEANER``) takes those of the blocks that it has. Raises UserError for another network.
    """
    old = build(origin.architecture, len(origin.classes), origin.size)
    if old.name not in (model.name, LEANER.get(model.name)) or old.input_shape != model.input_shape:
        raise UserError(
            "The weights to start from are those of {found} at {size} pixels. Choose that network and size.",
            found=origin.architecture,
            size=origin.size,
        )
    with reading(origin.weights):
        old.load_weights(origin.weights)
    end = None if origin.classes == classes else -1
    left = iter(old.layers[:end])
    for layer in model.layers[:end]:
        if layer.weights:  # In order: of two blocks of one width the first is taken.
            layer.set_weights(next(other for other in left if _shapes(other) == _shapes(layer)).get_weights())


def _shapes(layer: keras.Layer) -> list[tuple[int, ...]]:
    return [weight.shape for weight in layer.weights]
