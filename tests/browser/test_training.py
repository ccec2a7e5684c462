"""A person clicks through a training of three epochs and sees the curve grow."""

import re

from playwright.sync_api import Browser, Page, expect

from emotion.cnn.runs import Run
from emotion.dataset.sample import write_sample
from tests.browser.conftest import App

# The numbers of points of the validation curve (the third trace) that stand in the chart now.
POINTS = "document.querySelector('.st-key-training-run .js-plotly-plot')?.data?.[2]?.x?.length ?? 0"


def test_three_epochs_by_clicks(app: App, page: Page, browser: Browser) -> None:
    write_sample(app.home / "datasets" / "sample", 140)
    page.goto(f"{app.url}/training")
    epochs = page.get_by_role("slider", name="Epochs")
    epochs.press("Home")
    for _ in range(2):
        epochs.press("ArrowRight")
    expect(epochs).to_have_value("3")
    page.get_by_text("Start", exact=True).click()
    running = page.locator(".st-key-training-run")
    expect(running.get_by_role("progressbar")).to_be_visible(timeout=60_000)
    page.wait_for_function(f"{POINTS} >= 1", timeout=180_000)
    page.reload()  # A reload finds the run again …
    page.wait_for_function(f"{POINTS} >= 1", timeout=30_000)
    second = browser.new_context(locale="en-US").new_page()  # … and so does another browser.
    second.goto(f"{app.url}/training")
    second.wait_for_function(f"{POINTS} >= 1", timeout=30_000)
    second.context.close()
    expect(running.get_by_text("Finished. Best accuracy")).to_be_visible(timeout=240_000)
    assert page.evaluate(POINTS) == 3
    runs = [Run(path) for path in (app.home / "runs").iterdir()]
    assert [run.status().state for run in runs] == ["finished"]
    page.get_by_role("link", name="See it on your own face").click()
    expect(page.get_by_role("heading", name="Live")).to_be_visible()
    # What was just trained is preselected in this browser session.
    model = page.locator(".st-key-live-model").get_by_role("combobox")
    expect(model).to_have_value(re.compile(r"^sample-deck · .* · drawn faces$"), timeout=30_000)
