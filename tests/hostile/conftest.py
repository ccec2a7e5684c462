"""What the hostile tests share: a good bundle to be spoilt, zips of it, and Chromium as the browser tests have it."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.browser import conftest as browsers

Files = dict[str, bytes]
# The browser of tests/browser, for these tests too.
chromium, launch, camera_file = browsers.chromium, browsers.launch, browsers.camera_file
browser, page = browsers.browser, browsers.page


@pytest.fixture
def files(trained: Path) -> Files:
    """A good bundle: file name → bytes."""
    return {path.name: path.read_bytes() for path in (trained / "models" / "tiny").iterdir()}


def with_file(files: Files, name: str, data: bytes) -> Files:
    """Change a file and its hash in the card, as somebody who means harm would."""
    card = json.loads(files["card.json"])
    card["files"][name] = sha256(data).hexdigest()
    return files | {name: data, "card.json": json.dumps(card).encode()}


def zipped(path: Path, files: Files, top: str = "tiny/") -> Path:
    """The files as a zip that the Import view takes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return path


def with_tflite(files: Files, spoil: Callable[[schema.ModelT], None]) -> Files:
    """Change the bundle's TFLite network part by part, so that it is a whole file all the same."""
    network = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(files["model.tflite"], 0))
    spoil(network)
    builder = flatbuffers.Builder(2**20)
    builder.Finish(network.Pack(builder), b"TFL3")
    return with_file(files, "model.tflite", bytes(builder.Output()))
