"""Looking into a network, with Keras on any of its backends; the pages ask for this through ``inside``."""

from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np

from emotion.cnn.bundle import NETWORK, WEIGHTS, load_bundle
from emotion.cnn.inside import FeatureMap, Layer, Neuron, Normalisation
from emotion.errors import UserError

_IDLE = (keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise)
"""Layers that do nothing at inference."""


def load_network(path: Path) -> keras.Model:
    """The Keras network of a bundle, verified by ``load_bundle``, for inference."""
    bundle = load_bundle(path)
    # A Sequential read from JSON is built anew with each layer and computes a layer's output by an outdated graph; its
    # clone is built once.
    model = keras.models.clone_model(keras.models.model_from_json(bundle.read(NETWORK).decode("utf-8")))
    model.load_weights(bundle.path / WEIGHTS)
    return model


def layer_table(model: keras.Model) -> list[Layer]:
    """The layers in order, with the shape of their output for one image and their parameters."""
    return [
        Layer(layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
    ]


def first_kernels(model: keras.Model) -> np.ndarray:
    """The kernels of the first convolution, float32 (h, w, channels, N)."""
    return keras.ops.convert_to_numpy(_first_convolution(model).kernel)


def feature_maps(model: keras.Model, face: np.ndarray) -> list[FeatureMap]:
    """What each layer makes of a face uint8 (H, W)."""
    shown = [layer for layer in model.layers if not isinstance(layer, (keras.layers.InputLayer, *_IDLE))]
    values = _outputs(model, shown, face)
    maps = [FeatureMap(layer.name, type(layer).__name__, found) for layer, found in zip(shown, values, strict=True)]
    if isinstance(shown[0], keras.layers.Rescaling):
        maps[0] = replace(maps[0], ends=_black_and_white(model, shown[0].output, face.shape))
    return maps


class GradCam:
    """Gradient-weighted class activation maps of one network (Selvaraju et al., ICCV 2017, section 3).

    The map is that of the last layer with the size of the last convolution, in the deck's network 6×6 after the ReLU.
    Raises UserError for a network without convolutions.
    """

    def __init__(self, model: keras.Model) -> None:
        features = _last_map(model).output
        self._head = keras.Model(model.inputs[0], features)
        model.trainable = False
        self._tail = _Tail(keras.Model(features, _scores(model)))
        # Keras has no gradient that works on all its backends, but training does: after one step of gradient descent
        # with the learning rate 1, the variable that was 0 is the gradient.
        self._tail.compile(keras.optimizers.SGD(1.0), _minus_score, run_eagerly=True, jit_compile=False)

    def heat(self, face: np.ndarray, target: int) -> np.ndarray:
        """Where a face uint8 (H, W) speaks for the class at ``target``, float32 (H, W), 0 to 1."""
        features = keras.ops.convert_to_numpy(self._head(_batch(face), training=False))
        weights = self.gradient(features, target).mean(axis=(0, 1))  # Equation 1.
        heat = np.maximum(features[0] @ weights, 0)  # Equation 2.
        heat = cv2.resize(heat, face.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return heat / max(float(heat.max()), 1e-12)

    def gradient(self, features: np.ndarray, target: int) -> np.ndarray:
        """The gradient of the class's score, before the softmax, by ``features`` float32 (1, h, w, C): (h, w, C)."""
        wanted = np.eye(self._tail.scores.output.shape[-1], dtype=np.float32)[[target]]
        self._tail.nudge.assign(np.zeros(features.shape, np.float32))
        self._tail.train_on_batch(features, wanted)
        return keras.ops.convert_to_numpy(self._tail.nudge)[0]


def neuron_arithmetic(model: keras.Model, face: np.ndarray, row: int, column: int, kernel: int) -> Neuron:
    """The numbers of the neuron at (``row``, ``column``) of the first convolution's map ``kernel``, and Keras' result.

    Batch normalisation and ReLU are part of it where they follow at once. Raises UserError where the convolution ends
    in another activation than ReLU, and where its kernels have gaps.
    """
    convolution = _first_convolution(model)
    if set(convolution.dilation_rate) != {1}:
        raise UserError(
            "The kernels of “{name}” have gaps (dilation {found}); the arithmetic is shown for kernels without. Choose "
            "another model.",
            name=model.name,
            found="×".join(map(str, convolution.dilation_rate)),
        )
    norm, relu = _what_follows(model, convolution)
    values, result = _outputs(model, [convolution.input, relu or norm or convolution], face)
    bias = keras.ops.convert_to_numpy(convolution.bias)[kernel] if convolution.use_bias else 0
    corner = _corner(values[..., 0], convolution, (row, column))
    return Neuron(
        patch=_patch(values[..., 0], corner, convolution.kernel_size),
        corner=corner,
        weights=first_kernels(model)[:, :, 0, kernel],
        ends=_black_and_white(model, convolution.input, face.shape),
        bias=float(bias),
        normalisation=_normalisation(norm, kernel) if norm else None,
        relu=relu is not None,
        expected=float(result[row, column, kernel]),
    )


def _black_and_white(model: keras.Model, place: keras.KerasTensor, shape: tuple[int, ...]) -> tuple[float, float]:
    """What a black and a white face of ``shape`` (H, W) are at a ``place`` in the network."""
    faces = np.stack([np.full((*shape, 1), gray, np.float32) for gray in (0, 255)])
    seen = keras.ops.convert_to_numpy(keras.Model(model.inputs[0], place)(faces, training=False))
    black, white = seen[:, seen.shape[1] // 2, seen.shape[2] // 2, 0].tolist()  # The edge may be padded.
    return black, white


class _Tail(keras.Model):
    """From the last map to the ``scores``; all that it can learn is ``nudge``, which is added to the map."""

    def __init__(self, scores: keras.Model) -> None:
        super().__init__()
        self.scores = scores
        self.nudge = self.add_weight(shape=(1, *scores.input.shape[1:]), initializer="zeros")

    def call(self, features: keras.KerasTensor) -> keras.KerasTensor:
        # Said outright, or dropout and batch normalisation would behave as in training.
        return self.scores(features + self.nudge, training=False)


def _minus_score(wanted: keras.KerasTensor, scores: keras.KerasTensor) -> keras.KerasTensor:
    return -keras.ops.sum(wanted * scores, axis=-1)


def _scores(model: keras.Model) -> keras.KerasTensor:
    """The network's output before the softmax, which would mix in the other classes."""
    last = model.layers[-1]
    if not isinstance(last, keras.layers.Dense):
        return last.input if isinstance(last, keras.layers.Softmax | keras.layers.Activation) else last.output
    plain = keras.layers.Dense(last.units, use_bias=last.use_bias, trainable=False, name="scores")
    scores = plain(last.input)
    plain.set_weights(last.get_weights())
    return scores


def _last_map(model: keras.Model) -> keras.Layer:
    size = _convolutions(model)[-1].output.shape[1:3]
    return [layer for layer in model.layers if tuple(layer.output.shape[1:3]) == size and _is_map(layer)][-1]


def _first_convolution(model: keras.Model) -> keras.layers.Conv2D:
    return _convolutions(model, (keras.layers.Conv2D,))[0]


def _convolutions(
    model: keras.Model,
    kinds: tuple[type, ...] = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D),
) -> list[keras.Layer]:
    found = [layer for layer in model.layers if isinstance(layer, kinds)]
    if not found:
        raise UserError("The network “{name}” has no convolution to look into. Choose another model.", name=model.name)
    return found


def _what_follows(
    model: keras.Model, convolution: keras.layers.Conv2D
) -> tuple[keras.layers.BatchNormalization | None, keras.Layer | None]:
    """The batch normalisation and the ReLU that come right after a convolution; its own ReLU is itself."""
    if convolution.activation is keras.activations.relu:
        return None, convolution
    if convolution.activation is not keras.activations.linear:
        raise UserError(
            "The first convolution of “{name}” ends in {found}; its arithmetic is shown for ReLU only.",
            name=model.name,
            found=convolution.activation.__name__,
        )
    first, second = (*model.layers[model.layers.index(convolution) + 1 :], None, None)[:2]
    norm = first if isinstance(first, keras.layers.BatchNormalization) else None
    then = second if norm else first
    return norm, then if _is_relu(then) else None


def _is_map(layer: keras.Layer) -> bool:
    return len(layer.output.shape) == 4


def _is_relu(layer: keras.Layer | None) -> bool:
    plain = isinstance(layer, keras.layers.Activation) and layer.activation is keras.activations.relu
    return plain or isinstance(layer, keras.layers.ReLU)


def _outputs(model: keras.Model, wanted: list, face: np.ndarray) -> list[np.ndarray]:
    """The values of layers, or of tensors, for one face: float32, without the batch's axis."""
    tensors = [getattr(part, "output", part) for part in wanted]
    found = keras.Model(model.inputs[0], tensors)(_batch(face), training=False)
    return [keras.ops.convert_to_numpy(values)[0] for values in found]


def _batch(face: np.ndarray) -> np.ndarray:
    return face[np.newaxis, ..., np.newaxis].astype(np.float32)


def _corner(values: np.ndarray, convolution: keras.layers.Conv2D, place: tuple[int, int]) -> tuple[int, int]:
    """Row and column of ``values`` (H, W) where the kernel begins at a ``place``; beyond the edge where it pads."""
    starts = []
    for at, length, size, step in zip(place, values.shape, convolution.kernel_size, convolution.strides, strict=True):
        padded = max((-(-length // step) - 1) * step + size - length, 0) if convolution.padding == "same" else 0
        starts.append(at * step - padded // 2)
    return starts[0], starts[1]


def _patch(values: np.ndarray, corner: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """The part of ``values`` (H, W) that a kernel of this size covers, zeros beyond the edge."""
    (top, left), (height, width) = corner, size
    around = np.pad(values, ((height, height), (width, width)))
    return around[top + height : top + 2 * height, left + width : left + 2 * width]


def _normalisation(layer: keras.layers.BatchNormalization, kernel: int) -> Normalisation:
    names = {"mean": layer.moving_mean, "variance": layer.moving_variance, "gamma": layer.gamma, "beta": layer.beta}
    neutral = {"gamma": 1.0, "beta": 0.0}  # A network may do without either.
    numbers = {
        name: neutral[name] if variable is None else float(keras.ops.convert_to_numpy(variable)[kernel])
        for name, variable in names.items()
    }
    return Normalisation(**numbers, epsilon=layer.epsilon)
