"""The Live page in a real browser: camera → server → drawing → browser, and its end."""

import re
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Download, FrameLocator, Page, TimeoutError

from emotion.labels import EMOTIONS
from emotion.live.annotate import DETECTION_COLOUR
from emotion.live.clip import clip_frame
from tests.browser.conftest import ARTIFACTS, App, Launch

# Gray stands in the clip itself, so neutral cannot be told from it.
DRAWN = (DETECTION_COLOUR, *(label.colour for label in EMOTIONS if label.key != "neutral"))

pytestmark = [pytest.mark.alone, pytest.mark.timeout(300)]

# Looked at inside the component's iframe: the returned video's time, and how many pixels of its newest frame have each
# of the colours. The video was compressed, so that a colour comes back a little different.
LOOK_AT_VIDEO = """(body, colours) => {
  const video = body.querySelector("video");
  if (!video || !video.videoWidth) return null;
  const canvas = body.ownerDocument.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const counts = colours.map(([red, green, blue]) => {
    let count = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      const far = [pixels[i] - red, pixels[i + 1] - green, pixels[i + 2] - blue].some((d) => Math.abs(d) > 24);
      if (!far) count += 1;
    }
    return count;
  });
  return [video.currentTime, counts];
}"""
ENOUGH_FOR_A_BOX = 600  # Pixels.


def wait_for(page: Page, what: str, look: Callable[[], Any], seconds: float = 60) -> Any:
    """Whatever ``look`` gives as soon as it is true; the test fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        page.wait_for_timeout(300)  # Not time.sleep(), which would keep Playwright from noticing anything.
    pytest.fail(f"not seen within {seconds} s: {what}")


def open_live(page: Page, app: App, clip: bool = False) -> None:
    page.goto(f"{app.url}/live")
    page.get_by_role("heading", name="Live").wait_for()
    page.wait_for_timeout(1500)  # A component that has just been mounted loses its first click.
    if clip:
        page.locator(".st-key-live-choices").get_by_text("Built-in clip").click()
        inside(page).get_by_role("button", name="Choose camera").wait_for(state="hidden")  # The camera's own is gone.
        page.wait_for_timeout(1500)


def inside(page: Page) -> FrameLocator:
    """What stands in the video component's iframe."""
    return page.locator('iframe[src*="streamlit_webrtc"]').last.content_frame


def press(page: Page, button: str) -> None:
    inside(page).get_by_role("button", name=button, exact=True).click()


def start(page: Page) -> None:
    press(page, "START")
    wait_for(page, "a playing video", lambda: look_at_video(page))


def look_at_video(page: Page, colours: tuple[str, ...] = ()) -> tuple[float, list[int]] | None:
    """The returned video's time in seconds, and the pixels of each colour in it; None as long as there is no video."""
    seen = inside(page).locator("body").evaluate(LOOK_AT_VIDEO, [rgb(colour) for colour in colours])
    return tuple(seen) if seen else None


def rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def processed(page: Page) -> int:
    found = re.search(r"(\d+) frames processed", page.locator(".st-key-live-stats").inner_text())
    return int(found[1]) if found else 0


def faces(page: Page) -> int:
    shown = page.locator(".st-key-live-stats [data-testid=stMetricValue]").first.inner_text()
    return int(shown) if shown.isdecimal() else 0  # A dash until the first answer.


def video_shows(page: Page, colours: tuple[str, ...]) -> bool:
    seen = look_at_video(page, colours)
    return seen is not None and max(seen[1]) > ENOUGH_FOR_A_BOX


def assert_video_goes_on(page: Page) -> None:
    before, _ = look_at_video(page)
    wait_for(page, "a later time of the video", lambda: (look_at_video(page) or (0,))[0] > before + 0.5)


def assert_processing_stops(page: Page) -> None:
    inside(page).get_by_role("button", name="START", exact=True).wait_for()
    page.wait_for_timeout(1000)  # The page's last look at the counter.
    counted = processed(page)
    page.wait_for_timeout(2500)
    assert counted > 0
    assert processed(page) == counted


def test_the_clip_has_none_of_the_colours_that_are_looked_for() -> None:
    for frame in (clip_frame(second)[..., ::-1].astype(int) for second in range(12)):
        for colour in DRAWN:
            assert (np.abs(frame - rgb(colour)).max(axis=2) <= 24).sum() < ENOUGH_FOR_A_BOX


def test_camera(page: Page, app: App) -> None:
    open_live(page, app)
    start(page)
    assert_video_goes_on(page)
    wait_for(page, "30 processed frames", lambda: processed(page) >= 30)
    wait_for(page, "a face", lambda: faces(page) >= 1)
    wait_for(page, "the drawn box", lambda: video_shows(page, DRAWN))
    page.screenshot(path=ARTIFACTS / "live-camera.png")

    page.keyboard.press("Escape")  # The focus is where START was clicked: inside the component.
    assert_processing_stops(page)

    start(page)
    wait_for(page, "frames of the second start", lambda: faces(page) >= 1)
    press(page, "STOP")
    assert_processing_stops(page)
    assert not [path for path in app.libraries() if "tensorflow" in path.lower()]


def test_clip_without_a_camera(page: Page, app: App) -> None:
    open_live(page, app, clip=True)
    start(page)
    wait_for(page, "30 processed frames", lambda: processed(page) >= 30)
    wait_for(page, "a face", lambda: faces(page) >= 1)

    before = processed(page)
    page.locator(".st-key-live-models").get_by_label("Clear all").click()
    wait_for(page, "the box of detection alone", lambda: video_shows(page, (DETECTION_COLOUR,)))
    wait_for(page, "more frames of the same stream", lambda: processed(page) > before)
    assert_video_goes_on(page)

    page.get_by_role("heading", name="Live").click()
    page.keyboard.press("Escape")  # The focus is on the page now.
    assert_processing_stops(page)


def view(page: Page, name: str) -> None:
    page.locator(".st-key-live-view").get_by_text(name).click()


def download(page: Page, button: str) -> Download:
    """The file that a button gives; a click that meets the button while it is renewed is lost, so it is tried again."""
    for _attempt in range(4):
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        try:
            with page.expect_download(timeout=8000) as found:
                page.get_by_role("button", name=button).click()
        except TimeoutError:
            continue
        return found.value
    pytest.fail(f"no download by “{button}”")


def test_the_stream_outlives_all_that_is_done_around_it(page: Page, app: App) -> None:
    open_live(page, app)
    start(page)
    wait_for(page, "a face", lambda: faces(page) >= 1)
    # A mark that a new connection or a new iframe would not have.
    inside(page).locator("video").evaluate("(video) => { video.srcObject.mark = true; }")

    page.keyboard.press(" ")  # On STOP, which has the focus.
    page.locator(".st-key-live-snapshot img").wait_for()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Stop recording").wait_for()
    page.get_by_role("tab", name="Settings").click()
    page.locator(".st-key-live-mode").get_by_text("The course’s loop").click()
    page.get_by_text("scaleFactor 1.5, minNeighbors 5").wait_for()
    page.locator(".st-key-live-mode").get_by_text("Fast and steady").click()
    page.locator(".st-key-live-mirror label").first.click()
    page.get_by_role("tab", name="Answers").click()
    for tab in ("This session", "Why is it wrong on me?", "The code", "The last minute"):
        page.get_by_role("tab", name=tab).click()
    # Faster than the page is built: a run that is interrupted before it comes to the video must not end it.
    for name in ("My own model", "Game", "Camera") * 3:
        view(page, name)
    page.locator(".st-key-live-minute-chart canvas, .st-key-live-minute-chart svg").first.wait_for()
    assert_video_goes_on(page)
    assert inside(page).locator("video").evaluate("(video) => video.srcObject.mark")

    page.get_by_role("button", name="Stop recording").click()
    with av.open(str(download(page, "Download the recording").path())) as film:
        assert film.streams.video[0].frames > 10
    page.screenshot(path=ARTIFACTS / "live-everything.png", full_page=True)

    view(page, "Photo & video")
    page.get_by_text("The video was ended when you left it.").wait_for()
    assert page.locator('iframe[src*="streamlit_webrtc"]').count() == 0
    view(page, "Camera")
    page.wait_for_timeout(1500)
    start(page)
    page.get_by_role("button", name="Test this snapshot").click()
    page.get_by_role("heading", name="Test the network").wait_for()
    page.locator(".st-key-evaluation-source").get_by_text("From another page").wait_for()


def test_the_self_test_passes_where_all_is_well(page: Page, app: App) -> None:
    open_live(page, app)
    page.get_by_role("tab", name="No video?").click()
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Everything works in this browser: press START.").wait_for()
    assert page.get_by_text("check_circle").count() == 3


@pytest.mark.parametrize(
    ("flags", "advice"),
    [
        (("--use-fake-device-for-media-stream", "--deny-permission-prompts"), "The browser did not get the camera."),
        ((), "No camera was found."),
    ],
    ids=["refused", "missing"],
)
def test_a_camera_that_cannot_be_had(launch: Launch, app: App, flags: tuple[str, ...], advice: str) -> None:
    browser = launch(*flags)
    page = browser.new_page(locale="en-US")
    open_live(page, app)
    press(page, "START")
    page.get_by_text(advice).wait_for()
    assert page.get_by_text("choose the built-in clip above").count() == 1
    page.get_by_role("tab", name="No video?").click()
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("error", exact=True).first.wait_for()  # The sign of the step that failed.
    wait_for(page, "the advice once more, at that step", lambda: page.get_by_text(advice).count() == 2)
    page.screenshot(path=ARTIFACTS / f"live-{'refused' if flags else 'missing'}.png")
    browser.close()
