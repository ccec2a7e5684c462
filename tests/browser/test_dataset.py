"""A person looks through a dataset, imports one, cancels another, and lets the doctor see it."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from emotion.dataset.sample import write_sample
from tests.browser.conftest import App, running
from tests.conftest import write_faces

# Where the first point of the first class stands on the screen.
POINT = """() => {
  const plot = document.querySelector(".js-plotly-plot"), frame = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout, { x, y } = plot._fullData[0];
  return [frame.left + xaxis._offset + xaxis.l2p(x[0]), frame.top + yaxis._offset + yaxis.l2p(y[0])];
}"""
XSS = "<img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of these tests' own: what they open must not be the dataset that others meet."""
    with running(tmp_path_factory.mktemp("dataset-home")) as app:
        yield app


def open_view(page: Page, app: App, view: str) -> None:
    page.goto(f"{app.url}/dataset")
    page.get_by_role("tab", name=view).click()


def open_box(page: Page, app: App) -> None:
    """The page with its box of ways to a dataset open; it is open by itself where there is no dataset yet."""
    page.goto(f"{app.url}/dataset")
    box = page.locator("[data-testid=stExpander] details").first
    box.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    if box.get_attribute("open") is None:
        page.get_by_text("Open or change the dataset").click()


def test_a_click_in_the_gallery_shows_the_picture_large(furnished_app: App, page: Page) -> None:
    open_view(page, furnished_app, "Gallery")
    tiles = page.locator("button.tile")
    expect(tiles).to_have_count(72)
    tip = str(tiles.nth(7).get_attribute("title"))
    shown = page.locator(".st-key-dataset-picture")
    name = tip.splitlines()[1]
    expect(shown.get_by_text(name)).to_have_count(0)
    tiles.nth(7).click()
    expect(shown.get_by_text(name)).to_be_visible()
    expect(tiles.nth(7)).to_have_class("tile picked")
    page.get_by_text("Show its pixels as numbers").click()
    expect(page.locator(".st-key-dataset-picture-matrix .textpoint")).to_have_count(48 * 48)
    page.locator(".st-key-dataset-page").get_by_text("3", exact=True).click()
    expect(shown.get_by_text(name)).to_have_count(0)


def test_a_lasso_on_the_map_shows_the_images(furnished_app: App, page: Page) -> None:
    open_view(page, furnished_app, "Map")
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.wait_for(timeout=60_000)
    box = plot.bounding_box()
    assert box
    x, y, width, height = (box[key] for key in ("x", "y", "width", "height"))
    page.mouse.move(x + 2, y + 2)
    page.mouse.down()
    for right, down in ((1, 0), (1, 1), (0, 1), (0, 0)):
        page.mouse.move(x + 2 + right * (width - 4), y + 2 + down * (height - 4), steps=8)
    page.mouse.up()
    expect(page.get_by_text("Picked: 210")).to_be_visible()
    expect(page.locator("button.tile")).to_have_count(24)


def test_a_click_on_the_map_shows_the_image(furnished_app: App, page: Page) -> None:
    open_view(page, furnished_app, "Map")
    page.locator(".js-plotly-plot .nsewdrag").first.wait_for(timeout=60_000)
    page.locator(".st-key-dataset-map-drag").get_by_text("Click", exact=True).click()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?._fullLayout?.dragmode === 'pan'")
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    x, y = page.evaluate(POINT)
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    page.locator(".hoverlayer .hovertext").wait_for()
    page.mouse.click(x, y)
    expect(page.get_by_text("Picked: 1", exact=True)).to_be_visible()


def test_a_zip_is_dropped_and_the_doctor_sees_it(app: App, page: Page, tmp_path: Path) -> None:
    root = write_faces(tmp_path / "set", {"train": {XSS: 6, "b": 6}, "validation": {"b": 3, XSS: 3}}, size=48)
    with zipfile.ZipFile(tmp_path / "dropped.zip", "w") as file:
        for path in sorted(root.rglob("*.png")):
            file.write(path, path.relative_to(root))
        twin = next((root / "train" / "b").iterdir())
        file.write(twin, "validation/b/twin.png")
    open_box(page, app)
    page.locator(".st-key-dataset-way").get_by_text("Zip or CSV").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "dropped.zip")
    expect(page.get_by_role("heading", name="dropped · 19 images")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Doctor").click()
    page.get_by_role("button", name="Examine all images").click()
    expect(page.get_by_text("Copies across splits · 1")).to_be_visible(timeout=60_000)
    expect(page.locator("button.tile")).to_have_count(2)
    page.get_by_role("tab", name="Gallery").click()
    expect(page.locator("button.tile")).to_have_count(19)
    # A class's name is shown letter by letter, and no script of it runs.
    page.get_by_role("tab", name="Average faces").click()
    expect(page.locator(".tile .caption").first).to_be_visible(timeout=60_000)
    assert page.evaluate("window.hacked") is None


@pytest.mark.alone  # The import goes on while the page is loaded again: it has to be the longer of the two.
def test_an_import_is_cancelled_and_leaves_nothing(app: App, page: Page, tmp_path: Path) -> None:
    source = write_sample(tmp_path / "sample", 700)
    pictures = [path.read_bytes() for path in sorted((source / "train").rglob("*.png"))]
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as file:
        for number in range(120_000):
            label = "happy" if number % 2 else "sad"
            file.writestr(f"train/{label}/{number:06d}.png", pictures[number % len(pictures)])
    open_box(page, app)
    page.locator(".st-key-dataset-way").get_by_text("Zip or CSV").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "long.zip")
    expect(page.get_by_text("Importing long").first).to_be_visible(timeout=60_000)
    page.reload()  # The job is the server's: a reload finds it.
    expect(page.get_by_text("Importing long").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Importing long")).to_have_count(0, timeout=60_000)
    assert not [path.name for path in (app.home / "datasets").iterdir() if "long" in path.name]


def test_thousands_of_images_stay_quick_to_page(app: App, page: Page, tmp_path: Path) -> None:
    """The tree of a large set opens, and its last page is shown."""
    root = tmp_path / "large"
    picture = next(write_faces(tmp_path / "one", {"": {"a": 1}}, size=16).rglob("*.png")).read_bytes()
    for label in np.arange(4):
        folder = root / "train" / f"class {label}"
        folder.mkdir(parents=True)
        for number in range(5000):
            (folder / f"{number:05d}.png").write_bytes(picture)
    open_box(page, app)
    page.locator(".st-key-dataset-path input").fill(str(root))
    page.keyboard.press("Enter")
    page.locator(".st-key-dataset-open button").click()
    expect(page.get_by_role("heading", name="large · 20,000 images")).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Gallery").click()
    page.locator(".st-key-dataset-page").get_by_text("278", exact=True).click()
    expect(page.locator("button.tile")).to_have_count(20_000 - 277 * 72)


def test_datasets_of_one_folder_name_are_told_apart(app: App, page: Page, tmp_path: Path) -> None:
    """A browser answers with the text of an option: two of one text would switch the dataset at the next click."""
    for place, count in (("one", 6), ("two", 9)):
        write_faces(tmp_path / place / "faces", {"train": {"a": count, "b": count}, "val": {"a": 1, "b": 1}})
        open_box(page, app)
        page.locator(".st-key-dataset-path input").fill(str(tmp_path / place / "faces"))
        page.keyboard.press("Enter")
        page.locator(".st-key-dataset-open button").click()
        expect(page.get_by_role("heading", name=f"faces · {2 * count + 2} images")).to_be_visible()
    page.get_by_role("tab", name="Gallery").click()
    expect(page.locator("button.tile")).to_have_count(20)
    box = page.locator(".st-key-dataset-known input")
    expect(box).to_have_value(f"faces ({tmp_path / 'two'})")
    box.click()
    page.get_by_role("option", name=f"faces ({tmp_path / 'one'})").click()
    expect(page.get_by_role("heading", name="faces · 14 images")).to_be_visible()
