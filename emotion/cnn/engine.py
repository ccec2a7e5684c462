"""Where a training's arithmetic is done."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras

from emotion.cnn.batches import Batches
from emotion.errors import UserError


class Engine:
    """This process, by what every Keras backend knows. ``distributed`` has engines that ask TensorFlow itself."""

    shard = (0, 1)
    """Which of how many parts of each batch this process trains on."""

    def scope(self) -> AbstractContextManager[Any]:
        """Where the network is built."""
        return nullcontext()

    def adapt(self, model: keras.Model) -> keras.Model:
        """``model`` as this engine trains it: with the same names, weights and answers."""
        return model

    def fit(self, model: keras.Model, batches: Batches, **settings: Any) -> None:
        """What ``keras.Model.fit`` does."""
        model.fit(batches, **settings)


def engine_for(distribute: str) -> Engine:
    """The engine for ``none``, ``mirrored`` or ``multiworker``; UserError where the Keras backend has none."""
    if keras.backend.backend() == "tensorflow":
        from emotion.cnn.distributed import ENGINES  # Other backends train where TensorFlow is not installed.

        return ENGINES[distribute]()
    if distribute != "none":
        raise UserError(
            "--distribute needs KERAS_BACKEND=tensorflow, found {found}. Set it, or train without --distribute.",
            found=keras.backend.backend(),
        )
    return Engine()
