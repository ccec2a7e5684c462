"""What can be said of a training before it starts: what makes it impossible, and what one should know. No Keras."""

from collections.abc import Sequence

import numpy as np

from emotion.cnn.config import TrainConfig
from emotion.cnn.targets import no_votes
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.importers.votes import votes_stamp
from emotion.errors import UserError
from emotion.labels import listed

_BATCHES = 100
"""With fewer in an epoch, the averages of batch normalisation come late."""

LEAST_OF_A_CLASS = 200
"""Validation images for each class that is to be scaled: with fewer, what is gained on them is lost on others."""


def insist_on_classes(dataset: Dataset, labels: np.ndarray) -> None:
    """Raise UserError unless there are two classes and each of them is among ``labels`` int (N,), those of training."""
    if len(dataset.classes) < 2:
        raise UserError(
            "{root} has one class only ({found}). Training needs at least two class folders.",
            root=dataset.root,
            found=", ".join(dataset.classes),
        )
    missing = set(range(len(dataset.classes))) - set(labels.tolist())
    if missing:
        raise UserError(
            "No training images of the class {found}. Add some, or remove its folder.",
            found=", ".join(dataset.classes[label] for label in sorted(missing)),
        )


def insist_on_same_classes(before: Sequence[str], dataset: Dataset) -> None:
    """Raise UserError unless the dataset has the classes that a run was trained on ``before``."""
    if tuple(before) != dataset.classes:
        raise UserError(
            "The run was trained on the classes {before}, but {root} now has {found}. Put the folders back, or start a "
            "new run.",
            before=listed(before),
            root=dataset.root,
            found=listed(dataset.classes),
        )


def check(config: TrainConfig, dataset: Dataset) -> None:
    """Raise UserError for what the worker would refuse, as far as the files' names tell.

    What the training starts from is looked at by ``origin.with_origin``.
    """
    insist_on_classes(dataset, dataset.part("train").labels)
    dataset.part("validation")
    if config.votes and not votes_stamp(dataset):
        raise no_votes(dataset)
    if config.unlabelled and open_dataset(config.unlabelled).root == dataset.root:
        raise UserError(
            "The faces of {root} are learned with their labels already. Choose another dataset for the faces without "
            "labels, or none.",
            root=dataset.root,
        )
    unlabelled_images(config)


def insist_on_enough_to_scale(dataset: Dataset, classes: int, share: float) -> None:
    """Raise UserError where validation has too few images to scale so many ``classes``, or no votes for a ``share``."""
    least, found = LEAST_OF_A_CLASS * classes, len(dataset.part("validation").paths)
    if found < least:
        raise UserError(
            "To scale {classes} classes {least} validation images are needed, or chance would move them; {root} has "
            "{found}. Calibrate without scaling each class.",
            classes=classes,
            least=least,
            root=dataset.root,
            found=found,
        )
    if share and not votes_stamp(dataset):
        raise no_votes(dataset)


def training_images(config: TrainConfig, dataset: Dataset) -> int:
    """How many images a run will train on."""
    images = len(dataset.part("train").paths)
    return min(config.images or images, images)


def unlabelled_images(config: TrainConfig) -> int:
    """How many faces without labels a run will learn from beside them; UserError where their dataset can't be read."""
    return len(open_dataset(config.unlabelled).part("train").paths) if config.unlabelled else 0


def cautions(config: TrainConfig, dataset: Dataset) -> list[UserError]:
    """What a person should know before they start all the same."""
    images = training_images(config, dataset) + unlabelled_images(config)
    if config.batch_size > images:
        return [
            UserError(
                "The batch size is {batch}, but there are only {images} training images, so that an epoch is a single "
                "step. Choose a smaller batch, or more images.",
                batch=config.batch_size,
                images=images,
            )
        ]
    if images < _BATCHES * config.batch_size:
        return [
            UserError(
                "Few images: at first the validation curve may stay low although the training curve climbs. Batch "
                "normalisation needs some hundreds of batches until its averages are right."
            )
        ]
    return []
