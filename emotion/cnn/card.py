"""The card of a model bundle: what it is, what it was trained on and how it was measured."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from emotion.cnn.edited import insist_on_types
from emotion.i18n import N_

CARD = "card.json"
NETWORK = "model.json"
WEIGHTS = "model.weights.h5"
TFLITE = "model.tflite"
FILES = (NETWORK, WEIGHTS, TFLITE)
HEAD = "head.npz"
PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "opencv-python-headless")
"""The libraries whose versions a card states."""


@dataclass(frozen=True)
class InputSpec:
    """What the network takes: (height, width, channels), raw values 0-255; scaling lies inside the network."""

    height: int = 48
    width: int = 48
    channels: int = 1
    scaling: str = N_("inside the network; feed 0-255")


@dataclass(frozen=True)
class Metric:
    """A measured share with its 95 % confidence interval (``low``, ``high``), on ``n`` images of ``split``."""

    name: str
    value: float
    low: float
    high: float
    split: str
    n: int

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Metric":
        """The metric from JSON values; KeyError, TypeError or ValueError for one that is incomplete or wrong."""
        try:
            value, low, high = (float(values[key]) for key in ("value", "low", "high"))
            return cls(str(values["name"]), value, low, high, str(values["split"]), int(values["n"]))
        except OverflowError as error:  # JSON has numbers that no float holds, and infinite ones that no int is.
            raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Card:
    """What a bundle is and how it was measured; ``classes`` stand in the order of the outputs.

    ``base`` is empty but for a head bundle, which has no network of its own: there it holds the ``name`` of the bundle
    whose embedding it reads, and the ``sha256`` of that one's TFLite network. ``measured`` is what ``making.measure``
    gave: figures beyond the accuracy, and how they were measured.
    """

    name: str
    task: str
    classes: tuple[str, ...]
    input: InputSpec
    architecture: str
    parameters: int
    dataset: str
    synthetic: bool
    fingerprint: dict[str, Any]
    training: dict[str, Any]
    metrics: tuple[Metric, ...]
    seed: int
    created: str
    versions: dict[str, str]
    files: dict[str, str]
    largest_difference: float
    terms: str
    notes: str = field(default="")
    base: dict[str, str] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def accuracy(self) -> Metric | None:
        """How often it is right, if the card says so."""
        return next((metric for metric in self.metrics if metric.name == "accuracy"), None)

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Card":
        """The card from JSON values; KeyError, TypeError or ValueError for one that is incomplete or wrong."""
        names = {field.name for field in fields(cls)}
        known = {name: value for name, value in dict(values).items() if name in names}
        if not isinstance(known["classes"], list | tuple):
            raise TypeError("classes")
        known["classes"] = tuple(str(key) for key in known["classes"])
        known["input"] = InputSpec(**known["input"])
        known["metrics"] = tuple(Metric.from_json(metric) for metric in known["metrics"])
        card = cls(**known)
        for part in (card, card.input, *card.metrics):
            insist_on_types(type(part), vars(part))
        if card.base and not {"name", "sha256"} <= set(card.base):
            raise ValueError("base")
        needed = {HEAD} if card.base else set(FILES)
        if card.input.height != card.input.width:
            raise ValueError("a square input expected")
        if len(card.classes) < 2 or card.input.height < 8 or not needed <= set(card.files):
            raise ValueError("classes, input or files")
        return card
