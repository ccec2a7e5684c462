"""What a person sets while the video runs; each is a frozen value that takes another's place between two frames."""

from dataclasses import dataclass

from emotion.errors import UserError

FAST, DECK_LOOP = "fast", "deck"
MODES = (FAST, DECK_LOOP)


@dataclass(frozen=True)
class PipelineSettings:
    """How faces are followed and answers steadied. All times are in seconds. Raises UserError out of range.

    ``mode``: ``FAST``, or ``DECK_LOOP`` for the course's own loop, a full scan of every frame without any memory.
    ``detection_size``: frames are reduced to this longer side, in pixels, to look for new faces. ``scan_interval``:
    how often that is done while every face known is found again. ``reading_interval``: how often a model is asked
    about a face. ``profile``: look for faces from the side as well.
    ``smoothing``: time constant of boxes and probabilities, 0 for raw ones. ``patience``: how long a face stays that
    is not found. ``hysteresis``: by how much another class must be more probable to become the label shown.
    ``unsure_below``: a label less probable than this is shown as unsure.
    """

    mode: str = FAST
    detection_size: int = 320
    scan_interval: float = 0.15
    reading_interval: float = 0.08
    profile: bool = False
    smoothing: float = 0.3
    patience: float = 0.5
    hysteresis: float = 0.1
    unsure_below: float = 0.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UserError("There is no mode {mode}. Choose one of: {modes}.", mode=self.mode, modes=", ".join(MODES))
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise UserError(
                    "The setting {name}: expected a number from {least} to {most}, found {found}.",
                    name=name,
                    least=least,
                    most=most,
                    found=value,
                )


_LIMITS = {
    "detection_size": (64, 4096),
    "scan_interval": (0, 10),
    "reading_interval": (0, 10),
    "smoothing": (0, 10),
    "patience": (0, 10),
    "hysteresis": (0, 1),
    "unsure_below": (0, 1),
}


@dataclass(frozen=True)
class Look:
    """How the video is drawn.

    ``mirror``: as in a mirror, with the writing the right way round. ``blur``: no face can be recognised. ``bars``:
    every class's probability beside the largest face.
    """

    mirror: bool = False
    blur: bool = False
    bars: bool = False
