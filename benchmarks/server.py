"""The real app, or a script beside it, in a process of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion.homes import REPOSITORY
from emotion.memory import SHARED_HEAPS

APP = "app.py"
_START_SECONDS = 60.0


@contextmanager
def serving(home: Path, script: str = APP) -> Iterator[tuple[str, int]]:
    """``streamlit run`` with ``home`` as its EMOTION_HOME: its address and its process id.

    The app is started as ``make run`` does it, another script as anyone would.
    """
    home.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    with (home / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "--server.headless", "true"],
            cwd=REPOSITORY,
            env={**os.environ, **(SHARED_HEAPS if script == APP else {}), "EMOTION_HOME": str(home)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(f"http://localhost:{port}", process)
            yield f"http://localhost:{port}", process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ask_health(url: str) -> bool:
    """Whether the app at ``url`` says that it is well; OSError where it does not answer."""
    with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
        return bool(answer.status == 200)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if ask_health(url):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the app did not start at {url}: exit status {process.poll()}")
