"""How a training run stands, as its worker writes it down."""

from dataclasses import dataclass, field
from typing import Any

import psutil

from emotion.cnn.edited import insist_on_types
from emotion.errors import UserError
from emotion.i18n import catalogue

ACTIVE = frozenset({"queued", "running", "stopping"})
STATES = (*sorted(ACTIVE), "stopped", "interrupted", "failed", "finished")
WAITING = "waiting"


@dataclass(frozen=True)
class Status:
    """How a run stands. ``epoch`` counts finished epochs, ``step`` the batches of the current one; times in seconds.

    A queued run whose ``phase`` is ``waiting`` has no worker yet: others are at it.
    """

    state: str
    pid: int = 0
    process_created: float = 0.0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    heartbeat: float = 0.0
    images_per_second: float = 0.0
    phase: str = ""
    error: str = ""
    error_values: dict[str, str] = field(default_factory=dict)
    bundle: str = ""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Status":
        """The status from JSON values; TypeError or ValueError for one that is incomplete or wrong."""
        status = cls(**values)
        insist_on_types(cls, values)
        numbers = [value for value in vars(status).values() if isinstance(value, int | float)]
        if status.state not in STATES or not all(0 <= number < 2**53 for number in numbers) or status.pid >= 2**31:
            raise ValueError("a state and numbers from 0 expected")
        try:
            str(status.problem)
        except (LookupError, AttributeError):
            raise ValueError("error_values that fit the error expected") from None
        return status

    @property
    def active(self) -> bool:
        """Whether a worker is at it, or about to be."""
        return self.state in ACTIVE

    @property
    def waiting(self) -> bool:
        """Whether it waits for others to end."""
        return self.state == "queued" and self.phase == WAITING

    @property
    def problem(self) -> UserError | None:
        """What made the run fail, to be shown in the reader's language.

        A sentence that is not of this program is a value like any other: as a template it could ask for gigabytes of
        blanks, and as Markdown for pictures from elsewhere.
        """
        if self.error and self.error not in catalogue("ko"):
            return UserError("An unexpected error ended it: {what}", what=self.error)
        return UserError(self.error, **self.error_values) if self.error else None

    @property
    def fraction(self) -> float:
        """The share of all batches that is done, 0 to 1."""
        if self.state == "finished":
            return 1.0
        done = self.epoch + (self.step / self.steps if self.steps else 0)
        return min(done / self.epochs, 1.0) if self.epochs else 0.0


def is_alive(status: Status) -> bool:
    """Whether the worker lives: the same process (numbers are used again), and no zombie."""
    try:
        process = psutil.Process(status.pid)
        begun = (began(process), process.create_time())  # The second is what earlier versions noted.
        same = any(abs(seconds - status.process_created) < 2 for seconds in begun)
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def began(process: psutil.Process) -> float:
    """When a process began, in seconds: under Linux since the boot.

    There psutil adds the time of the boot, which moves when the clock is set, as after a laptop has slept.
    """
    return process.create_time() - psutil.boot_time() if psutil.LINUX else process.create_time()
