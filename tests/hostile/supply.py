"""Lists of what the app stands on: ``python -m tests.hostile.supply lock REPORT`` and ``… licences``.

``REPORT`` is what ``pip install --dry-run --ignore-installed --report REPORT -r requirements.txt`` wrote.
"""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from emotion.homes import REPOSITORY

LOCK, LICENCES = REPOSITORY / "requirements.lock", REPOSITORY / "THIRD_PARTY.md"
_LOCK_HEAD = """\
# Exact versions with their hashes, for an install that is the same to the byte: Linux on x86-64, Python 3.11.
#   python -m pip install --require-hashes -r requirements.lock
# Made by
#   python -m pip install --dry-run --ignore-installed --report report.json -r requirements.txt
#   python -m tests.hostile.supply lock report.json
"""
_LICENCES_HEAD = """\
# Third-party software

What `make run` installs, by `requirements.lock`, and under which terms, as each package states them itself.
Made by `python -m tests.hostile.supply licences`.

| package | version | licence |
|---|---|---|
"""


def write_lock(report: Path) -> None:
    """Write every package that pip would install, with the hash of its file."""
    rows = json.loads(report.read_text(encoding="utf-8"))["install"]
    lines = sorted(
        f"{re.sub('[-_.]+', '-', row['metadata']['name']).lower()}=={row['metadata']['version']} "
        f"--hash=sha256:{row['download_info']['archive_info']['hashes']['sha256']}"
        for row in rows
    )
    LOCK.write_text(_LOCK_HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def locked() -> dict[str, str]:
    """Package → version, as the lock file has them."""
    return dict(re.findall(r"^([\w.-]+)==(\S+) --hash", LOCK.read_text(encoding="utf-8"), re.MULTILINE))


def write_licences() -> None:
    """Write the list of licences of the packages in the lock file, from what is installed."""
    rows = [f"| {name} | {version} | {_licence(name)} |" for name, version in sorted(locked().items())]
    LICENCES.write_text(_LICENCES_HEAD + "\n".join(rows) + "\n", encoding="utf-8")


def _licence(name: str) -> str:
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return "not installed here"
    stated = (
        about.get("License-Expression") or _by_classifiers(about.get_all("Classifier") or []) or about.get("License")
    )
    return " ".join((stated or "not stated").split())[:80].replace("|", "/")


def _by_classifiers(classifiers: list[str]) -> str:
    found = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License :: ")]
    return ", ".join(name for name in found if name != "OSI Approved")


if __name__ == "__main__":
    write_lock(Path(sys.argv[2])) if sys.argv[1] == "lock" else write_licences()
