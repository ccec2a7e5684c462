"""A person clicks on the photo under the heat map, and the window there is explained; then the window plays."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import App


def test_a_click_on_the_photo_explains_the_window_there(app: App, page: Page) -> None:
    page.goto(f"{app.url}/haar")
    page.get_by_role("tab", name="Cascade").click()
    photo, told = page.locator(".spot"), page.locator(".st-key-haar-window")
    expect(told.get_by_text("All 25 stages let this window pass.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("boxes as OpenCV, to the pixel")).to_be_visible()
    photo.scroll_into_view_if_needed()
    frame = photo.bounding_box()
    assert frame
    photo.click(position={"x": frame["width"] * 0.08, "y": frame["height"] * 0.75})
    expect(told.get_by_text("rejected this window")).to_be_visible()
    box = photo.locator("rect").first
    x, y, side = (float(str(box.get_attribute(name))) for name in ("x", "y", "width"))
    assert abs(x + side / 2 - 0.08 * 640) < 8 and abs(y + side / 2 - 0.75 * 480) < 8
    # The corner has no window; the arrow keys lead on from there.
    photo.click(position={"x": 2, "y": 2})
    expect(page.get_by_text("No window has its middle so near")).to_be_visible()

    play, place = page.get_by_role("button", name="Play"), page.get_by_label("Window", exact=True)
    play.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(place).not_to_have_value("0")
