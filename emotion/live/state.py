"""What the page and the stream tell each other: the settings one way, how it stands the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emotion.cnn.classifier import Classifier
from emotion.haar.detector import FRONTAL, DetectorSettings
from emotion.live.faces import FrameResult
from emotion.live.pipeline import LIVE_SCAN
from emotion.live.settings import Look, PipelineSettings


@dataclass(frozen=True)
class LiveSettings:
    """What the page chooses: who is asked, how faces are found and followed, and what is drawn and written.

    ``notes`` are remarks by bundle name, already in the reader's language: the callback's thread has no session and
    so cannot ask which language that is.
    """

    classifiers: tuple[Classifier, ...] = ()
    cascade: str = FRONTAL
    scan: DetectorSettings = LIVE_SCAN
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    look: Look = field(default_factory=Look)
    language: str = "en"
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveStats:
    """How the stream stands. ``timings_ms`` are means by stage; ``resolution`` is (width, height) in pixels.

    ``processed``, ``dropped`` and ``errors`` count frames since START, and keep their value after STOP; ``last_error``
    too. ``problems``: what is wrong with a model, by bundle name, while the video goes on. ``refused``: all places for
    sessions are taken.
    """

    playing: bool = False
    processed: int = 0
    dropped: int = 0
    fps: float = 0.0
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    resolution: tuple[int, int] | None = None
    errors: int = 0
    last_error: Exception | None = None
    result: FrameResult = field(default_factory=FrameResult)
    problems: Mapping[str, Exception] = field(default_factory=dict)
    refused: bool = False

    @property
    def faces(self) -> int:
        """How many faces are in the picture now."""
        return len(self.result.faces)
