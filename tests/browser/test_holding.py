"""What may happen to a video that plays, in a real browser on a real server: it goes on, and the page says what is."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.viewer import KEEP_CONNECTIONS
from emotion.cnn.card import CARD
from emotion.homes import REPOSITORY
from tests.browser.conftest import ARTIFACTS, App, running
from tests.browser.test_live import assert_video_goes_on, faces, inside, press, processed, start, wait_for

pytestmark = [pytest.mark.alone, pytest.mark.timeout(300)]

Visit = Callable[[App], Page]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """One more browser session at the Live page."""
    pages: list[Page] = []

    def open_page(app: App) -> Page:
        page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US").new_page()
        page.set_default_timeout(30_000)
        page.add_init_script(KEEP_CONNECTIONS)
        page.goto(f"{app.url}/live")
        inside(page).get_by_role("button", name="START", exact=True).wait_for()
        page.wait_for_timeout(1500)
        pages.append(page)
        return page

    yield open_page
    for number, page in enumerate(pages):
        if not page.is_closed():
            page.screenshot(path=ARTIFACTS / f"{request.node.name}-{number}.png", full_page=True)
            page.context.close()


@contextmanager
def app_with(monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: str) -> Iterator[App]:
    """A server of its own with its own home and temporary folder."""
    (folder / "temp").mkdir()
    for name, value in {"TMPDIR": str(folder / "temp"), **environment}.items():
        monkeypatch.setenv(name, value)
    with running(folder / "home") as app:
        yield app


def says(page: Page, text: str) -> bool:
    return page.locator(".st-key-live-panel").get_by_text(text).count() > 0


def test_whoever_finds_no_place_waits_and_every_way_to_leave_frees_one(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with app_with(monkeypatch, tmp_path, EMOTION_MAX_SESSIONS="1") as app:
        first, second = visit(app), visit(app)
        start(first)
        wait_for(first, "processed frames", lambda: processed(first) > 5)
        threads = app.process.num_threads()
        start(second)
        wait_for(second, "the wait message", lambda: says(second, "All places are taken (1 of 1)"))
        assert_video_goes_on(second)
        assert processed(second) == 0
        first.get_by_role("link", name="Home").click()  # Leaving the page …
        wait_for(second, "frames of the second", lambda: processed(second) > 5)
        assert not says(second, "All places are taken")

        first.get_by_role("link", name="Live").click()
        inside(first).get_by_role("button", name="START", exact=True).wait_for()
        first.wait_for_timeout(1500)
        start(first)
        wait_for(first, "the wait message", lambda: says(first, "All places are taken"))
        second.close()  # … closing the tab …
        wait_for(first, "frames of the first again", lambda: processed(first) > 5, 90)

        third = visit(app)
        start(third)
        wait_for(third, "the wait message", lambda: says(third, "All places are taken"))
        press(first, "STOP")  # … and STOP.
        wait_for(third, "frames of the third", lambda: processed(third) > 5)
        press(third, "STOP")
        inside(third).get_by_role("button", name="START", exact=True).wait_for()
        wait_for(third, "no more threads than with one video", lambda: app.process.num_threads() <= threads)


def test_an_error_is_shown_and_the_video_goes_on(visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with app_with(monkeypatch, tmp_path, EMOTION_MAX_SESSIONS="many") as app:  # Asked at every frame.
        page = visit(app)
        start(page)
        text = "frames could not be processed: EMOTION_MAX_SESSIONS is “many”. Set a whole number from 1"
        wait_for(page, "the error", lambda: says(page, text))
        assert_video_goes_on(page)


def put_bundle(home: Path, name: str) -> Path:
    """A model that somebody has just trained."""
    folder = Path(shutil.copytree(REPOSITORY / "models" / "gender", home / "models" / name))
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps(card | {"name": name}), encoding="utf-8")
    return folder


def test_a_model_comes_and_goes_while_the_video_plays(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with app_with(monkeypatch, tmp_path) as app:
        page = visit(app)
        start(page)
        mine = put_bundle(app.home, "mine")
        page.get_by_role("tab", name="This session").click()  # Whatever makes the page look again.
        page.locator(".st-key-live-models input").click()
        page.get_by_role("option", name="mine").click()
        page.keyboard.press("Escape")  # Closes the list, not the video.
        wait_for(page, "its answers", lambda: page.locator(".st-key-live-answer-1").count())
        wait_for(page, "a face", lambda: faces(page) >= 1)
        shutil.rmtree(mine)
        wait_for(page, "what has happened to it", lambda: says(page, "was deleted. It answers until you press STOP."))
        assert_video_goes_on(page)
        assert page.locator(".st-key-live-answer-1").count() == 1


def test_another_size_in_the_middle_and_nothing_left_behind_a_closed_tab(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with app_with(monkeypatch, tmp_path) as app:
        page = visit(app)
        start(page)
        wait_for(page, "a face", lambda: faces(page) >= 1)
        inside(page).locator("body").evaluate(SMALLER)
        wait_for(page, "the other size", lambda: says(page, "256 × 192"))
        wait_for(page, "a face in it", lambda: faces(page) >= 1)
        assert not says(page, "frames could not be processed")

        page.get_by_role("button", name="Record").click()
        page.get_by_role("button", name="Log", exact=True).click()
        page.get_by_role("button", name="Stop the log").wait_for()
        page.get_by_role("button", name="Snapshot").click()
        page.locator(".st-key-live-snapshot img").wait_for()
        temp = tmp_path / "temp"
        wait_for(page, "a recording on the disk", lambda: list(temp.glob("emotion-*/.recording.*.mp4")))
        page.screenshot(path=ARTIFACTS / "holding-taken.png", full_page=True)
        page.close()
        deadline = time.monotonic() + 60
        while list(temp.glob("emotion-*")) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not list(temp.glob("emotion-*"))
        assert {path.name for path in app.home.rglob("*") if path.is_file()} <= {
            "server.log",
            "datasets.json",
            "lesson.json",
        }


SMALLER = """async (body) => {
  const sender = body.ownerDocument.defaultView.connections.at(-1).getSenders().find((each) => each.track);
  const parameters = sender.getParameters();
  parameters.encodings[0].scaleResolutionDownBy = 2.5;
  await sender.setParameters(parameters);
}"""
