"""The mean of two epochs' weights, by hand from the files that they lie in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from emotion.cnn.bundle import WEIGHTS, load_bundle
from emotion.cnn.config import TrainConfig
from emotion.cnn.publish import publish_run
from emotion.cnn.runs import Run
from emotion.dataset.folder import open_dataset
from emotion.errors import UserError


def arrays(path: Path) -> dict[str, np.ndarray]:
    """The weights of the layers in a file of Keras', by their place in it."""
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file["layers"].visititems(
            lambda name, node: found.update({name: node[...]} if isinstance(node, h5py.Dataset) else {})
        )
    return found


def _halve(node: h5py.Dataset) -> None:
    node[...] = node[...] / 2


def test_the_mean_of_the_best_and_the_newest_epoch(
    quick: TrainConfig, train_here: Callable[[TrainConfig], Run]
) -> None:
    run = train_here(replace(quick, epochs=2, learning_rate=0.01))
    with h5py.File(run.path / "best.weights.h5", "r+") as file:  # Another epoch, whichever was the best.
        file["layers"].visititems(lambda _name, node: _halve(node) if isinstance(node, h5py.Dataset) else None)
    best, newest = arrays(run.path / "best.weights.h5"), arrays(run.path / "state" / "epoch-0002" / "model.weights.h5")
    bundle = load_bundle(publish_run(run, open_dataset(quick.data), averaged="newest"))
    made = arrays(bundle.path / WEIGHTS)
    assert made.keys() == best.keys() and bundle.card.training["averaged"] == "newest"
    for name in made:
        np.testing.assert_allclose(made[name], (best[name] + newest[name]) / 2, rtol=1e-5, atol=1e-6)


def test_running_averages_are_what_is_averaged(quick: TrainConfig, train_here: Callable[[TrainConfig], Run]) -> None:
    run = train_here(replace(quick, learning_rate=0.01, ema=0.9))
    best, raw = arrays(run.path / "best.weights.h5"), arrays(run.path / "state" / "epoch-0001" / "model.weights.h5")
    assert any(np.abs(best[name] - raw[name]).max() > 1e-4 for name in best)
    made = arrays(load_bundle(publish_run(run, open_dataset(quick.data), averaged="newest")).path / WEIGHTS)
    for name in best:  # One epoch is both, and with its averages the best.
        np.testing.assert_allclose(made[name], best[name], rtol=1e-5, atol=1e-7)


def test_the_mean_of_the_best_epoch_and_the_start(quick: TrainConfig, train_here: Callable[[TrainConfig], Run]) -> None:
    first = train_here(quick)
    run = train_here(replace(quick, learning_rate=0.01, start_from=str(first.path)))
    start, best = (arrays(one.path / "best.weights.h5") for one in (first, run))
    assert any(np.abs(best[name] - start[name]).max() > 1e-4 for name in best)
    bundle = load_bundle(publish_run(run, open_dataset(quick.data), averaged="start"))
    made = arrays(bundle.path / WEIGHTS)
    for name in made:
        np.testing.assert_allclose(made[name], (best[name] + start[name]) / 2, rtol=1e-5, atol=1e-6)
    with pytest.raises(UserError, match="did not begin with the weights"):
        publish_run(first, open_dataset(quick.data), averaged="start")
    (first.path / "best.weights.h5").write_bytes((run.path / "best.weights.h5").read_bytes())
    with pytest.raises(UserError, match=f"“{first.name}” is not any more what {run.name} began with"):
        publish_run(run, open_dataset(quick.data), averaged="start")


def test_a_run_that_kept_no_epoch_can_t_be_averaged(
    quick: TrainConfig, train_here: Callable[[TrainConfig], Run]
) -> None:
    run = train_here(quick)
    (run.path / "state").rename(run.path / "moved")
    with pytest.raises(UserError, match="quick"):
        publish_run(run, open_dataset(quick.data), averaged="newest")
