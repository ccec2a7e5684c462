"""A network in one file, as Keras' ``model.save`` writes it, taken apart into its JSON and its weights."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from emotion.cnn.keras2 import check_hdf5
from emotion.errors import UserError
from emotion.files import reading
from emotion.zips import DAMAGES, open_zip, read_at_most

SUFFIXES = (".keras", ".h5", ".hdf5")
"""How the names of such files end."""
_ENTRIES = {"config.json": 2**24, "model.weights.h5": 2**30}
"""What a ``.keras`` holds, and how many bytes of it are read at most."""


@contextmanager
def parts_of(file: Path) -> Iterator[tuple[Path, Path]]:
    """The network (JSON) and the weights (HDF5) of a ``.keras`` or ``.h5`` file, as files of its name for a while.

    Raises UserError for a file that holds no network, such as an ``.h5`` of weights alone, and for a damaged one.
    """
    with reading(file), tempfile.TemporaryDirectory() as folder:
        network, weights = (Path(folder) / part / file.name for part in ("network", "weights"))
        for part in (network, weights):
            part.parent.mkdir()
        if file.suffix.lower() == ".keras":
            _unpack(file, network, weights)
        else:
            weights.write_bytes(file.read_bytes())
            check_hdf5(weights)
            network.write_bytes(_network_in(weights))
        yield network, weights


def _unpack(file: Path, network: Path, weights: Path) -> None:
    with file.open("rb") as stream:
        try:
            with open_zip(stream) as archive:
                parts = [read_at_most(archive, name, limit) for name, limit in _ENTRIES.items()]
        except (KeyError, *DAMAGES):
            raise UserError(
                "{file} is no model that Keras 3 has saved, or a damaged one. Save it again with model.save.",
                file=file.name,
            ) from None
    for part, data in zip((network, weights), parts, strict=True):
        part.write_bytes(data)


def _network_in(file: Path) -> bytes:
    with h5py.File(file) as opened:
        config = opened.attrs.get("model_config")
    if not isinstance(config, str | bytes):
        raise UserError(
            "{file} holds weights and no network. Choose the network's model.json as well, or a file of model.save.",
            file=file.name,
        )
    return config.encode() if isinstance(config, str) else config
