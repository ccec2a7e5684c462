"""Export and import in a process of their own: answers, errors and an end."""

import zipfile
from pathlib import Path

import psutil
import pytest

from emotion.cnn.bundle import load_bundle
from emotion.cnn.elsewhere import export_elsewhere, import_elsewhere
from emotion.cnn.formats import Proof
from emotion.errors import UserError
from emotion.jobs import Cancelled
from tests.cnn.old_files import deck_layers, write_network


def test_an_export_there_and_its_error(trained: Path, tmp_path: Path) -> None:
    bundle, told = load_bundle(trained / "models" / "tiny"), []
    (proof,) = export_elsewhere(bundle, tmp_path / "묶음.zip", ["keras"], lambda done, total: told.append(done))
    assert isinstance(proof, Proof) and (proof.format, proof.largest_difference, proof.n) == ("keras", 0, 256)
    assert "tiny/model.keras" in zipfile.ZipFile(tmp_path / "묶음.zip").namelist() and told
    with pytest.raises(UserError) as caught:
        export_elsewhere(bundle, tmp_path / "묶음.zip", ["keras"])
    assert caught.value.template.startswith("{path} exists already")  # To be shown in the reader's language.
    assert caught.value.values == {"path": str(tmp_path / "묶음.zip")}


def test_an_import_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.h5").write_bytes(b"\x80\x04")
    network = write_network(tmp_path / "--name.json", deck_layers((4,), (4,)))
    with pytest.raises(UserError, match=r"w\.h5 is no HDF5 file"):
        import_elsewhere(network, tmp_path / "w.h5", ["a", "b"], task="--help")


def test_cancelled_ends_the_process(trained: Path, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    before = set(psutil.Process().children())  # The apps of other tests, among them.
    with pytest.raises(Cancelled):
        export_elsewhere(load_bundle(trained / "models" / "tiny"), tmp_path / "x.zip", progress=cancel)
    assert not set(psutil.Process().children()) - before and not list(tmp_path.iterdir())
