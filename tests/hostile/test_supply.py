"""What is installed: every requirement has bounds, and the lock holds one hashed version of each within them."""

import subprocess
import sys

from packaging.requirements import Requirement

from emotion.homes import REPOSITORY
from tests.hostile.supply import LICENCES, LOCK, locked


def requirements() -> list[Requirement]:
    lines = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] != "#"]


def test_every_requirement_has_a_floor_and_a_ceiling() -> None:
    for requirement in requirements():
        assert {one.operator for one in requirement.specifier} >= {">=", "<"}, requirement


def test_the_lock_holds_every_requirement_hashed_and_no_address() -> None:
    text, versions = LOCK.read_text(encoding="utf-8"), locked()
    lines = [line for line in text.splitlines() if line[:1] != "#"]
    assert len(lines) == len(versions) > 50 and all(len(line.split("sha256:")[1]) == 64 for line in lines)
    assert "://" not in text and "@" not in text
    for requirement in requirements():
        assert requirement.specifier.contains(versions[requirement.name]), requirement


def test_every_locked_package_has_its_licence() -> None:
    listed = LICENCES.read_text(encoding="utf-8")
    assert all(f"| {name} | {version} |" in listed for name, version in locked().items())


def test_the_audit_ends_with_a_sentence() -> None:
    """Offline, or without pip-audit, it is skipped and says so."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.audit"],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.stdout.startswith(("audit skipped: ", "No known vulnerabilities", "Found ")) or "Name " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
