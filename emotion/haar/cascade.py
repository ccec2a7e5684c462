"""OpenCV's cascade in a glass box: the same windows, the same sums and the same answers, with nothing hidden.

P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001, and "Robust
real-time face detection", IJCV 57(2), 2004; R. Lienhart and J. Maydt, ICIP 2002, for the tilted features.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emotion.errors import UserError
from emotion.files import reading
from emotion.haar.cascade_xml import parse_cascade
from emotion.haar.detector import ACCURATE, FRONTAL, DetectorSettings, cascade_xml
from emotion.haar.integral import Rectangle
from emotion.haar.pyramid import Size, layers
from emotion.haar.scan import Scan, skipped
from emotion.haar.stages import CascadeFeature, Node, Stage, WeakClassifier
from emotion.haar.windows import Windows, all_windows
from emotion.jobs import Progress, in_chunks

_WINDOWS_AT_MOST = 20_000_000  # Beyond, memory and patience end.
_PART = 16_384


class Answer(NamedTuple):
    """What a weak classifier said of a window: the nodes on its way, the features' values there, and its vote."""

    nodes: tuple[Node, ...]
    values: tuple[float, ...]
    vote: float


class StageAnswer(NamedTuple):
    """A stage's answer: its weak classifiers' one by one, their votes' sum, and the threshold it needs."""

    answers: tuple[Answer, ...]
    total: float
    threshold: float

    @property
    def passed(self) -> bool:
        """Whether the window goes on to the next stage."""
        return self.total >= self.threshold


@dataclass(frozen=True)
class Cascade:
    """Stages that each let pass what may be a face, on windows of ``width`` × ``height`` pixels.

    Most stages have more weak classifiers than the one before.
    """

    width: int
    height: int
    stages: tuple[Stage, ...]
    features: tuple[CascadeFeature, ...]

    @property
    def window(self) -> Size:
        """(width, height) in pixels."""
        return self.width, self.height

    def scan(
        self,
        gray: np.ndarray,
        scale_factor: float = ACCURATE.scale_factor,
        min_size: Size | None = None,
        max_size: Size | None = None,
        progress: Progress | None = None,
    ) -> Scan:
        """Try every window of ``gray``, uint8 (H, W), and record what each meets with.

        Sizes are the smallest and largest face, (width, height) in pixels, None for no limit. A picture smaller than
        the window has no windows. ``progress`` is told (stages done, in all). Raises UserError for a setting that
        OpenCV would refuse or that is too fine for the picture, ValueError for a picture of another shape or dtype.
        """
        if gray.ndim != 2 or gray.dtype != np.uint8:
            raise ValueError(f"gray must be uint8 (H, W), not {gray.dtype} {gray.shape}")
        DetectorSettings(scale_factor, 0, min_size).check()
        found = layers(gray, self.window, scale_factor, min_size or (0, 0), max_size or (0, 0))
        if sum(math.prod(layer.shape) for layer in found) > _WINDOWS_AT_MOST:
            raise UserError("This scan has too many windows. Choose a larger scale factor or a smaller picture.")
        windows = all_windows(found, self._tilted)
        reached, entered, sums = self._through_stages(windows, progress)
        thresholds = tuple(stage.threshold for stage in self.stages)
        return Scan(gray, found, thresholds, reached, skipped(reached == 0, found), tuple(entered), tuple(sums))

    def _through_stages(
        self, windows: Windows, progress: Progress | None
    ) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
        """``reached``, ``entered`` and ``sums`` as a Scan has them."""
        norms, contrast = windows.norms(self._inner)
        reached = np.where(contrast, 0, -1).astype(np.int16)
        alive, entered, sums = np.flatnonzero(contrast), [], []
        for number, stage in enumerate(self.stages, 1):
            entered.append(alive)
            sums.append(self._stage_sums(stage, windows, windows.starts[alive], norms[alive]))
            alive = alive[sums[-1] >= stage.threshold]
            reached[alive] = number
            if progress:
                progress(number, len(self.stages))
        return reached, entered, sums

    def _stage_sums(self, stage: Stage, windows: Windows, starts: np.ndarray, norms: np.ndarray) -> np.ndarray:
        """The stage's sums, float64 (M,), in the windows at ``starts`` (M,), in parts that stay in a core's cache."""

        def part(rows: range) -> np.ndarray:
            some = slice(rows.start, rows.stop)
            return stage.sums(
                lambda feature: windows.values(self.features[feature], starts[some], norms[some]), len(rows)
            )

        if len(starts) <= _PART:
            return part(range(len(starts)))
        return np.concatenate(list(in_chunks(part, len(starts), chunk=_PART)))

    def explain(self, scan: Scan, window: int) -> tuple[StageAnswer, ...]:
        """Every stage that a window of this cascade's ``scan`` came to, with each feature's value, threshold and vote.

        The last one rejected the window, unless it passed all; none is left of a window with too little contrast.
        """
        number = scan.layer_of(window)
        place = window - scan.firsts[number]
        windows = all_windows([scan.layers[number]], self._tilted)
        start, norm = windows.starts[[place]], windows.norms(self._inner)[0][[place]]

        def value(feature: int) -> float:
            return float(windows.plain_values(self.features[feature], start, norm)[0])

        return tuple(_stage_answer(stage, value) for stage in self.stages[: scan.reached[window] + 1])

    @property
    def _tilted(self) -> bool:
        return any(feature.tilted for feature in self.features)

    @property
    def _inner(self) -> Rectangle:
        """The window without its outermost pixels, over which OpenCV takes the standard deviation."""
        return Rectangle(1, 1, self.height - 2, self.width - 2)


def _stage_answer(stage: Stage, value: Callable[[int], float]) -> StageAnswer:
    answers = tuple(_answer(weak, value) for weak in stage.weak)
    return StageAnswer(answers, sum(answer.vote for answer in answers), stage.threshold)


def _answer(weak: WeakClassifier, value: Callable[[int], float]) -> Answer:
    nodes: list[Node] = []
    values: list[float] = []
    child = 0
    while not nodes or child > 0:
        nodes.append(weak.nodes[child])
        values.append(value(nodes[-1].feature))
        child = nodes[-1].left if values[-1] < nodes[-1].threshold else nodes[-1].right
    return Answer(tuple(nodes), tuple(values), weak.leaves[-child])


def load_cascade(path: str | Path) -> Cascade:
    """The cascade in an XML file of OpenCV's; raises UserError where there is none."""
    path = Path(path)
    with reading(path):
        data = path.read_bytes()
    return read_cascade(data, path.name)


def read_cascade(data: bytes, name: str) -> Cascade:
    """The cascade in an uploaded file; raises UserError, naming ``name``, where there is none."""
    return Cascade(*parse_cascade(data, name))


@cache
def open_cascade(name: str = FRONTAL) -> Cascade:
    """One of the cascades that can be opened by name; UserError for a name that is none of ``available_cascades()``."""
    return Cascade(*parse_cascade(cascade_xml(name), name))
