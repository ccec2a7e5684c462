"""A person clicks on the photo under the heat map, and the window there is explained; the window and AdaBoost play."""

import re

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
    # Which stage, by what sum, and the vote that each of its features gave, drawn on the window's pixels.
    verdict = told.get_by_text(re.compile(r"Stage \d+ of 25 rejected this window: its votes add up to −?[\d.]+"))
    expect(verdict).to_be_visible()
    expect(told.get_by_text(re.compile(r"^#\d+: −?[\d.]+ [<≥] −?[\d.]+ → [+−][\d.]+$"))).to_be_visible()
    expect(told.locator("[data-testid=stDataFrame]").first).to_be_visible()
    expect(told.locator("[data-testid=stImage] img")).to_have_count(1)
    # The corner has no window; the arrow keys lead on from there.
    photo.click(position={"x": 2, "y": 2})
    expect(page.get_by_text("No window has its middle so near")).to_be_visible()

    play, place = page.get_by_role("button", name="Play"), page.get_by_label("Window", exact=True)
    play.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(place).not_to_have_value("0")


def test_adaboost_is_stepped_played_and_taken_back(app: App, page: Page) -> None:
    page.goto(f"{app.url}/haar")
    page.get_by_role("tab", name="AdaBoost").click()
    page.locator(".st-key-haar-step").get_by_role("combobox").click()
    page.get_by_role("option").last.click()  # Every fourth size and place: sorted in a moment.
    page.get_by_role("button", name="Prepare").click()
    expect(page.get_by_text("70 faces and 70 other patches weigh the same")).to_be_visible(timeout=60_000)
    shown = page.get_by_text(re.compile(r"^Round \d+: "))
    drawn = page.locator("[data-testid=stImage] img").first

    page.get_by_role("button", name="Next round").click()
    expect(shown).to_have_text(re.compile("^Round 1: "))
    first = drawn.get_attribute("src")
    wrong = page.locator(".samples .patch.wrong")
    expect(wrong.first).to_be_visible()
    page.wait_for_timeout(800)  # They grow for half a second.
    assert _side(page, ".samples .patch.wrong") > 1.3 * _side(page, ".samples .patch:not(.wrong)")

    page.get_by_role("button", name="Next round").click()
    expect(shown).to_have_text(re.compile("^Round 2: "))
    expect(drawn).not_to_have_attribute("src", str(first))
    expect(page.locator(".tile")).to_have_count(2)

    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(shown).to_have_text(re.compile(r"^Round ([4-9]|\d\d): "))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    last = _number(shown.inner_text())
    page.wait_for_timeout(3000)
    assert _number(shown.inner_text()) <= last + 1  # A round that was on its way; then it rests.

    back = _number(shown.inner_text())
    while back > 1:
        page.get_by_role("button", name="Back").click()
        back -= 1
        expect(shown).to_have_text(re.compile(f"^Round {back}: "))
    expect(drawn).to_have_attribute("src", str(first))
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_text("70 faces and 70 other patches weigh the same")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def _side(page: Page, patches: str) -> float:
    """The mean width of some patches, in pixels."""
    widths = page.locator(patches).evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    return float(sum(widths) / len(widths))


def _number(text: str) -> int:
    return int(text.removeprefix("Round ").split(":")[0])
