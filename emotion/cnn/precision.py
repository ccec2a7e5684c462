"""Which arithmetic a run is trained in."""

import keras

from emotion.cnn.config import TrainConfig
from emotion.cnn.machine import best_precision


def precision_of(config: TrainConfig) -> str:
    """The Keras dtype policy: ``auto`` is bfloat16 where the GPU, else the processor, computes in it, else float32."""
    if config.precision != "auto":
        return config.precision
    return best_precision(gpu=bool(keras.distribution.list_devices("gpu")))
