"""The server by plain HTTP, as somebody asks it who is no browser: limits, strangers, and pages of errors."""

import socket
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.server import serving
from emotion.homes import REPOSITORY


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server-home")) as (url, _):
        yield url


def ask(address: str, **settings: object) -> tuple[int, str]:
    """Status and text of an answer, whatever it is."""
    request = urllib.request.Request(address, **settings)  # type: ignore[arg-type]
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(200_000).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read(200_000).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "path",
    [
        "../app.py", "static/../../app.py", "%2e%2e/%2e%2e/etc/passwd", "media/..%2f..%2fapp.py", "media/x.png",
        "static/%2e%2e%2f%2e%2e%2fpyproject.toml", "component/x/../../../../app.py", "_stcore/%2e%2e/app.py",
        "app/static/../../app.py", "_stcore/upload_file/x/y", "component/nothing/index.html", "a\\..\\..\\app.py",
        "%00", "_stcore/message?file=/etc/passwd", "models/emotion/card.json", "data/datasets.json",
    ],
)  # fmt: skip
def test_no_address_gives_a_file_or_tells_a_path(url: str, path: str) -> None:
    _, text = ask(f"{url}/{path}")
    assert "import streamlit as st" not in text and "root:x:0" not in text and "[project]" not in text
    assert '"architecture"' not in text
    assert str(REPOSITORY) not in text and str(Path.home()) not in text and "site-packages" not in text
    assert "Traceback" not in text


def test_nobody_uploads_without_a_session(url: str) -> None:
    for method in ("PUT", "POST", "DELETE"):
        code, text = ask(f"{url}/_stcore/upload_file/stranger/file", data=b"x" * 100, method=method)
        assert code >= 400 and str(REPOSITORY) not in text


def test_another_site_gets_nothing_across(url: str) -> None:
    """A page of another site that is open in the same browser: neither reads answers nor opens the app's socket."""
    request = urllib.request.Request(f"{url}/_stcore/health", headers={"Origin": "https://hacked.example"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers.get("Access-Control-Allow-Origin") in {None, url}
    assert handshake(url, "https://hacked.example") == 403 and handshake(url, url) == 101


def handshake(url: str, origin: str) -> int:
    """What the app's socket answers to a page from ``origin``."""
    host = url.removeprefix("http://")
    lines = (
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Origin: {origin}", "", "",
    )  # fmt: skip
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), 60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.recv(4096).split()[1])


def test_limits_are_set() -> None:
    settings = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["maxUploadSize"] <= 500 and settings["server"]["address"] == "localhost"
    assert settings["client"]["showErrorDetails"] == "none" and settings["browser"]["gatherUsageStats"] is False
    assert settings["server"].get("enableXsrfProtection", True) and settings["server"].get("enableCORS", True)
