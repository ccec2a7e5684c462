"""Names with HTML, scripts, links and Markdown in them, on every page in a real Chromium: nothing runs or is fetched.

A class, a file, a dataset, a run, a model and its card: all may come with a download.
"""

import json
import os
import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from emotion.files import write_json
from tests.browser.conftest import App, running
from tests.conftest import write_faces
from tests.pages.test_pages import PAGES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names for files")
# No file name holds a slash.
IMAGE = "<img src=x onerror=window.hacked=1>"
LINK = '<a href="javascript:window.hacked=2">x<svg onload=window.hacked=3>'
MARKDOWN = "![x](hacked.example.png) [y](javascript:alert`1`) $\\href{javascript:1}{x}$"
REMOTE = (
    "![x](https://hacked.example/x.png) <script src=https://hacked.example/x.js></script> "
    "<img src=x onerror=window.hacked=4>"
)
ADDRESSES = ["" if name == "home" else name for name in PAGES]
FOUND = """() => {
  const roots = [document], found = [];
  for (const root of roots) for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) roots.push(element.shadowRoot);
    const [source, ...links] = ["src", "href", "xlink:href"].map((name) => element.getAttribute(name) || "");
    if (/hacked/i.test(source) || source === "x") found.push(element.outerHTML);
    // An address in a text becomes a link, which nobody follows but by a click; a script in one would run.
    if (links.some((text) => /^\\s*javascript:/i.test(text))) found.push(element.outerHTML);
    if ([...element.attributes].some((one) => /^on(error|load)$/.test(one.name))) found.push(element.outerHTML);
  }
  return [window.hacked, found];
}"""


def spoil_bundle(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card |= {name: REMOTE for name in ("name", "dataset", "terms", "notes")}
    card["classes"] = [IMAGE, LINK, MARKDOWN, *card["classes"][3:]]
    write_json(folder / "card.json", card)
    folder.rename(folder.with_name(IMAGE))


def spoil_run(run: Path) -> None:
    (run / "notes.txt").write_text(REMOTE, encoding="utf-8")
    for name in (IMAGE, MARKDOWN):
        copy = Path(shutil.copytree(run, run.with_name(f"20260101-000000-{name}")))
        state = "failed" if name == MARKDOWN else "finished"
        status = json.loads((copy / "status.json").read_text(encoding="utf-8"))
        write_json(copy / "status.json", status | {"state": state, "error": REMOTE, "error_values": {}, "bundle": ""})
        setting = json.loads((copy / "setting.json").read_text(encoding="utf-8"))
        write_json(copy / "setting.json", setting | {"classes": [IMAGE, LINK, MARKDOWN, *setting["classes"][3:]]})
    (run.with_name(LINK)).mkdir()
    (run.with_name(LINK) / "status.json").write_text(REMOTE, encoding="utf-8")


def spoil_dataset(home: Path) -> None:
    counts = {IMAGE: 6, LINK: 6, MARKDOWN: 6, "disgust": 2, "fear": 2, "happy": 2, "neutral": 2}
    root = write_faces(home / "datasets" / IMAGE, {"train": counts, "validation": counts}, size=48)
    for folder in (root / "train").iterdir():
        (folder / "000.png").rename(folder / f"{IMAGE}.png")
        (folder / "broken.png").write_bytes(b"x")
    about = {"title": REMOTE, "terms": REMOTE, "left_out": [[IMAGE, REMOTE]]}
    write_json(root / "dataset.json", about)
    write_json(home / "datasets.json", [str(root)])


@pytest.fixture(scope="module")
def hostile_app(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Iterator[App]:
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("hostile") / "home"))
    spoil_bundle(home / "models" / "tiny")
    spoil_run(next((home / "runs").iterdir()))
    spoil_dataset(home)
    with running(home) as app:
        yield app


def settle(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=90_000)
    page.wait_for_timeout(400)


def insist_on_harmless(page: Page, where: str) -> None:
    for plot in page.locator(".js-plotly-plot:visible").all()[:4]:
        if box := plot.bounding_box():
            for share in (0.3, 0.5, 0.7):  # Labels that come up under the pointer.
                page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
                page.wait_for_timeout(60)
    assert page.evaluate(FOUND) == [None, []], where


@pytest.mark.parametrize(("name", "language"), list(zip(ADDRESSES, cycle(["en", "ko"]))))
def test_no_name_becomes_a_script(hostile_app: App, page: Page, name: str, language: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    page.goto(f"{hostile_app.url}/{name}?lang={language}&x={IMAGE}")
    settle(page)
    tabs = page.get_by_role("tab")
    for number in range(tabs.count()):
        tabs.nth(number).click()
        settle(page)
        insist_on_harmless(page, f"{name}, tab {number}")
    insist_on_harmless(page, name)
    outside = [
        url for url in asked if urlsplit(url).hostname not in {"localhost", None} and url[:5] not in {"data:", "blob:"}
    ]
    assert not outside


def test_the_names_were_there(hostile_app: App, page: Page) -> None:
    """The test above would pass on empty pages."""
    page.goto(f"{hostile_app.url}/dataset")
    settle(page)
    assert page.get_by_text("<img src=x onerror=window.hacked", exact=False).count()
    page.goto(f"{hostile_app.url}/training")
    settle(page)
    page.get_by_role("tab").last.click()
    page.get_by_text("hacked", exact=False).first.wait_for(state="attached")  # The click has yet to reach the server.
