"""A coturn for the relay test: ``python -m tests.browser.coturn`` looks for one, and installs one if need be."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.chromium import apt_commands, run_until

HOW_TO = (
    "No coturn was found, so the test of the TURN relay is skipped. Get one with your system's package manager "
    "(“apt install coturn”, “brew install coturn”)."
)
USER, PASSWORD = "learner", "practice"
_START_SECONDS = 20.0


@dataclass(frozen=True)
class Relay:
    """A running TURN server on this machine: its address, its process and what it writes."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


def find_coturn() -> str | None:
    """The path of the TURN server; None where there is none."""
    return shutil.which("turnserver")


@contextmanager
def relaying(program: str, folder: Path) -> Iterator[Relay]:
    """A TURN server on loopback with one user, which leaves nothing outside ``folder``."""
    port, log = _free_port(), folder / "turnserver.log"
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen([program, *_settings(port, folder)], cwd=folder, stdout=file, stderr=file)
    try:
        _wait_until_it_listens(port, process, log)
        yield Relay(f"turn:127.0.0.1:{port}?transport=udp", process, log)
    finally:
        process.kill()
        process.wait()


def _settings(port: int, folder: Path) -> list[str]:
    return [
        # No file of the system's own: its settings, log and user table are not ours.
        *("-n", "--log-file", "stdout", "--simple-log", "--verbose", "--pidfile", str(folder / "turnserver.pid")),
        *("--userdb", str(folder / "turndb"), "--lt-cred-mech", "--realm", "emotion", "--user", f"{USER}:{PASSWORD}"),
        *("--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port)),
        # Loopback is what a relay on the internet must never reach, and all that this one is for.
        *("--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls"),
    ]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:  # It listens to TCP as soon as to UDP.
                return
        time.sleep(0.1)
    raise RuntimeError(f"coturn did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def main() -> int:
    """Make sure that there is a coturn; say how to get one where that fails. In CI a failure is an error."""
    if find_coturn() or run_until(lambda: find_coturn() is not None, apt_commands("coturn")):
        return 0
    print(HOW_TO, file=sys.stderr)  # noqa: T201
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    raise SystemExit(main())
