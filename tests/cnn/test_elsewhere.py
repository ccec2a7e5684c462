"""Work in a process of its own: answers, errors and an end."""

import zipfile
from pathlib import Path

import psutil
import pytest

from emotion.cnn.bundle import Bundle
from emotion.cnn.elsewhere import ask, export_elsewhere, import_elsewhere, surroundings
from emotion.cnn.formats import Proof
from emotion.errors import UserError
from emotion.jobs import Cancelled
from emotion.memory import SHARED_HEAPS
from tests.cnn.old_files import deck_layers, write_network


def test_an_export_there(small_bundle: Bundle, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    proof, _h5 = export_elsewhere(small_bundle, tmp_path / "묶음.zip", ["keras", "h5"], lambda *done: told.append(done))
    assert isinstance(proof, Proof) and (proof.format, proof.largest_difference, proof.n) == ("keras", 0, 256)
    assert "small/model.keras" in zipfile.ZipFile(tmp_path / "묶음.zip").namelist()
    # How far it is: nobody knows, then none of two, and later no less.
    assert told[0] == (0, 0) and told == sorted(told) and {total for _done, total in told} == {0, 2}


def test_an_import_that_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.h5").write_bytes(b"\x80\x04")
    network = write_network(tmp_path / "--name.json", deck_layers((4,), (4,)))
    with pytest.raises(UserError, match=r"w\.h5 is no HDF5 file") as caught:
        import_elsewhere(network, tmp_path / "w.h5", ["a", "b"], name="--help")
    assert caught.value.template.startswith("{file} is no HDF5 file")  # To be shown in the reader's language.
    assert caught.value.values["file"] == "w.h5"


def test_one_that_fails_says_why() -> None:
    with pytest.raises(UserError, match=r"without an answer: .*No such option"):
        ask("train", "--nonsense")


def test_cancelled_ends_the_process(small_bundle: Bundle, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled

    before = set(psutil.Process().children())  # The apps of other tests, among them.
    with pytest.raises(Cancelled):
        export_elsewhere(small_bundle, tmp_path / "x.zip", progress=cancel)
    assert not set(psutil.Process().children()) - before and not list(tmp_path.iterdir())


def test_the_server_s_two_heaps_are_not_handed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SHARED_HEAPS.items():
        monkeypatch.setenv(name, value)
        assert name not in surroundings()["env"]
        monkeypatch.setenv(name, "3")  # Somebody's own choice.
        assert surroundings()["env"][name] == "3"
