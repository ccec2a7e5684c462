"""Questions about a network to the helper process that holds Keras."""

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from emotion.cnn import service
from emotion.cnn.bundle import Bundle
from emotion.i18n import _
from emotion.jobs import Progress
from emotion.ui.jobs import outcome

T = TypeVar("T")


def asked(bundle: Bundle, what: str, work: Callable[[Progress], T]) -> T | None:
    """The answer about a bundle; None until it is there, which a bar shows: Keras takes some seconds to start."""
    label = _("Looking inside") if service.is_ready() else _("Starting Keras")
    return cast("T | None", outcome(f"inside:{bundle.digest}:{what}", label, work))


def face_key(face: np.ndarray) -> str:
    """What tells a face uint8 (H, W) from any other."""
    return hashlib.sha256(face.tobytes()).hexdigest()[:16]
