"""The formats a bundle can be exported to, and what an export proved. No Keras here; the pages read these."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from emotion.errors import UserError
from emotion.i18n import N_


@dataclass(frozen=True)
class Format:
    """A format: its ``key``, the ``file`` it is written to by default, and for what it is good."""

    key: str
    file: str
    purpose: str


FORMATS = {
    entry.key: entry
    for entry in (
        Format("keras", "model.keras", N_("One file for Keras 3: network and weights.")),
        Format("h5", "model_weights.h5", N_("The course's two files: model.json and model_weights.h5.")),
        Format("tflite", "model-float32.tflite", N_("For phones and small computers, in full precision.")),
        Format("tflite-dynamic", "model.tflite", N_("The same at a quarter of the size; the Live page runs it.")),
        Format("onnx", "model.onnx", N_("For ONNX Runtime and many other programs.")),
    )
}
NETWORK_OF_H5 = "model.json"
SCALINGS = ("divide by 255", "none")
"""What a network of other making wants done to gray 0-255 before it; its bundle then does that inside."""


@dataclass(frozen=True)
class Proof:
    """That an exported file answers as the bundle does.

    ``file`` has ``bytes`` bytes; loaded again it differed from the bundle's Keras network in no probability by more
    than ``largest_difference``, on ``n`` images.
    """

    format: str
    file: str
    bytes: int
    largest_difference: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """The proof as JSON values; ``Proof(**values)`` brings it back."""
        return asdict(self)


def insist_on_names(classes: Sequence[str]) -> None:
    """Raise UserError unless the names of a network's outputs are two or more, all different."""
    if double := next((key for key in classes if key.strip() and classes.count(key) > 1), ""):
        raise UserError("Two outputs of the network are called {name}. Give each a name of its own.", name=double)
    if len(classes) < 2 or not all(key.strip() for key in classes):
        raise UserError(
            "Classes: expected two names or more, all different, in the order of the outputs; found {found}.",
            found=", ".join(classes) or "–",
        )
