"""kagglehub itself downloads, from a server on this machine that answers as Kaggle does."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZIP_STORED

import psutil
import pytest

from emotion.dataset.folder import open_dataset
from emotion.dataset.importers.kaggle import KNOWN, fetch_kaggle
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.jobs import Cancelled
from tests.dataset.importers.sources import png, tree_files, zip_bytes

API = "/api/v1/datasets.DatasetApiService/"


class Kaggle(BaseHTTPRequestHandler):
    """Answers the two requests of a download, and serves the file they lead to."""

    archive = b""
    status = 200
    cut = 0
    stall = False

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (asked["ownerSlug"], asked["datasetSlug"]) == ("somebody", "faces")
        if self.path.endswith(API + "GetDataset"):
            body = json.dumps({"currentVersionNumber": 3} if self.status == 200 else {"message": "no"}).encode()
            self._answer(self.status, {"Content-Type": "application/json"}, body)
        else:
            assert self.path.endswith(API + "DownloadDataset")
            self._answer(302, {"Location": "http://localhost/storage/archive.zip"}, b"")

    def do_GET(self) -> None:
        self._answer(200, {"Content-Type": "application/zip"}, self.archive, self.cut)
        while self.stall:
            time.sleep(0.05)

    def _answer(self, status: int, headers: dict[str, str], body: bytes, cut: int = 0) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Kaggle]]:
    """The server, reached as a proxy: kagglesdk's environment for developers asks http://localhost."""
    handler = type("Handler", (Kaggle,), {"archive": zip_bytes(tree_files())})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("KAGGLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))  # No credentials, and no cache of the developer's own.
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "nobody"))
    yield handler
    handler.stall = False
    server.shutdown()
    thread.join()
    server.server_close()


def sets_of(tmp_path: Path) -> list[str]:
    return os.listdir(tmp_path / "sets") if (tmp_path / "sets").exists() else []


def test_a_download_becomes_a_dataset(tmp_path: Path, kaggle: type[Kaggle]) -> None:
    images = {f"images/{name}": data for name, data in tree_files().items()}
    extra = {"images/images/train/happy/0.png": png(), "model.h5": b"x"}
    kaggle.archive = zip_bytes({**images, **extra})
    told: list[tuple[int, int]] = []
    dataset = fetch_kaggle("somebody/faces", tmp_path / "sets" / "faces", lambda *so_far: told.append(so_far))
    assert dataset.fingerprint() == open_dataset(tmp_path / "sets" / "faces").fingerprint()
    assert dataset.classes == ("happy", "sad") and len(dataset.everything.paths) == 48
    assert (dataset.root / "train/happy/3.png").read_bytes() == png(3)
    assert {name for name, _ in dataset.left_out} == set(extra)
    assert json.loads((dataset.root / "dataset.json").read_text(encoding="utf-8"))["source"] == "somebody/faces"
    assert sorted(os.listdir(dataset.root)) == ["dataset.json", "train", "validation"]
    assert told[0] == (0, 0) and told[-1] == (48, 48)
    assert sets_of(tmp_path) == ["faces"] and not (tmp_path / "nobody").exists()


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"status": 403}, "Kaggle refuses somebody/faces"),
        ({"status": 401}, "Kaggle refuses somebody/faces"),
        ({"status": 404}, "Kaggle has no dataset somebody/faces"),
        ({"status": 500}, r"from Kaggle failed \(.*500"),
        ({"cut": 100}, "came from Kaggle incomplete or damaged"),
        ({"archive": zip_bytes(tree_files(), ZIP_STORED).replace(b"IHDR", b"ihdr", 1)}, "incomplete or damaged"),
        ({"archive": b"no archive"}, r"from Kaggle failed \(.*archive"),
        ({"archive": zip_bytes({"a.csv": b"x"})}, "somebody/faces holds no images in class folders"),
    ],
)
def test_refusals(tmp_path: Path, kaggle: type[Kaggle], answers: dict[str, object], says: str) -> None:
    for name, value in answers.items():
        setattr(kaggle, name, value)
    with pytest.raises(UserError, match=says):
        fetch_kaggle("somebody/faces", tmp_path / "sets" / "faces")
    assert sets_of(tmp_path) == []


def test_offline(tmp_path: Path, kaggle: type[Kaggle], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(UserError, match="can't be reached"):
        fetch_kaggle("somebody/faces", tmp_path / "sets" / "faces")
    assert sets_of(tmp_path) == []


@pytest.mark.parametrize("handle", ["", "faces", "a/b/c", "../../etc", "a b/c", "somebody/faces/versions/x"])
def test_handles_that_are_none(tmp_path: Path, handle: str) -> None:
    with pytest.raises(UserError, match="is no dataset on Kaggle"):
        fetch_kaggle(handle, tmp_path / "sets" / "faces")
    assert sets_of(tmp_path) == []


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):  # Another test's, ended and not yet buried.
            if "kaggle_process" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_cancel_ends_the_download_at_once(tmp_path: Path, kaggle: type[Kaggle]) -> None:
    kaggle.cut, kaggle.stall = 100, True
    asked = 0.0

    def cancel(_done: int, total: int) -> None:
        nonlocal asked
        if total:
            assert total == len(kaggle.archive) and len(children()) == 1
            asked = time.monotonic()
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch_kaggle("somebody/faces", tmp_path / "sets" / "faces", cancel)
    assert asked > 0 and time.monotonic() - asked < 2
    assert sets_of(tmp_path) == [] and children() == []


def test_a_connection_that_goes_silent_is_given_up(
    tmp_path: Path, kaggle: type[Kaggle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion.dataset.importers.kaggle._PATIENCE", 2)
    kaggle.cut, kaggle.stall = 100, True
    with pytest.raises(UserError, match="connection broke"):
        fetch_kaggle("somebody/faces", tmp_path / "sets" / "faces")
    assert sets_of(tmp_path) == [] and children() == []


def test_the_download_ends_with_the_program(tmp_path: Path, kaggle: type[Kaggle]) -> None:
    kaggle.cut, kaggle.stall = 100, True
    code = (
        "import sys, pathlib; from emotion.dataset.importers.kaggle import fetch_kaggle\n"
        "say = lambda done, total: total and print(total, flush=True)\n"
        "fetch_kaggle('somebody/faces', pathlib.Path(sys.argv[1]), say)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "sets" / "faces")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as program:
        assert program.stdout and int(program.stdout.readline()) == len(kaggle.archive)
        (download,) = psutil.Process(program.pid).children()
        program.kill()
    _, alive = psutil.wait_procs([download], timeout=10)
    assert not alive


def test_known_sets_are_named_whole() -> None:
    assert all(one.handle.count("/") == 1 and one.title and one.about and one.terms for one in KNOWN)
