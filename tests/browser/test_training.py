"""A person clicks through a training of three epochs, sees it grow in two browsers, and clears it away."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from emotion.cnn.runs import Run
from emotion.dataset.sample import write_sample
from tests.browser.conftest import App, running

CHART = ".st-key-training-loss svg.marks"
# The line within the epochs grows with every look at the run; a finished epoch has a point in each of the two lines.
GROWS = f"""() => {{
  const chart = document.querySelector("{CHART}");
  chart.setAttribute("data-seen", "first");
  window.seen = new Set();
  setInterval(() => {{
    const lines = document.querySelectorAll("{CHART}[data-seen=first] .mark-line path");
    if (lines.length) window.seen.add(Array.from(lines, (line) => line.getAttribute("d")).join());
  }}, 50);
}}"""
POINTS = f"document.querySelectorAll('{CHART} .mark-symbol.role-mark path').length"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of its own: others meet one with an empty home."""
    with running(tmp_path_factory.mktemp("training-home")) as app:
        yield app


def test_three_epochs_by_clicks(app: App, page: Page, browser: Browser) -> None:
    write_sample(app.home / "datasets" / "sample", 140)
    page.goto(f"{app.url}/training")
    starts_three_epochs(page)
    running = page.locator(".st-key-training-run")
    expect(running.get_by_role("progressbar")).to_be_visible(timeout=60_000)
    page.locator(CHART).wait_for(timeout=60_000)
    page.evaluate(GROWS)
    # The curve grows in the chart that was there at first: none takes its place, which would flicker.
    page.wait_for_function("window.seen.size > 3", timeout=180_000)
    page.reload()  # A reload finds the run again …
    page.wait_for_function(f"{POINTS} >= 2", timeout=180_000)
    second = browser.new_context(locale="en-US").new_page()  # … and so does another browser.
    second.goto(f"{app.url}/training")
    second.wait_for_function(f"{POINTS} >= 2", timeout=30_000)
    second.context.close()
    to_live = running.get_by_role("button", name="See it on your own face")
    expect(to_live).to_be_visible(timeout=240_000)
    page.wait_for_function(f"{POINTS} == 6", timeout=30_000)
    runs = [Run(path) for path in (app.home / "runs").iterdir() if path.name[0] != "."]
    assert [run.status().state for run in runs] == ["finished"]
    plays_from_the_first_epoch(page)
    goes_to_live_in_the_language_it_has(page)
    # What was just trained is preselected in this browser session.
    chosen = page.locator(".st-key-live-models").get_by_role("group", name="Selected values")
    expect(chosen).to_have_text(re.compile(r"^sample-deck · .* · drawn faces"), timeout=30_000)
    is_deleted_once_that_is_confirmed(app, page, runs[0])


def goes_to_live_in_the_language_it_has(page: Page) -> None:
    page.get_by_role("radio", name="한국어").click()
    page.get_by_role("button", name="내 얼굴로 확인하기").click()
    expect(page.get_by_role("heading", name="실시간", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/live\?lang=ko$"))
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("heading", name="Live")).to_be_visible()


def starts_three_epochs(page: Page) -> None:
    epochs = page.get_by_role("slider", name="Epochs")
    epochs.press("Home")
    for _ in range(2):
        epochs.press("ArrowRight")
    expect(epochs).to_have_value("3")
    page.get_by_text("Start", exact=True).click()


def plays_from_the_first_epoch(page: Page) -> None:
    epoch = page.locator(".st-key-training-confusion output")
    expect(epoch).to_have_text(re.compile(r"Epoch \d · kept"))  # That of the best epoch.
    page.get_by_role("button", name="Play").click()
    expect(epoch).to_have_text(re.compile("Epoch 1"))
    expect(epoch).to_have_text(re.compile("Epoch 3"))
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # It stops at the end.


def is_deleted_once_that_is_confirmed(app: App, page: Page, run: Run) -> None:
    page.goto(f"{app.url}/training")
    history = page.get_by_role("tab", name="History")
    history.click()
    page.get_by_role("button", name="Show this run").click()
    expect(page.get_by_role("tab", name="Train", exact=True)).to_have_attribute("aria-selected", "true")
    history.click()
    page.get_by_role("button", name="Delete the ticked runs").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(run.name)).to_be_visible()
    assert run.path.exists()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert run.path.exists()
    page.get_by_role("button", name="Delete the ticked runs").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Every training is kept here")).to_be_visible()
    assert not run.path.exists()
