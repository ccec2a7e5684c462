"""A person pastes a photo with two faces, clicks one of them on it, and turns it until the answer changes."""

import base64

import cv2
import numpy as np
from playwright.sync_api import Page, expect

from emotion.haar.photos import astronaut
from tests.browser.conftest import App

# Puts a picture into the clipboard as another program would, by a real paste event.
PASTE = """async (data) => {
  const blob = await (await fetch(`data:image/png;base64,${data}`)).blob();
  const clipboard = new DataTransfer();
  clipboard.items.add(new File([blob], "image.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true }));
}"""
# Where on the screen the middle of the box of the second face is.
SECOND_FACE = """() => {
  const plot = document.querySelector(".js-plotly-plot");
  const frame = plot.getBoundingClientRect(), { xaxis, yaxis } = plot._fullLayout, { x, y } = plot._fullData[1];
  const middle = Math.floor(x.length / 2);
  return [frame.left + xaxis._offset + xaxis.l2p(x[middle]), frame.top + yaxis._offset + yaxis.l2p(y[middle])];
}"""


def two_faces() -> str:
    """The same face twice, the right one larger, as PNG in base64."""
    face = astronaut()[:256, 90:346]
    photo = np.full((300, 560, 3), 90, np.uint8)
    photo[50:250, 20:220] = cv2.resize(face, (200, 200))[:, ::-1]
    photo[:300, 250:550] = cv2.resize(face, (300, 300))
    return base64.b64encode(cv2.imencode(".png", photo)[1].tobytes()).decode()


def test_a_pasted_photo_its_second_face_and_a_turn(app: App, page: Page) -> None:
    page.goto(f"{app.url}/evaluation")
    page.get_by_role("radio", name="Paste").click()
    expect(page.locator(".paste")).to_be_visible()
    page.evaluate("document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true }))")
    expect(page.get_by_text("There is no picture in the clipboard")).to_be_visible()
    page.evaluate(PASTE, two_faces())
    tiles = page.locator("button.tile")
    expect(tiles).to_have_count(2)
    expect(tiles.nth(0)).to_contain_text("1 ·")
    shown = page.locator(".st-key-evaluation-pictures img").first
    expect(shown).to_be_visible()
    first = shown.get_attribute("src")
    page.wait_for_function("document.querySelector('.js-plotly-plot')?._fullData?.length === 2")
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    page.mouse.move(*page.evaluate(SECOND_FACE))
    expect(page.get_by_text("Face 2")).to_be_visible()
    page.mouse.click(*page.evaluate(SECOND_FACE))
    expect(shown).not_to_have_attribute("src", str(first))
    second = shown.get_attribute("src")
    tiles.nth(0).click()
    expect(shown).to_have_attribute("src", str(first))
    tiles.nth(1).click()
    expect(shown).to_have_attribute("src", str(second))
    turn = page.get_by_role("slider", name="Rotation")
    turn.focus()
    turn.press("End")
    expect(page.get_by_text("rotation 45°")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Move a slider")).to_be_visible()
