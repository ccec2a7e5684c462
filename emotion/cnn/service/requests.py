"""What the helper process can be asked; imported by that process alone, because it loads Keras."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from emotion.cnn import explain
from emotion.cnn.architectures import build
from emotion.cnn.bundle import read_card
from emotion.cnn.card import WEIGHTS
from emotion.cnn.inside import FeatureMap, Layer, Neuron


def network(architecture: str, classes: int, size: int) -> list[Layer]:
    """The layers of a network that is not trained yet."""
    return explain.layer_table(build(architecture, classes, size))


def layers(bundle: str) -> list[Layer]:
    """See ``explain.layer_table``."""
    return explain.layer_table(_network(bundle))


def kernels(bundle: str) -> np.ndarray:
    """See ``explain.first_kernels``."""
    return explain.first_kernels(_network(bundle))


def grad_cam(bundle: str, face: np.ndarray, target: int) -> np.ndarray:
    """See ``explain.GradCam``."""
    return _grad_cam(bundle, _state(bundle)).heat(face, target)


def feature_maps(bundle: str, face: np.ndarray) -> list[FeatureMap]:
    """See ``explain.feature_maps``."""
    return explain.feature_maps(_network(bundle), face)


def neuron(bundle: str, face: np.ndarray, row: int, column: int, kernel: int) -> Neuron:
    """See ``explain.neuron_arithmetic``."""
    return explain.neuron_arithmetic(_network(bundle), face, row, column, kernel)


_ACTS: tuple[Callable[..., Any], ...] = (network, layers, kernels, grad_cam, feature_maps, neuron)
REQUESTS = {act.__name__: act for act in _ACTS}


def _state(bundle: str) -> str:
    """Another one when the bundle has been replaced by one of the same name."""
    found = read_card(bundle)
    found.hash_of(WEIGHTS)  # A head has no network of its own to look into.
    return found.digest


def _network(bundle: str) -> keras.Model:
    return _loaded(bundle, _state(bundle))


@lru_cache(maxsize=2)  # Two models that are compared; each takes tens of megabytes.
def _loaded(bundle: str, state: str) -> keras.Model:
    return explain.load_network(Path(bundle))


@lru_cache(maxsize=2)
def _grad_cam(bundle: str, state: str) -> explain.GradCam:
    return explain.GradCam(_loaded(bundle, state))
