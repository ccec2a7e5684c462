"""What training asks of TensorFlow itself: one kernel for batch normalisation, and ``tf.distribute``.

The one training file that is tied to TensorFlow. ``mirrored``, over several GPUs of a machine, goes through
``keras.Model.fit``. Over several machines that fails in Keras 3 (keras#20585), so that ``multiworker`` has a loop of
its own around ``strategy.run``.
"""

from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from emotion.cnn.batches import Batches
from emotion.cnn.callbacks import Confusion, Report, StopOnRequest, Stopped
from emotion.cnn.engine import Engine
from emotion.cnn.runs import Run
from emotion.cnn.workers import place


class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, by TensorFlow's one kernel while it is trained on pictures (N, H, W, C) in float32 or bfloat16.

    Keras goes a dozen times over a float32 copy of them, which took a third of a bfloat16 training. The kernel reads
    bfloat16 and sums in float32. All else is left to Keras. The class has the name of Keras' layer, by which saved
    weights are found.

    S. Ioffe and C. Szegedy, "Batch normalization" (ICML 2015).
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        if not (training and self.trainable and len(inputs.shape) == 4 and mask is None):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) / tf.size(mean), "float32")
        variance *= (count - 1) / count  # The kernel's is the unbiased one; Keras averages the other.
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(average * self.momentum + value * (1 - self.momentum))
        return outputs


class TensorFlowEngine(Engine):
    """Trains by TensorFlow's own kernels; by itself, in this process."""

    def adapt(self, model: keras.Model) -> keras.Model:
        adapted = keras.models.clone_model(model, clone_function=_by_one_kernel)
        # A clone draws weights of its own, and dropout's seeds are no weights.
        for new, old in zip(adapted.variables, model.variables, strict=True):
            new.assign(old)
        return adapted


def _by_one_kernel(layer: keras.Layer) -> keras.Layer:
    kind = BatchNormalization if _is_plain(layer) else type(layer)
    return kind.from_config(layer.get_config())


def _is_plain(layer: keras.Layer) -> bool:
    """Whether it is Keras' batch normalisation with nothing that the kernel doesn't know."""
    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.axis in (-1, len(layer.input.shape) - 1)
        and bool(layer.scale and layer.center)
        and not (layer.renorm or layer.synchronized)
    )


class MirroredEngine(TensorFlowEngine):
    """All GPUs of this machine; each trains on its part of every batch. Without a GPU, one device: the processor."""

    def __init__(self) -> None:
        self.strategy = tf.distribute.MirroredStrategy()

    def scope(self) -> AbstractContextManager[Any]:
        return self.strategy.scope()


class MultiWorkerEngine(TensorFlowEngine):
    """All machines of ``TF_CONFIG``; each trains on its part of every batch and keeps the same weights."""

    def __init__(self) -> None:
        self.shard = place()
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    def scope(self) -> AbstractContextManager[Any]:
        return self.strategy.scope()

    def fit(self, model: keras.Model, batches: Batches, **settings: Any) -> None:
        """``keras.Model.fit`` for what ``training`` asks of it: epochs of batches, validation, callbacks."""
        stop = next(callback for callback in settings["callbacks"] if isinstance(callback, StopOnRequest))
        report = next(callback for callback in settings["callbacks"] if isinstance(callback, Report))
        report.confusion = Confusion(report.confusion.classes)  # One that belongs to this machine alone.
        callbacks = keras.callbacks.CallbackList(
            # A machine that stopped by itself would leave the others waiting for its gradients.
            [callback for callback in settings["callbacks"] if callback is not stop],
            model=model,
        )
        loop = _Loop(self.strategy, model, batches, callbacks, report.confusion)
        model.stop_training = False
        callbacks.on_train_begin()
        for epoch in range(settings["initial_epoch"], settings["epochs"]):
            callbacks.on_epoch_begin(epoch)
            logs = loop.train(stop.run)
            loop.average_statistics()
            callbacks.on_test_begin()
            logs |= loop.validate(settings["validation_data"], settings["validation_batch_size"])
            callbacks.on_test_end()
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callbacks.on_train_end()


ENGINES = {"none": TensorFlowEngine, "mirrored": MirroredEngine, "multiworker": MultiWorkerEngine}


class _Loop:
    """The steps of an epoch, each done by all machines together."""

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        model: keras.Model,
        batches: Batches,
        callbacks: keras.callbacks.CallbackList,
        confusion: Confusion,
    ) -> None:
        self.strategy, self.model, self.batches = strategy, model, batches
        self.callbacks, self.confusion = callbacks, confusion
        self._answer = tf.function(lambda faces: model(faces, training=False), reduce_retracing=True)
        self._step = tf.function(self._step_everywhere, reduce_retracing=True)
        self._means = tf.function(self._means_everywhere)
        self._statistics = [one.value for one in model.non_trainable_variables if one.dtype == "float32"]

    def train(self, run: Run) -> dict[str, float]:
        """An epoch; raises Stopped, on every machine after the same batch, once one was asked to stop."""
        sums = np.zeros(3)
        for index in range(len(self.batches)):
            faces, targets, *rest = self.batches[index]
            weights = rest[0] if rest else np.ones(len(faces), np.float32)
            wish = np.float32(run.stop_requested)
            in_all = min(self.batches.batch_size, len(self.batches.targets) - index * self.batches.batch_size)
            found = self._step(faces, targets, weights, np.float32(in_all), wish).numpy()
            sums += [found[0] * in_all, found[1], in_all]
            logs = {"loss": sums[0] / sums[2], "accuracy": sums[1] / sums[2]}
            self.callbacks.on_train_batch_end(index, logs)
            if found[2]:
                run.request_stop()
                raise Stopped
        return logs

    def validate(self, split: tuple[np.ndarray, np.ndarray], batch: int) -> dict[str, float]:
        """The validation split, whole on every machine: the weights are the same, and so are the answers."""
        (faces, targets), losses = split, []
        self.confusion.reset_state()
        for start in range(0, len(faces), batch):
            answers = self._answer(faces[start : start + batch])
            expected = targets[start : start + batch]
            self.confusion.update_state(expected, answers)
            losses.append(keras.losses.categorical_crossentropy(expected, answers).numpy())
        accuracy = float(self.confusion.result().numpy())
        return {"val_loss": float(np.concatenate(losses).mean()), "val_accuracy": accuracy}

    def average_statistics(self) -> None:
        """Give all machines the mean of their BatchNorm averages, which each has gathered from its own part."""
        for variable, mean in zip(self._statistics, self._means(), strict=True):
            variable.assign(self.strategy.experimental_local_results(mean)[0])

    def _means_everywhere(self) -> Any:
        return self.strategy.run(
            lambda: tf.distribute.get_replica_context().all_reduce(
                "MEAN", [tf.identity(one) for one in self._statistics]
            )
        )

    def _step_everywhere(self, *values: tf.Tensor) -> tf.Tensor:
        return self.strategy.experimental_local_results(self.strategy.run(self._step_here, values))[0]

    def _step_here(
        self, faces: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, in_all: tf.Tensor, wish: tf.Tensor
    ) -> tf.Tensor:
        """Train on this machine's part; mean loss, right answers and wishes to stop, over all machines."""
        with tf.GradientTape() as tape:
            answers = self.model(faces, training=True)
            losses = keras.losses.categorical_crossentropy(targets, answers)
            # The optimizer adds up the machines' gradients, so that each divides by the images of all.
            loss = tf.reduce_sum(losses * weights) / in_all
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        hits = tf.argmax(answers, axis=-1) == tf.argmax(targets, axis=-1)
        found = tf.stack([loss, tf.reduce_sum(tf.cast(hits, tf.float32)), wish])
        return tf.distribute.get_replica_context().all_reduce("SUM", found)
