"""The learning rate over a run, as a curve to look at and as the plateau's rule. No Keras here."""

import math
from collections.abc import Sequence

import numpy as np

from emotion.cnn.config import TrainConfig

PLATEAU_EPOCHS = 3
PLATEAU_FACTOR = 0.5
_POINTS = 240


def plateau_rate(rate: float, losses: Sequence[float]) -> float:
    """The learning rate after epochs with these validation losses: halved each time three bring no lower one.

    The rule of ``keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=3, min_delta=0)``.

    >>> plateau_rate(0.1, [2.0, 1.0, 1.5, 1.0]), plateau_rate(0.1, [2.0, 1.0, 1.5, 1.0, 1.1])
    (0.1, 0.05)
    """
    best, stale = math.inf, 0
    for loss in losses:
        stale = 0 if loss < best else stale + 1
        best = min(best, loss)
        if stale == PLATEAU_EPOCHS:
            rate, stale = rate * PLATEAU_FACTOR, 0
    return rate


def planned_rates(config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """Epochs done, float64 (N,), and the learning rate at each, float64 (N,).

    A plateau can't be foreseen: its rate is that of a run whose validation loss falls for half of the epochs only.
    """
    epochs = np.linspace(0, config.epochs, _POINTS + 1)
    if config.schedule == "cosine":
        return epochs, config.learning_rate * _cosine(epochs, config)
    if config.schedule == "plateau":
        losses = np.maximum(1 - np.arange(config.epochs) / config.epochs, 0.5).tolist()
        done = np.minimum(epochs.astype(int), config.epochs - 1)
        return epochs, np.array([plateau_rate(config.learning_rate, losses[:count]) for count in done])
    return epochs, np.full(len(epochs), config.learning_rate)


def _cosine(epochs: np.ndarray, config: TrainConfig) -> np.ndarray:
    """A straight climb to 1, then half a cosine down to 0 (I. Loshchilov and F. Hutter, "SGDR", ICLR 2017)."""
    warmup = min(config.warmup, config.epochs)
    climb = epochs / warmup if warmup else np.ones_like(epochs)
    share = np.clip((epochs - warmup) / max(config.epochs - warmup, 1e-9), 0, 1)
    return np.where(epochs < warmup, climb, (1 + np.cos(np.pi * share)) / 2)
