"""``make audit``: known holes in the libraries of ``requirements.lock``, by pip-audit; offline it says it can't."""

import importlib.util
import subprocess
import sys

from tests.hostile.supply import LOCK

_UNREACHABLE = ("ConnectionError", "Max retries", "timed out", "Failed to resolve")  # And no table of findings.


def main() -> int:
    """Run pip-audit; 0 where nothing is found, and with a sentence where it can't look."""
    if importlib.util.find_spec("pip_audit") is None:
        print("audit skipped: pip-audit is not installed. Install it: .venv/bin/python -m pip install pip-audit")  # noqa: T201
        return 0
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps", "--disable-pip"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    said = done.stdout + done.stderr
    if done.returncode and "Name " not in done.stdout and any(word in said for word in _UNREACHABLE):
        print("audit skipped: the list of known holes can't be reached. Try again with a network.")  # noqa: T201
        return 0
    print(said.strip())  # noqa: T201
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
