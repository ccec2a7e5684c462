"""The first opening of a bundle from elsewhere, in its own process: ``python -m emotion.cnn.first_opening FOLDER``.

LiteRT and HDF5 are written in C, and a file that is made for it can end the process that opens it, or stuff it: of a
thousand TFLite files with numbers changed at random, one divides by zero. So none is opened by the app before it has
answered here. No Keras here.
"""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np

from emotion.cnn.bundle import TFLITE, WEIGHTS, load_bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.elsewhere import surroundings
from emotion.cnn.keras2 import check_hdf5
from emotion.errors import UserError

SECONDS = 60.0
_MEMORY = 3 * 2**30
"""Bytes of addresses that the process may have; see VM."""
_COUNTS = (1, 64)
"""Faces asked about at once: a network may break on several."""


def try_bundle(folder: Path, seconds: float = SECONDS) -> None:
    """Open all of a bundle and let it answer, elsewhere.

    Raises what ``load_bundle`` and ``check_hdf5`` raise there, and UserError where the process ends without an answer,
    takes longer than ``seconds``, or answers no probabilities.
    """
    command = [sys.executable, "-m", "emotion.cnn.first_opening", str(folder)]
    try:
        done = subprocess.run(command, **surroundings(), capture_output=True, timeout=seconds)
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise UserError(
            "{path} ends the program that opens it, or takes more than {seconds} seconds or {memory} GB of it. "
            "The model is refused.",
            path=folder,
            seconds=round(seconds),
            memory=_MEMORY // 2**30,
        ) from None
    if found:
        raise UserError(found["error"], **found["values"])


def _try(folder: Path) -> None:
    bundle = load_bundle(folder)
    check_hdf5(folder / WEIGHTS)
    with h5py.File(folder / WEIGHTS, "r") as file:
        file.visititems(lambda _, node: node[()] if isinstance(node, h5py.Dataset) else None)
    classifier, spec = Classifier(bundle), bundle.card.input
    for count in _COUNTS:
        faces = np.random.default_rng(0).integers(0, 256, (count, spec.height, spec.width), np.uint8)
        found, embedding = classifier.predict(faces), classifier.embed(faces)
        if found.shape != (count, len(bundle.card.classes)) or embedding.ndim != 2 or len(embedding) != count:
            raise ValueError("outputs of another shape")
        if not np.isfinite(embedding).all() or not np.allclose(found.sum(axis=1), 1, atol=0.01):
            raise ValueError("outputs that are no probabilities")


def main(folder: Path) -> None:
    """Try a bundle and print ``null``, or as JSON what is wrong with it."""
    with suppress(ImportError, ValueError):  # Windows has no such limits, macOS refuses to set this one.
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    found = None
    try:
        _try(folder)
    except UserError as error:
        found = {"error": error.template, "values": {name: str(value) for name, value in error.values.items()}}
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, StopIteration, MemoryError) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        template = "{path} is no network that can be run ({reason})."
        found = {"error": template, "values": {"path": str(folder / TFLITE), "reason": what}}
    print(json.dumps(found))  # noqa: T201  # The answer.


if __name__ == "__main__":
    main(Path(sys.argv[1]))
