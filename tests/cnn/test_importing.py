"""Bundle zips: what is whole comes in, what is not leaves nothing behind."""

import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import h5py
import pytest

from emotion.cnn.bundle import find_bundle
from emotion.cnn.importing import free_bundle_folder, import_bundle_zip
from emotion.errors import UserError

Files = dict[str, bytes]


@pytest.fixture
def files(trained: Path) -> Files:
    return {path.name: path.read_bytes() for path in (trained / "models" / "tiny").iterdir()}


def zipped(path: Path, files: Files, top: str = "tiny/") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return path


def with_file(files: Files, name: str, data: bytes) -> Files:
    """Change a file and its hash in the card, as somebody who means harm would."""
    card = json.loads(files["card.json"])
    card["files"][name] = sha256(data).hexdigest()
    return {**files, name: data, "card.json": json.dumps(card).encode("utf-8")}


def with_card(files: Files, **changes: object) -> Files:
    return {**files, "card.json": json.dumps({**json.loads(files["card.json"]), **changes}).encode("utf-8")}


def linked() -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    return stream.getvalue()


def lambda_network(files: Files) -> bytes:
    network = json.loads(files["model.json"])
    network["config"]["layers"][2]["class_name"] = "Lambda"
    return json.dumps(network).encode("utf-8")


@pytest.mark.parametrize("top", ["", "tiny/", "Downloads/모델 🙂/"])
def test_a_bundle_comes_in(files: Files, tmp_path: Path, home: Path, top: str) -> None:
    bundle = import_bundle_zip(zipped(tmp_path / "묶음.zip", {**files, "readme.txt": b"x"}, top))
    assert bundle.path == home / "models" / "tiny"
    assert {path.name: path.read_bytes() for path in bundle.path.iterdir()}.keys() == files.keys()
    assert all((bundle.path / name).read_bytes() == files[name] for name in files if name != "card.json")
    assert find_bundle("tiny").card == bundle.card


def test_an_upload_and_a_name_that_is_taken(files: Files, tmp_path: Path) -> None:
    upload = io.BytesIO(zipped(tmp_path / "x.zip", files).read_bytes())
    names = [import_bundle_zip(upload, name).card.name for name in ("", "", "내 모델", "../up?", "emotion-deck")]
    # "emotion-deck" ships: a bundle of that name would hide it.
    assert names == ["tiny", "tiny-2", "내 모델", "up", "emotion-deck-2"]


def test_two_imports_of_one_name_at_once(files: Files, tmp_path: Path, home: Path) -> None:
    path = zipped(tmp_path / "x.zip", files)
    with ThreadPoolExecutor() as both:
        bundles = list(both.map(import_bundle_zip, [path, path]))
    assert {bundle.card.name for bundle in bundles} == {"tiny", "tiny-2"}
    assert {found.name for found in (home / "models").iterdir()} == {"tiny", "tiny-2"}  # Nothing half-written is left.


def test_free_names(home: Path) -> None:
    assert free_bundle_folder("///") == home / "models" / "model"


BAD: dict[str, tuple[Callable[[Files], Files], str]] = {
    "no card": (lambda f: {"model.json": f["model.json"]}, "holds 0 model bundles"),
    "two bundles": (lambda f: {**f, "other/card.json": f["card.json"]}, "holds 2 model bundles"),
    "card is no JSON": (lambda f: {**f, "card.json": b"{"}, "card.json in x.zip is damaged"),
    "card is deep": (lambda f: {**f, "card.json": b"[" * 100_000}, "card.json in x.zip is damaged"),
    "card is a list": (lambda f: {**f, "card.json": b"[]"}, "card.json in x.zip is damaged"),
    "card of nothing": (lambda f: {**f, "card.json": b"{}"}, r"x.zip/card.json is damaged"),
    "missing file": (lambda f: {n: d for n, d in f.items() if n != "model.tflite"}, r"x.zip/model.tflite is missing"),
    "changed file": (lambda f: {**f, "model.json": b"{}"}, "another SHA-256"),
    "class count": (lambda f: with_card(f, classes=["a", "b"]), "^x.zip: the card names 2 classes"),
    "code": (lambda f: with_file(f, "model.json", lambda_network(f)), "run code"),
    "link": (lambda f: with_file(f, "model.weights.h5", linked()), "points to other files"),
    "no HDF5": (lambda f: with_file(f, "model.weights.h5", b"x" * 99), "no HDF5 file"),
    "climbs": (lambda f: {**f, "../../evil.txt": b"x"}, "points out of the folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_zip_says_what_is_wrong_and_leaves_nothing(files: Files, tmp_path: Path, home: Path, case: str) -> None:
    spoil, says = BAD[case]
    with pytest.raises(UserError, match=says) as caught:
        import_bundle_zip(zipped(tmp_path / "x.zip", spoil(files)))
    assert str(home) not in str(caught.value)  # The hidden folder is nobody's business.
    assert not list((home / "models").iterdir()) if (home / "models").exists() else True
    assert not (tmp_path / "evil.txt").exists()


def test_a_bomb_is_refused(files: Files, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", files["card.json"])
        archive.writestr("model.json", bytes(200 * 2**20))
    with pytest.raises(UserError, match="zip bomb"):
        import_bundle_zip(path)
    assert not list((home / "models").iterdir())


def test_no_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"\x80\x04 pickle")
    with pytest.raises(UserError, match=r"is no zip file.*“Export”"):
        import_bundle_zip(tmp_path / "x.zip")
