"""The Live page through a TURN server: what people behind a firewall need, with a real coturn on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from benchmarks.viewer import KEEP_CONNECTIONS, camera_flags
from tests.browser.conftest import ARTIFACTS, App, Launch, running
from tests.browser.coturn import HOW_TO, PASSWORD, USER, Relay, find_coturn, relaying
from tests.browser.test_live import faces, inside, open_live, processed, start, wait_for

pytestmark = [pytest.mark.timeout(300), pytest.mark.alone]

# Of the pair of addresses in use: the kind of the browser's own, and the bytes that came and went.
LOOK_AT_PAIR = """async (body) => {
  const connection = body.ownerDocument.defaultView.connections.at(-1);
  const stats = [...(await connection.getStats()).values()];
  const byId = Object.fromEntries(stats.map((each) => [each.id, each]));
  const transport = stats.find((each) => each.type === "transport");
  const pair = byId[transport?.selectedCandidatePairId];
  const own = stats.filter((each) => each.type === "local-candidate").map((each) => each.candidateType);
  return pair && {
    kind: byId[pair.localCandidateId].candidateType, kinds: [...new Set(own)],
    received: pair.bytesReceived, sent: pair.bytesSent,
  };
}"""


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    program = find_coturn()
    if program is None and os.environ.get("CI"):
        pytest.fail(HOW_TO)
    with relaying(program or pytest.skip(HOW_TO), tmp_path) as relay:
        yield relay


@pytest.fixture
def app_behind_it(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The app as it is set up where only the TURN server can be reached."""
    settings = {"URLS": relay.url, "USER": USER, "PASSWORD": PASSWORD, "ONLY": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"EMOTION_TURN_{name}", value)
    with running(tmp_path / "home") as app:
        yield app


@pytest.fixture
def page_with_camera(launch: Launch, camera_file: Path) -> Iterator[Page]:
    # Of itself Chromium makes no connection from 127.0.0.1, and there may be no other address here.
    browser = launch(*camera_flags(camera_file), "--allow-loopback-in-peer-connection")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
    page.add_init_script(KEEP_CONNECTIONS)
    page.set_default_timeout(30_000)
    yield page
    page.screenshot(path=ARTIFACTS / "live-relay.png", full_page=True)
    browser.close()


def look_at_pair(page: Page) -> dict[str, Any] | None:
    found: dict[str, Any] | None = inside(page).locator("body").evaluate(LOOK_AT_PAIR)
    return found


def nothing_comes_any_more(page: Page) -> bool:
    before = look_at_pair(page)
    page.wait_for_timeout(1000)
    after = look_at_pair(page)
    return not (before and after) or before["received"] == after["received"]


def test_every_picture_goes_through_the_relay(relay: Relay, app_behind_it: App, page_with_camera: Page) -> None:
    page = page_with_camera
    open_live(page, app_behind_it)
    page.get_by_role("tab", name="No video?").click()
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Everything works in this browser: press START.").wait_for()
    assert page.get_by_text("The TURN server answers").count() == 1

    start(page)
    wait_for(page, "30 processed frames", lambda: processed(page) >= 30)
    wait_for(page, "a face", lambda: faces(page) >= 1)
    pair = wait_for(page, "the pair of addresses in use", lambda: look_at_pair(page))
    assert (pair["kind"], pair["kinds"]) == ("relay", ["relay"])
    assert min(pair["received"], pair["sent"]) > 30_000  # The video, there and back: no handshake is that long.

    assert not nothing_comes_any_more(page)
    relay.process.kill()
    wait_for(page, "the end of the video: it has no other way", lambda: nothing_comes_any_more(page))
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("user and password are wrong").wait_for(timeout=60_000)
