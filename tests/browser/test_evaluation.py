"""A person asks who is taken for whom, looks behind a cell, and is shown where the network looks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, running

# Of the mistakes the most frequent but one, so that it is not shown already: (true, answered, how many, x, y).
CELL = """() => {
  const plot = document.querySelector(".st-key-evaluation-matrix .js-plotly-plot");
  const frame = plot.getBoundingClientRect();
  const { annotations, xaxis, yaxis } = plot._fullLayout;
  const wrong = annotations.filter((note) => note.x !== note.y).map((note) => [Number(note.text), note.y, note.x]);
  const [count, true_, answered] = wrong.sort((one, other) => other[0] - one[0])[1];
  return [yaxis.ticktext[true_], xaxis.ticktext[answered], count,
    frame.left + xaxis._offset + xaxis.l2p(answered), frame.top + yaxis._offset + yaxis.l2p(true_)];
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Iterator[App]:
    """An app of its own: its helper with Keras ends with it, before others count what the server has loaded."""
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("evaluation") / "home"))
    with running(home) as app:
        yield app


def test_from_a_cell_to_its_images_to_what_the_network_looks_at(app: App, page: Page) -> None:
    page.goto(f"{app.url}/evaluation")
    page.get_by_role("tab", name="Measure a model").click()
    plot = page.locator(".st-key-evaluation-matrix .js-plotly-plot")
    plot.wait_for(timeout=60_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    plot.scroll_into_view_if_needed()
    true, answered, count, x, y = page.evaluate(CELL)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    page.locator(".hoverlayer .hovertext").wait_for()
    page.mouse.click(x, y)
    expect(page.locator(".st-key-evaluation-true input")).to_have_value(true)
    expect(page.locator(".st-key-evaluation-said input")).to_have_value(answered)
    tiles = page.locator("button.tile")
    expect(tiles).to_have_count(min(count, 25))
    shares = [int(str(text).rstrip("%")) for text in page.locator("button.tile .caption").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    tiles.first.click()
    detail = page.locator(".st-key-evaluation-detail")
    expect(detail.get_by_text(f"{true}, taken for {answered}")).to_be_visible()
    expect(detail.get_by_text(f"speaks for {answered}")).to_be_visible(timeout=120_000)  # Keras starts.
    expect(detail.get_by_text(f"speaks for {true}")).to_be_visible()
    expect(detail.locator("img:not(.tile img)")).to_have_count(3)
    expect(detail.locator(".tile")).to_have_count(7)  # What it is reminded of.
    detail.get_by_text("Covering").click()
    expect(detail.locator("[data-testid=stImage] img")).to_have_count(3)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
