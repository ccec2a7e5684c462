"""What a training run is asked to do; every default of training stands here and nowhere else."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from emotion.cnn.edited import insist_on_types
from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import N_
from emotion.labels import EMOTIONS
from emotion.names import insist_on_plain_name

ARCHITECTURES = ("deck_cnn", "compact_resnet", "wide_resnet", "lean_resnet", "small_resnet", "tiny_cnn")
"""The functions of ``emotion.cnn.architectures``, named here because the pages can't import Keras to ask for them."""
IMAGE_SIZES = range(16, 257)
"""Sides of the images that a network may take, in pixels."""
AVERAGED = ("newest", "start")
"""Whose weights may be averaged with those of a run's best epoch: its newest epoch's, or what it started from."""
LEANER = {"lean_resnet": "wide_resnet"}
"""Networks that can start from a deeper one, from which they take the blocks that they have."""
OPTIMISERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine", "plateau")
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
DISTRIBUTIONS = ("none", "mirrored", "multiworker")


def _insist(name: str, found: float, least: float, most: float) -> None:
    if not least <= found <= most:
        raise UserError(
            "The setting {name}: expected a number from {least} to {most}, found {found}.",
            name=name,
            least=least,
            most=most,
            found=found,
        )


def _insist_on_one_of(name: str, found: str, choices: tuple[str, ...]) -> None:
    if found not in choices:
        raise UserError(
            "The setting {name}: expected one of {choices}, found “{found}”.",
            name=name,
            choices=" / ".join(choices),
            found=found,
        )


@dataclass(frozen=True)
class Augmentation:
    """How a training image may be changed before each epoch; everything is off by default, as in the deck.

    Each number is the largest change, drawn evenly up to it both ways: ``shift`` as a share of the side, ``rotate`` in
    degrees, ``zoom`` and ``contrast`` as a share, ``brightness`` as a share of 255. ``blur`` is the chance
    that the image is coarse, as from a face far away, ``erase`` that a rectangle is blotted out; ``mixup`` is the α of
    the Beta distribution that images and answers are blended by.
    """

    flip: bool = False
    shift: float = 0.0
    rotate: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _AUGMENTATION_LIMITS.items():
            _insist(f"augmentation {name}", getattr(self, name), 0, most)

    def __str__(self) -> str:
        """As ``emotion train --augment`` takes it: ``flip,shift=0.1``, or ``off``."""
        changes = {name: far for name, far in vars(self).items() if far}
        return ",".join(name if far is True else f"{name}={far}" for name, far in changes.items()) or "off"

    @property
    def changes_pixels(self) -> bool:
        """Whether any image may be changed by itself; mixup is of two."""
        return self != Augmentation(mixup=self.mixup)


_AUGMENTATION_LIMITS = {
    "shift": 0.5, "rotate": 180, "zoom": 0.5, "brightness": 1, "contrast": 1, "blur": 1, "erase": 1, "mixup": 1,
}  # fmt: skip
OFF = Augmentation()
MILD = Augmentation(flip=True, shift=0.06, rotate=8, zoom=0.06)
STRONG = Augmentation(
    flip=True, shift=0.1, rotate=15, zoom=0.12, brightness=0.15, contrast=0.25, blur=0.15, erase=0.25, mixup=0.2
)
PRESETS = {"off": OFF, "mild": MILD, "strong": STRONG}


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run; ``data`` is a dataset folder, ``name`` becomes the bundle's name.

    ``votes`` is the share of the FER+ votes in the targets, also in those of validation, the rest is the label;
    ``patience`` the epochs without a better validation accuracy that end the run, 0 for never; ``images`` the most
    training images, drawn class by class, 0 for all; ``ema`` the decay of a running average of the weights, which is
    then what is measured and kept, 0 for none. ``start_from`` is the name or path of a bundle or of a run, which gives
    the network too (see ``LEANER``); with ``freeze`` only the last layer learns. The training images of the dataset
    ``unlabelled`` are learned from the answers of the ``teachers`` alone, whatever their folders are called (Q. Xie et
    al., "Self-training with Noisy Student improves ImageNet classification", CVPR 2020). Raises UserError for a value
    out of its range.
    """

    data: str
    name: str
    task: str = ""  # By the dataset: see ``task_of``.
    architecture: str = "deck_cnn"
    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 5e-4
    schedule: str = "constant"
    warmup: float = 1.0  # Epochs before the cosine's.
    optimiser: str = "adam"
    weight_decay: float = 0.0
    augmentation: Augmentation = OFF
    class_weights: bool = False
    label_smoothing: float = 0.0
    votes: float = 0.0
    neighbours: float = 0.0
    teachers: str = ""  # Names of bundles, with commas.
    taught: float = 0.5
    unlabelled: str = ""  # A dataset folder.
    patience: int = 0
    images: int = 0
    ema: float = 0.0
    start_from: str = ""
    freeze: bool = False
    seed: int = 0
    precision: str = "auto"
    size: int = 48
    distribute: str = "none"

    def __post_init__(self) -> None:
        if not 1 <= self.epochs <= 1000:
            raise UserError("Epochs: expected 1 to 1000, found {found}.", found=self.epochs)
        if not 1 <= self.batch_size <= 4096:
            raise UserError("Batch size: expected 1 to 4096, found {found}.", found=self.batch_size)
        if not 0 < self.learning_rate <= 1:
            raise UserError(
                "Learning rate: expected a number over 0 and up to 1, found {found}.", found=self.learning_rate
            )
        if self.size not in IMAGE_SIZES:
            raise UserError("Image size: expected 16 to 256 pixels, found {found}.", found=self.size)
        for name, (least, most) in _LIMITS.items():
            _insist(name, getattr(self, name), least, most)
        for name, choices in _CHOICES.items():
            _insist_on_one_of(name, getattr(self, name), choices)
        insist_on_plain_name(self.name)
        if self.unlabelled and not self.teachers:
            raise UserError(
                "Faces without labels are learned from a teacher's answers. Choose a teacher, or leave these faces out."
            )
        if self.freeze and not self.start_from:
            raise UserError("Only what was trained before can be frozen. Choose a model to start from, or freeze none.")

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainConfig":
        """The settings from JSON values; TypeError or ValueError for ones that are incomplete or of a wrong type.

        Unknown names are left out and missing ones have their defaults, so that programs older and newer than a run
        read it.
        """
        known = _known(cls, values)
        if "augmentation" in known:
            changes = _known(Augmentation, dict(known["augmentation"]))
            insist_on_types(Augmentation, changes)
            known["augmentation"] = Augmentation(**changes)
        insist_on_types(cls, known)  # Before it compares them with their limits.
        return cls(**known)


SETTING_NAMES = {
    "data": N_("Dataset"),
    "task": N_("Task"),
    "architecture": N_("Network"),
    "epochs": N_("Epochs"),
    "batch_size": N_("Batch size"),
    "learning_rate": N_("Learning rate"),
    "schedule": N_("Schedule"),
    "warmup": N_("Warm-up epochs"),
    "optimiser": N_("Optimiser"),
    "weight_decay": N_("Weight decay"),
    "augmentation": N_("Augmentation"),
    "class_weights": N_("Class weights"),
    "label_smoothing": N_("Label smoothing"),
    "votes": N_("Share of the FER+ votes"),
    "neighbours": N_("Share of the neighbours"),
    "teachers": N_("Teachers"),
    "taught": N_("Share of the teachers"),
    "unlabelled": N_("Faces without labels"),
    "patience": N_("Patience"),
    "images": N_("Images at most"),
    "ema": N_("Averaged weights"),
    "start_from": N_("Start from"),
    "freeze": N_("Only the last layer learns"),
    "seed": N_("Seed"),
    "precision": N_("Arithmetic"),
    "size": N_("Image size"),
    "distribute": N_("Work shared among"),
}
"""What people call the settings."""
CHANGE_NAMES = {
    "flip": N_("Mirror"),
    "shift": N_("Shift"),
    "rotate": N_("Rotate"),
    "zoom": N_("Zoom"),
    "brightness": N_("Brightness"),
    "contrast": N_("Contrast"),
    "blur": N_("Blur"),
    "erase": N_("Erase"),
    "mixup": N_("Mix two faces"),
}
"""What people call the changes of the images, the fields of ``Augmentation``."""
OPTION_NAMES = {
    "schedule": {"constant": N_("constant"), "cosine": N_("cosine"), "plateau": N_("on a plateau")},
    "optimiser": {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"},
    "precision": {
        "auto": N_("automatic: bfloat16 where this computer is fast in it"),
        "float32": "float32",
        "mixed_bfloat16": "bfloat16",
    },
}
"""What people call the values of settings that have a list of them."""
CURVE_TITLES = {"loss": N_("Loss (lower is better)"), "accuracy": N_("Accuracy (higher is better)")}
"""What people call the curves of a training."""
_LIMITS: dict[str, tuple[float, float]] = {
    "warmup": (0, 100),
    "weight_decay": (0, 1),
    "label_smoothing": (0, 0.9),
    "votes": (0, 1),
    "neighbours": (0, 0.9),
    "taught": (0, 1),
    "patience": (0, 1000),
    "images": (0, 10**9),
    "ema": (0, 0.99999),
    "seed": (0, 2**32 - 1),
}
_CHOICES = {
    "architecture": ARCHITECTURES,
    "optimiser": OPTIMISERS,
    "schedule": SCHEDULES,
    "precision": PRECISIONS,
    "distribute": DISTRIBUTIONS,
}


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Those of ``values`` that are fields of ``kind``."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def task_of(dataset: Dataset) -> str:
    """What a dataset teaches to tell apart: ``emotion`` where its classes are emotions, else the dataset's own name."""
    emotions = {label.key for label in EMOTIONS}
    return "emotion" if set(dataset.classes) <= emotions else dataset.name


def augmentation_text(augmentation: Augmentation, words: Callable[[str], str]) -> str:
    """The changes of the images and how far they go, in the language of ``words``.

    >>> augmentation_text(Augmentation(flip=True, shift=0.1), str)
    'Mirror, Shift 0.1'
    """
    changes = {words(CHANGE_NAMES[name]): far for name, far in vars(augmentation).items() if far}
    return ", ".join(name if far is True else f"{name} {far:g}" for name, far in changes.items()) or words("off")
