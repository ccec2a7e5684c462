"""With the network cut off every page works, the camera too: the browser tests again where nothing outside answers."""

import shutil
import subprocess
import sys

import pytest

from emotion.homes import REPOSITORY
from tests.browser.test_screens import SCREENS
from tests.pages.test_pages import PAGES

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(900)]
# Chromium finds no way to a server, not even to one on the same computer, without any network device at all.
ALONE = """
ip link set lo up && ip link add desk type veth peer name nowhere && ip address add 10.9.8.7/24 dev desk &&
ip link set desk up && ip link set nowhere up || exit 77
exec "$@"
"""
NOT_ALLOWED = 77
WITHOUT_A_NETWORK = ["tests/browser/test_screens.py", "tests/browser/test_live.py::test_camera"]


def cut_off(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a network of its own, which leads nowhere."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs Linux with unshare and ip")
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", ALONE, "sh", *command],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOT_ALLOWED or "unshare failed" in done.stderr:
        pytest.skip("a network of its own wants root")
    return done


def test_nothing_outside_answers() -> None:
    reach = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    done = cut_off(sys.executable, "-c", reach)
    assert done.returncode == 1 and ("OSError" in done.stderr or "TimeoutError" in done.stderr)


def test_every_page_and_the_camera() -> None:
    tests = ["-m", "pytest", "-p", "no:cacheprovider", "-q", *WITHOUT_A_NETWORK]
    done = cut_off(sys.executable, *tests)
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"{len(SCREENS) * len(PAGES) + 1} passed" in done.stdout
