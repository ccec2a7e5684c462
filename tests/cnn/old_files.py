"""The course's files as Keras 2 wrote them, made by hand: ``Model.to_json`` and ``Model.save_weights`` of Keras 2.4.

The layout is that of ``tensorflow/python/keras/saving/hdf5_format.py`` in TensorFlow 2.4: attributes ``layer_names``,
``backend`` and ``keras_version``; a group for each layer with the attribute ``weight_names``; the datasets below it
under those names ("conv2d/kernel:0" in the group "conv2d").
"""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_NONE = {"kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None}
_START = {
    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
    "bias_initializer": {"class_name": "Zeros", "config": {}},
}
_DENSE = {"use_bias": True, **_START, **_NONE, "kernel_constraint": None, "bias_constraint": None}
_CONVOLUTION = {"strides": [1, 1], "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1, **_DENSE}
_POOLING = {"pool_size": [2, 2], "padding": "valid", "strides": [2, 2], "data_format": "channels_last"}
_NORMALIZATION = {
    "axis": [3], "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True,
    "beta_initializer": {"class_name": "Zeros", "config": {}},
    "gamma_initializer": {"class_name": "Ones", "config": {}},
    "moving_mean_initializer": {"class_name": "Zeros", "config": {}},
    "moving_variance_initializer": {"class_name": "Ones", "config": {}},
    "beta_regularizer": None, "gamma_regularizer": None, "beta_constraint": None, "gamma_constraint": None,
}  # fmt: skip
WEIGHTS = {
    "Conv2D": ("kernel:0", "bias:0"),
    "Dense": ("kernel:0", "bias:0"),
    "BatchNormalization": ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"),
}


def layer(kind: str, name: str, **config: object) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def deck_layers(filters: tuple[int, ...] = (64, 128, 512, 512), units: tuple[int, ...] = (256, 512)) -> list[dict]:
    """The deck's network; other numbers make a small one of the same kind."""
    shape = {"batch_input_shape": [None, 48, 48, 1]}
    layers = [
        {"class_name": "InputLayer",
         "config": {**shape, "dtype": "float32", "sparse": False, "ragged": False, "name": "conv2d_input"}}
    ]  # fmt: skip
    for number, count in enumerate(filters):
        end, size = f"_{number}" if number else "", 5 if number == 1 else 3
        first = {} if number else shape
        layers += [
            layer("Conv2D", f"conv2d{end}", **first, filters=count, kernel_size=[size, size], padding="same",
                  activation="linear", **_CONVOLUTION),
            layer("BatchNormalization", f"batch_normalization{end}", **_NORMALIZATION),
            layer("Activation", f"activation{end}", activation="relu"),
            layer("MaxPooling2D", f"max_pooling2d{end}", **_POOLING),
            layer("Dropout", f"dropout{end}", rate=0.25, noise_shape=None, seed=None),
        ]  # fmt: skip
    layers.append(layer("Flatten", "flatten", data_format="channels_last"))
    for number, count in enumerate(units):
        end, place = f"_{number}" if number else "", number + len(filters)
        layers += [
            layer("Dense", f"dense{end}", units=count, activation="linear", **_DENSE),
            layer("BatchNormalization", f"batch_normalization_{place}", **{**_NORMALIZATION, "axis": [1]}),
            layer("Activation", f"activation_{place}", activation="relu"),
            layer("Dropout", f"dropout_{place}", rate=0.25, noise_shape=None, seed=None),
        ]
    return [*layers, layer("Dense", f"dense_{len(units)}", units=7, activation="softmax", **_DENSE)]


def write_network(path: Path, layers: list[dict]) -> Path:
    network = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    path.write_text(json.dumps({**network, "keras_version": "2.4.0", "backend": "tensorflow"}), encoding="utf-8")
    return path


def write_weights(path: Path, layers: list[dict], arrays: list[np.ndarray], inside: str = "") -> Path:
    """``arrays`` in the order of ``layers``; ``inside`` is "model_weights" in the file of a whole ``Model.save``."""
    waiting = iter(arrays)
    names = [entry["config"]["name"] for entry in layers if entry["class_name"] != "InputLayer"]
    with h5py.File(path, "w") as file:
        top = file.require_group(inside) if inside else file
        top.attrs["layer_names"] = [name.encode("utf8") for name in names]
        top.attrs["backend"], top.attrs["keras_version"] = b"tensorflow", b"2.4.0"
        for entry in layers:
            if entry["class_name"] == "InputLayer":
                continue
            name = entry["config"]["name"]
            group = top.create_group(name)
            weights = [f"{name}/{weight}" for weight in WEIGHTS.get(entry["class_name"], ())]
            group.attrs["weight_names"] = [weight.encode("utf8") for weight in weights]
            for weight in weights:
                group.create_dataset(weight, data=next(waiting), dtype="float32")
    return path
