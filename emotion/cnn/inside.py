"""What a network is made of and what happens inside: asked of the helper process, for Keras must not be loaded here.

For ``progress``, and the UserErrors raised, see ``service.ask``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion.cnn.bundle import Bundle
from emotion.cnn.service import ask
from emotion.jobs import Progress


@dataclass(frozen=True)
class Layer:
    """A layer as a table shows it: ``shape`` is that of its output for one image, ``kind`` Keras' name for it."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))  # A message brings a list.


@dataclass(frozen=True)
class FeatureMap:
    """What a layer makes of one image: ``values`` float32 (h, w, C), or (D,) where it is no map any more.

    ``ends``: of a Rescaling that comes first, what it makes of the gray values 0 and 255.
    """

    name: str
    kind: str
    values: np.ndarray
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Normalisation:
    """A neuron's batch normalisation: gamma · (x − mean) / √(variance + epsilon) + beta."""

    mean: float
    variance: float
    gamma: float
    beta: float
    epsilon: float

    def apply(self, value: float) -> float:
        """``value`` normalised."""
        return self.gamma * (value - self.mean) / float(np.sqrt(self.variance + self.epsilon)) + self.beta


@dataclass(frozen=True)
class Neuron:
    """One neuron of the first convolution at one place, number by number.

    ``patch`` float32 (k, k) is what it looks at, from the row and the column of its ``corner`` on, zeros beyond the
    image's edge, and ``weights`` float32 (k, k) what it multiplies that with; ``ends`` is what black and white are
    there. ``normalisation`` and ``relu`` say what follows in this network. ``expected`` is what Keras itself computed
    at that place, after all of it.
    """

    patch: np.ndarray
    corner: tuple[int, int]
    weights: np.ndarray
    ends: tuple[float, float]
    bias: float
    normalisation: Normalisation | None
    relu: bool
    expected: float

    @property
    def products(self) -> np.ndarray:
        """Each value times its weight, float32 (k, k)."""
        return self.patch * self.weights

    @property
    def total(self) -> float:
        """The sum of the products and the bias."""
        return float(self.products.sum(dtype=np.float64)) + self.bias

    @property
    def normalised(self) -> float:
        """``total`` after the batch normalisation, if there is one."""
        return self.normalisation.apply(self.total) if self.normalisation else self.total

    @property
    def output(self) -> float:
        """What the neuron passes on: ``normalised``, and nothing less than 0 after a ReLU."""
        return max(self.normalised, 0.0) if self.relu else self.normalised


def describe(architecture: str, classes: int, size: int, progress: Progress | None = None) -> tuple[Layer, ...]:
    """The layers of a network that is not trained yet, one of ``config.ARCHITECTURES``, from the input on."""
    settings = {"architecture": architecture, "classes": classes, "size": size}
    return tuple(Layer(**row) for row in ask("network", settings, progress=progress))


def layers(bundle: Bundle, progress: Progress | None = None) -> tuple[Layer, ...]:
    """The layers of a bundle's network, from the input on."""
    return tuple(Layer(**row) for row in _ask("layers", bundle, progress))


def kernels(bundle: Bundle, progress: Progress | None = None) -> np.ndarray:
    """The kernels of the first convolution, float32 (h, w, channels, N)."""
    return _ask("kernels", bundle, progress)


def grad_cam(bundle: Bundle, face: np.ndarray, target: int, progress: Progress | None = None) -> np.ndarray:
    """Where a face uint8 (H, W) speaks for the class at ``target``, float32 (H, W), 0 to 1; all 0 where nothing does.

    R. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization", ICCV 2017.
    """
    return _ask("grad_cam", bundle, progress, face=face, target=target)


def feature_maps(bundle: Bundle, face: np.ndarray, progress: Progress | None = None) -> tuple[FeatureMap, ...]:
    """What each layer makes of a face uint8 (H, W), in order; layers that do nothing at inference are left out."""
    return tuple(FeatureMap(**row) for row in _ask("feature_maps", bundle, progress, face=face))


def neuron(
    bundle: Bundle, face: np.ndarray, row: int, column: int, kernel: int, progress: Progress | None = None
) -> Neuron:
    """The arithmetic of the neuron at (``row``, ``column``) of the first convolution's map number ``kernel``."""
    found = _ask("neuron", bundle, progress, face=face, row=row, column=column, kernel=kernel)
    normalisation = found.pop("normalisation")
    return Neuron(normalisation=Normalisation(**normalisation) if normalisation else None, **found)


def _ask(request: str, bundle: Bundle, progress: Progress | None, **arguments: Any) -> Any:
    return ask(request, {"bundle": str(bundle.path), **arguments}, progress=progress)
