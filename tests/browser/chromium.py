"""A Chromium for the browser tests: ``python -m tests.browser.chromium`` looks for one, and installs one if need be."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO = (
    "No Chromium was found, so the browser tests are skipped. Get one with “.venv/bin/playwright install chromium” or "
    "your system's package manager (“apt install chromium”), or install Google Chrome."
)


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome that is installed, else of Playwright's own; None where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def main() -> int:
    """Make sure that there is a Chromium; say how to get one where that fails. In CI a failure is an error."""
    if find_chromium() or _installed():
        return 0
    print(HOW_TO, file=sys.stderr)  # noqa: T201
    return 1 if os.environ.get("CI") else 0


def _installed() -> bool:
    own = [sys.executable, "-m", "playwright", "install", "chromium"]
    return run_until(lambda: find_chromium() is not None, [own, *apt_commands("chromium")])


def apt_commands(package: str) -> list[list[str]]:
    """How root gets a Debian package; nothing for everyone else."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        return [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", package]]
    return []


def run_until(found: Callable[[], bool], attempts: list[list[str]]) -> bool:
    """Run the commands one by one; whether it was found after one of them."""
    for command in attempts:
        try:
            subprocess.run(command, check=False, timeout=600)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if found():
            return True
    return False


if __name__ == "__main__":
    raise SystemExit(main())
