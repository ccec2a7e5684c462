"""What a training run is asked to do; every default of training stands here and nowhere else."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from emotion.errors import UserError

PRECISIONS = ("auto", "float32", "mixed_bfloat16")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a run; ``data`` is a dataset folder, ``name`` becomes the bundle's name.

    Raises UserError for a value out of its range.
    """

    data: str
    name: str
    task: str = "emotion"
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
                'Name: expected one without / \\ : * ? " < > | that does not begin with a dot, found “{found}”.',
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


def is_plain_name(name: str) -> bool:
    """Whether ``name`` can be the name of one folder on every system.

    >>> is_plain_name("감정 1"), is_plain_name("../up"), is_plain_name("")
    (True, False, False)
    """
    return bool(name.strip()) and len(name) <= 100 and name[0] != "." and not set(name) & set('/\\:*?"<>|\0\n\r\t')
