"""Networks that Keras 2 wrote (``model.json`` and ``.h5`` weights), in the words of Keras 3. No Keras here.

A network is rebuilt from a list of known layers and plain values, never passed on: what would run code has no way in.
The old form is that of ``Model.to_json`` and ``Model.save_weights`` of Keras 2.0 to 2.15.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from emotion.errors import UserError

LAYERS = frozenset((
    "InputLayer", "Rescaling", "Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Dense", "BatchNormalization",
    "LayerNormalization", "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "MaxPooling2D",
    "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten", "Reshape", "Dropout",
    "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ZeroPadding2D", "Cropping2D", "Add", "Multiply",
    "Concatenate", "Average", "Maximum",
))  # fmt: skip
_OLD_NAMES = {"BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization"}
# What Keras 3 no longer knows and inference does not need.
_GONE = frozenset((
    "batch_input_shape", "fused", "renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size",
))  # fmt: skip
_OBJECTS = ("_initializer", "_regularizer", "_constraint")
_MODELS = {"Sequential": "Sequential", "Model": "Model", "Functional": "Model"}
_MOST_WEIGHTS = 2**30
"""Bytes of weights; the deck's network has 18 million."""


def translate(network: object, rescale: bool) -> dict[str, Any]:
    """The ``model.json`` values of Keras 2 (or 3) as Keras 3 takes them, all float32.

    With ``rescale`` a layer that divides by 255 comes after the input, unless the network scales by itself, as ours do.
    Raises UserError for a layer that is not among ``LAYERS``, such as a Lambda or one of somebody's own, and for values
    that are none of a network.
    """
    try:
        kind, config = _MODELS[network["class_name"]], network["config"]  # type: ignore[index]
        listed = config["layers"] if isinstance(config, dict) else config  # Keras 2.0 to 2.2: a bare list.
        layers = [_layer(values) for values in listed]
        rescale = rescale and all(layer["class_name"] != "Rescaling" for layer in layers)
        if kind == "Model":
            translated = _functional(config, listed, layers, rescale)
        else:
            translated = {"name": "imported", "layers": _chain(listed, layers, rescale)}
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise UserError(
            "The network can't be read ({reason}). Expected a model.json that Keras wrote for a Sequential or "
            "functional model.",
            reason=f"{type(error).__name__}: {error}",
        ) from None
    return {"module": "keras", "class_name": kind, "config": translated, "registered_name": None}


def check_hdf5(path: Path) -> None:
    """Refuse, by a UserError, an ``.h5`` that can't be read, that points to other files, or that swells in memory."""
    with _opened(path) as file:
        size = sum(int(dataset.size or 0) * dataset.dtype.itemsize for dataset in _datasets(file, path.name, set()))
    if size > _MOST_WEIGHTS:
        raise UserError(
            "{file} holds {found} MB of weights, and {limit} MB are the most that are taken.",
            file=path.name,
            found=size // 2**20,
            limit=_MOST_WEIGHTS // 2**20,
        )


def lists_layers(path: Path) -> bool:
    """Whether an ``.h5`` has a list of its layers, as Keras 2 wrote it and ``save`` of Keras 3 does.

    Those of Keras 3's ``save_weights`` have groups ``layers/<kind>/vars`` instead. UserError for any other.
    """
    with _opened(path) as file:
        group = file if "layer_names" in file.attrs else file.get("model_weights", file)
        if any(name in group.attrs for name in ("layer_names", "layer_names0")):  # 0: a list in parts.
            return True
        layers = file.get("layers")
        if isinstance(layers, h5py.Group) and any("vars" in layer for layer in layers.values()):
            return False
    raise UserError(
        "{file} holds no weights by layers. Choose the .h5 that Keras’ save_weights or save wrote.", file=path.name
    )


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, ValueError, KeyError) as error:  # A group that holds itself: RecursionError.
        raise UserError(
            "{file} is no HDF5 file that can be read ({reason}). Choose the .h5 that Keras wrote.",
            file=path.name,
            reason=error,
        ) from None


def _datasets(group: h5py.Group, file: str, met: set[int]) -> Iterator[h5py.Dataset]:
    """Every dataset below ``group``, once; UserError for a link, by which a file could take in others of this computer.

    ``met`` are the addresses of what was seen: groups that hold each other would be walked through without end.
    """
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            _refuse_link(file, f"{group.name}/{name}")
        child = group[name]
        address = h5py.h5o.get_info(child.id).addr
        if address in met:
            raise ValueError("one thing under two names")
        met.add(address)
        if isinstance(child, h5py.Group):
            yield from _datasets(child, file, met)
        elif not isinstance(child, h5py.Dataset):
            raise ValueError("neither a group nor numbers")
        elif child.external or child.is_virtual:
            _refuse_link(file, child.name)
        else:
            yield child


def _refuse_link(file: str, place: str) -> None:
    raise UserError(
        "{file} points to other files, at {place}, so it is refused. Save the weights anew in one file.",
        file=file,
        place=place,
    )


def _layer(values: dict[str, Any]) -> dict[str, Any]:
    kind = _OLD_NAMES.get(values["class_name"], values["class_name"])
    if kind not in LAYERS:
        raise UserError(
            "The network has the layer “{layer}”, which is not among Keras' own for images, or would run code. Such "
            "layers are not imported.",
            layer=kind,
        )
    old = values["config"]
    config = {key: _plain(key, value) for key, value in old.items() if key not in _GONE}
    config |= {"dtype": "float32", "name": _name(old["name"])}
    if kind == "InputLayer":
        config = {"batch_shape": old.get("batch_input_shape", old.get("batch_shape")), "name": config["name"]}
    if kind == "BatchNormalization" and isinstance(config.get("axis"), list):
        config["axis"] = config["axis"][0]
    if kind == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _plain(key: str, value: Any) -> Any:
    """A setting of a layer, rebuilt: a number, a text, a list of them, or one of Keras' initialisers and the like."""
    if key == "dtype" or value is None:
        return None
    if key == "activation" and isinstance(value, dict):  # Keras 3 may write a function so.
        value = value["config"]
    if key.endswith(_OBJECTS) and isinstance(value, dict):
        settings = {name: _plain(name, part) for name, part in (value["config"] or {}).items() if name != "dtype"}
        return {"class_name": str(value["class_name"]), "config": settings}
    if isinstance(value, list):
        return [_plain("", part) for part in value]
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"{key}: {value!r}"[:80])
    return value


def _name(name: Any) -> str:
    return str(name).replace("/", "_")  # Keras 3 allows no slash.


def _chain(listed: list[Any], layers: list[dict[str, Any]], rescale: bool) -> list[dict[str, Any]]:
    if layers[0]["class_name"] != "InputLayer":  # Keras 2.0 to 2.3 wrote it into the first layer.
        layers.insert(0, _input(listed[0]["config"]["batch_input_shape"]))
    return [layers[0], *[_rescaling()] * rescale, *layers[1:]]


def _input(batch_shape: list[int | None]) -> dict[str, Any]:
    config = {"batch_shape": batch_shape, "name": "input"}
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "registered_name": None}


def _rescaling() -> dict[str, Any]:
    config = {"scale": 1 / 255, "offset": 0.0, "name": "scale_255", "dtype": "float32"}
    return {"module": "keras.layers", "class_name": "Rescaling", "config": config, "registered_name": None}


def _functional(
    config: dict[str, Any], listed: list[Any], layers: list[dict[str, Any]], rescale: bool
) -> dict[str, Any]:
    """A functional network: each layer with the layers before it, as ``[name, node, tensor, {}]``."""
    (first,), (last,) = _ends(config["input_layers"]), _ends(config["output_layers"])
    for layer, values in zip(layers, listed, strict=True):
        sources = [_sources(node) for node in values["inbound_nodes"]]
        if len(sources) > 1:
            raise ValueError("a layer is used twice")
        if rescale:
            sources = [[["scale_255" if name == first else name, *rest] for name, *rest in node] for node in sources]
        layer |= {"name": layer["config"]["name"], "inbound_nodes": sources}
    if rescale:
        layers.append({**_rescaling(), "name": "scale_255", "inbound_nodes": [[[first, 0, 0, {}]]]})
    ends = {"input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    return {"name": "imported", "layers": layers, **ends}


def _ends(listed: list[Any]) -> list[str]:
    """The names of input or output layers: Keras 3 writes a single one without the outer list."""
    entries = [listed] if isinstance(listed[0], str) else listed
    return [_name(entry[0]) for entry in entries]


def _sources(node: Any) -> list[list[Any]]:
    if isinstance(node, dict):  # Keras 3.
        return [[_name(name), int(at), int(tensor), {}] for name, at, tensor in _histories(node["args"])]
    return [[_name(entry[0]), int(entry[1]), int(entry[2]), {}] for entry in node]


def _histories(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        for part in value:
            yield from _histories(part)
    else:
        yield value["config"]["keras_history"]
