"""What a training run is asked to do; every default of training stands here and nowhere else."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.files import is_plain_name
from emotion.labels import EMOTIONS

PRECISIONS = ("auto", "float32", "mixed_bfloat16")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run; ``data`` is a dataset folder, ``name`` becomes the bundle's name.

    Raises UserError for a value out of its range.
    """

    data: str
    name: str
    task: str = ""  # By the dataset: see ``task_of``.
    architecture: str = "deck_cnn"
    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 5e-4
    schedule: str = "constant"
    seed: int = 0
    precision: str = "auto"
    size: int = 48

    def __post_init__(self) -> None:
        if not 1 <= self.epochs <= 1000:
            raise UserError("Epochs: expected 1 to 1000, found {found}.", found=self.epochs)
        if not 1 <= self.batch_size <= 4096:
            raise UserError("Batch size: expected 1 to 4096, found {found}.", found=self.batch_size)
        if not 0 < self.learning_rate <= 1:
            raise UserError(
                "Learning rate: expected a number over 0 and up to 1, found {found}.", found=self.learning_rate
            )
        if not 16 <= self.size <= 256:
            raise UserError("Image size: expected 16 to 256 pixels, found {found}.", found=self.size)
        if self.schedule not in SCHEDULES or self.precision not in PRECISIONS:
            raise UserError(
                "Expected a schedule of {schedules} and a precision of {precisions}, found {found}.",
                schedules=" / ".join(SCHEDULES),
                precisions=" / ".join(PRECISIONS),
                found=f"{self.schedule}, {self.precision}",
            )
        if not is_plain_name(self.name):
            raise UserError(
                'Name: expected a short one without / \\ : * ? " < > | and without a dot at its ends, found “{found}”.',
                found=self.name,
            )

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainConfig":
        """The settings from JSON values; unknown names are left out, so that an older program reads a newer run."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


def task_of(dataset: Dataset) -> str:
    """What a dataset teaches to tell apart: ``emotion`` where its classes are emotions, else the dataset's own name."""
    emotions = {label.key for label in EMOTIONS}
    return "emotion" if set(dataset.classes) <= emotions else dataset.name
