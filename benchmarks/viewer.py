"""A real Chromium with a camera that plays the astronaut clip, and what it knows of a video that it gets back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from playwright.sync_api import Browser, FrameLocator, Page, TimeoutError, sync_playwright

from emotion.errors import UserError
from emotion.live.clip import PERIOD, clip_frame
from tests.browser.chromium import find_chromium

CAMERA_FPS = 30  # What Chromium plays an .mjpeg file with.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...settings) { super(...settings); window.connections.push(this); }
};
"""
"""Keeps each connection of a page within reach, to be asked for its statistics."""

_START_SECONDS = 45.0
_FIRST_FRAME = """(video, milliseconds) => new Promise((done) => {
  setTimeout(() => done(false), milliseconds);
  video.requestVideoFrameCallback(() => done(true));
})"""
_STATISTICS = """async (body) => {
  const connection = body.ownerDocument.defaultView.connections.at(-1);
  if (!connection) return {};
  const all = [...(await connection.getStats()).values()];
  const [sent, got] = ["outbound-rtp", "inbound-rtp"].map((type) => all.find((each) => each.type === type) || {});
  return {
    sent: sent.framesEncoded || 0, width: sent.frameWidth || 0, limited: sent.qualityLimitationReason || "",
    received: got.framesDecoded || 0,
  };
}"""


_CONNECTIONS = """(body) => body.ownerDocument.defaultView.connections.slice(-2).map(
  (each) => [each.signalingState, each.iceGatheringState, each.iceConnectionState, each.connectionState].join(" "))"""


def camera_flags(camera: Path) -> tuple[str, ...]:
    """Give this film as a camera, without asking."""
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    return (*fake, f"--use-file-for-fake-video-capture={camera}")


def write_camera(path: Path) -> Path:
    """The clip as a file for Chromium's fake camera, which plays it again and again: JPEGs one after the other."""
    with path.open("wb") as file:
        for number in range(round(PERIOD * CAMERA_FPS)):
            jpeg = cv2.imencode(".jpg", clip_frame(number / CAMERA_FPS), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
            file.write(jpeg.tobytes())
    return path


@contextmanager
def chromium_with_camera(folder: Path) -> Iterator[Browser]:
    """A Chromium whose camera shows the astronaut; UserError where there is none."""
    program = find_chromium()
    if program is None:
        raise UserError("No Chromium was found. Get one with “playwright install chromium”, then try again.")
    flags = [*FLAGS, *camera_flags(write_camera(folder / "camera.mjpeg"))]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@dataclass(frozen=True, eq=False)
class Viewer:
    """Someone with a page that has a video component."""

    page: Page

    @property
    def component(self) -> FrameLocator:
        """What stands in the video component's iframe."""
        return self.page.locator('iframe[src*="streamlit_webrtc"]').last.content_frame

    def press(self, button: str) -> None:
        """Click START or STOP."""
        self.component.get_by_role("button", name=button, exact=True).click()

    def start(self) -> bool:
        """Click START; whether a first frame came back."""
        self.press("START")
        try:
            video = self.component.locator("video")
            video.wait_for(timeout=_START_SECONDS * 1000)
            return bool(video.evaluate(_FIRST_FRAME, _START_SECONDS * 1000))
        except TimeoutError:
            return False

    def describe(self) -> str:
        """What stands in the component, and how its newest connections do: for a START that failed."""
        body = self.component.locator("body")
        return f"{body.inner_text()!r} {'; '.join(body.evaluate(_CONNECTIONS)) or 'no connection'}"

    def stop(self) -> None:
        """Click STOP, where something runs that can be stopped."""
        if self.component.get_by_role("button", name="STOP", exact=True).count():
            self.press("STOP")

    def wait_for_stop(self) -> None:
        """Until START can be clicked again."""
        self.component.get_by_role("button", name="START", exact=True).wait_for(timeout=_START_SECONDS * 1000)

    def statistics(self) -> dict[str, Any]:
        """Frames ``sent`` and ``received`` so far, the ``width`` of those sent, and what ``limited`` them."""
        found: dict[str, Any] = self.component.locator("body").evaluate(_STATISTICS)
        return found


def visit(browser: Browser, url: str) -> Viewer:
    """A fresh browser session at a page with a video."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US").new_page()
    page.add_init_script(KEEP_CONNECTIONS)
    page.set_default_timeout(60_000)
    page.goto(url)
    viewer = Viewer(page)
    viewer.component.get_by_role("button", name="START", exact=True).wait_for()
    page.wait_for_timeout(1500)  # A component that has just been mounted loses its first click.
    return viewer
