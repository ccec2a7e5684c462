"""What a training starts from when it does not start from nothing: a bundle, or the best weights of another run."""

from dataclasses import dataclass, replace
from pathlib import Path

from emotion.cnn.bundle import WEIGHTS, find_bundle
from emotion.cnn.config import ARCHITECTURES, LEANER, TrainConfig
from emotion.cnn.runs import open_run
from emotion.dataset.folder import clean_path
from emotion.errors import UserError
from emotion.homes import runs_folder


@dataclass(frozen=True)
class Origin:
    """A trained network: ``classes`` in the order of its outputs, ``size`` in pixels, the file of its ``weights``."""

    architecture: str
    size: int
    classes: tuple[str, ...]
    weights: Path


def find_origin(start_from: str) -> Origin:
    """The network of a bundle or of a run, each by its name or path.

    Raises UserError where there is none, or one that is not built here.
    """
    path = clean_path(start_from)
    is_run = any((folder / "status.json").exists() for folder in (path, runs_folder() / path))
    origin = _of_run(path) if is_run else _of_bundle(start_from)
    if origin.architecture not in ARCHITECTURES:
        raise UserError(
            "“{model}” is a network of another kind ({found}). Start from one of the networks {choices}.",
            model=start_from,
            found=origin.architecture,
            choices=", ".join(ARCHITECTURES),
        )
    return origin


def with_origin(config: TrainConfig, origin: Origin | None = None) -> TrainConfig:
    """The settings with the network and the image size of what they start from: ``origin``, or what is found.

    A network that is a leaner one of that kind (``config.LEANER``) stays. Raises UserError where that one is to learn
    in its last layer only: it lacks blocks, so that all of it has to learn.
    """
    if not config.start_from:
        return config
    origin = origin or find_origin(config.start_from)
    leaner = LEANER.get(config.architecture) == origin.architecture
    if leaner and config.freeze:
        raise UserError(
            "{network} lacks blocks of {found}, so that all of it has to learn. Choose {found}, or let all layers "
            "learn.",
            network=config.architecture,
            found=origin.architecture,
        )
    return replace(config, architecture=config.architecture if leaner else origin.architecture, size=origin.size)


def _of_run(path: Path) -> Origin:
    run = open_run(path)
    if not run.has_weights:
        raise UserError("{run} has finished no epoch yet: there are no weights to start from.", run=run.name)
    config = run.config()
    return Origin(config.architecture, config.size, run.classes, run.path / "best.weights.h5")


def _of_bundle(name: str) -> Origin:
    bundle = find_bundle(name)
    card = bundle.card
    return Origin(card.architecture, card.input.height, card.classes, bundle.path / WEIGHTS)
