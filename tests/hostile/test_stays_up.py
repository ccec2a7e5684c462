"""Eight people click through all pages while a training and two cameras are on: nobody sees an error."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser, Page

from benchmarks.viewer import Viewer, camera_flags, visit
from benchmarks.watching import asking, cost
from emotion.cnn.config import TrainConfig
from emotion.cnn.runs import Run, list_runs
from emotion.cnn.workers import stand_back, start_run, stop_run
from emotion.dataset.sample import write_sample
from tests.browser.conftest import App, Launch, running
from tests.browser.test_dataset import open_box
from tests.conftest import is_over, wait_until
from tests.pages.test_pages import PAGES

pytestmark = [pytest.mark.soak, pytest.mark.alone, pytest.mark.timeout(1200)]
PEOPLE = 8
LOADS = 200  # Of which the first warm the server up.
HEALTHY = 250  # Milliseconds in which 95 of 100 questions to the health endpoint are answered.
GROWTH = 1.1
BIG = 190  # Megabytes of an upload, which are allowed.


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOTION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "2")
    write_sample(tmp_path / "home" / "datasets" / "sample", 700)
    return tmp_path / "home"


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    with running(home) as app:
        yield app


@pytest.fixture
def training(home: Path) -> Iterator[Run]:
    """A training that does not end by itself while somebody looks."""
    run = start_run(TrainConfig(data=str(home / "datasets" / "sample"), name="long", epochs=500))
    wait_until(run, lambda run: run.status().state == "running" and run.status().step > 0)
    yield run
    stop_run(run)
    wait_until(run, is_over)


@pytest.fixture
def browser(launch: Launch, camera_file: Path) -> Iterator[Browser]:
    browser = launch(*camera_flags(camera_file))
    # People's browsers run on machines of their own. Here they would leave the server a third of one processor.
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            stand_back(process.pid)
    yield browser
    browser.close()


def load(pages: list[Page], app: App, names: list[str]) -> None:
    """Each loads a page of its own, all at once, and waits until it stands without an error."""
    for page, name in zip(pages, names, strict=True):
        page.goto(f"{app.url}/{'' if name == 'home' else name}", wait_until="commit")
    see(pages, names)


def click(pages: list[Page], app: App, names: list[str]) -> None:
    """The same by a click in the list of pages."""
    for page, name in zip(pages, names, strict=True):
        page.locator(f"[data-testid=stSidebarNavLink][href$='/{'' if name == 'home' else name}']").click()
    see(pages, names)


def see(pages: list[Page], names: list[str]) -> None:
    for page, name in zip(pages, names, strict=True):
        page.get_by_role("heading", name=PAGES[name][0], level=1).wait_for(timeout=60_000)
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        assert page.locator("[data-testid=stException]").count() == 0, f"an error on {name}"


def rounds(go: Callable[[list[Page], App, list[str]], None], pages: list[Page], app: App, count: int) -> None:
    """Everyone goes through all pages, each a page ahead of the one before."""
    order = list(PAGES)
    for turn in range(count):
        go(pages, app, [order[(turn + person) % len(order)] for person in range(len(pages))])


def received(cameras: list[Viewer]) -> np.ndarray:
    """How many pictures have come back to each."""
    return np.array([viewer.statistics()["received"] for viewer in cameras])


def live(browser: Browser, app: App) -> Viewer:
    viewer = visit(browser, f"{app.url}/live")
    assert viewer.start()
    return viewer


def people(browser: Browser) -> tuple[list[Page], list[str]]:
    """Eight browser sessions, and the errors that their scripts will have."""
    pages, errors = [browser.new_context(locale="en-US").new_page() for _ in range(PEOPLE)], list[str]()
    for page in pages:
        page.on("pageerror", lambda error: errors.append(str(error)))
    return pages, errors


def test_eight_people_two_cameras_and_a_training(app: App, browser: Browser, training: Run) -> None:
    cameras = [live(browser, app) for _ in range(2)]
    pages, errors = people(browser)
    rounds(load, pages, app, 1)
    rounds(click, pages, app, len(PAGES))  # Then all is loaded that ever will be.
    before, frames = cost(app.process.pid).megabytes, received(cameras)
    start = time.monotonic()
    with asking(app.url) as answers:
        rounds(click, pages, app, len(PAGES))
    after, health = cost(app.process.pid).megabytes, answers.milliseconds()
    rates = (received(cameras) - frames) / (time.monotonic() - start)
    print(f"memory {before:.0f} → {after:.0f} MB, health {health}, pictures a second {rates}")  # noqa: T201
    assert not errors and (rates > 0.5).all()
    assert training.status().state == "running"
    assert health["missed"] == 0 and health["p95"] < HEALTHY
    assert after < GROWTH * before


def test_two_hundred_page_loads(app: App, browser: Browser) -> None:
    pages, errors = people(browser)
    rounds(load, pages, app, len(PAGES))
    before = cost(app.process.pid).megabytes
    rounds(load, pages, app, LOADS // PEOPLE - len(PAGES))
    after = cost(app.process.pid).megabytes
    print(f"memory {before:.0f} → {after:.0f} MB")  # noqa: T201
    assert not errors
    assert after < GROWTH * before


def test_uploads_that_are_broken_off(app: App, browser: Browser, tmp_path: Path) -> None:
    big = tmp_path / "big.zip"
    big.write_bytes(b"PK" + bytes(BIG * 10**6))
    page, broken = browser.new_page(locale="en-US"), list[str]()
    page.on("requestfailed", lambda request: broken.append(request.url) if "upload_file" in request.url else None)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BIG * 10**6 / 30}
    load([page], app, ["dataset"])
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)

    def break_off(count: int) -> float:
        """Megabytes that the server holds after so many uploads that were left behind."""
        for _ in range(count):
            open_box(page, app)
            page.locator(".st-key-dataset-way").get_by_text("Zip or CSV").click()
            page.locator("input[type=file]").set_input_files(big)
            page.wait_for_timeout(2000)  # It has begun and would take half a minute.
        load([page], app, ["home"])
        page.wait_for_timeout(5000)
        return cost(app.process.pid).megabytes

    before, after = break_off(1), break_off(5)
    print(f"memory {before:.0f} → {after:.0f} MB")  # noqa: T201
    assert len(broken) == 6
    assert after < GROWTH * before
    load([page], app, ["dataset"])


def test_a_file_over_the_limit_is_refused_before_it_is_sent(app: App, browser: Browser, tmp_path: Path) -> None:
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(501 * 2**20)
    page, sent = browser.new_page(locale="en-US"), list[str]()
    page.on("request", lambda request: sent.append(request.url) if "upload_file" in request.url else None)
    open_box(page, app)
    page.locator(".st-key-dataset-way").get_by_text("Zip or CSV").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "huge.zip")
    page.get_by_text("must be 500.0MB or smaller").wait_for()
    page.wait_for_timeout(2000)
    assert not sent


def test_a_new_server_finds_the_training_of_the_old_one(home: Path, browser: Browser) -> None:
    page = browser.new_page(locale="en-US")
    with running(home) as app:
        load([page], app, ["training"])
        page.get_by_role("slider", name="Epochs").press("End")
        page.get_by_text("Start", exact=True).click()
        page.locator(".st-key-training-run").get_by_role("progressbar").wait_for(timeout=60_000)
        (run,) = list_runs()
        wait_until(run, lambda run: run.status().state == "running" and run.status().step > 0)
        # Whoever ends the server from its terminal, by Ctrl-C or by closing it, ends that session alone.
        assert os.getsid(run.status().pid) != os.getsid(app.process.pid)
    with running(home) as app:
        assert run.status().state == "running"
        load([page], app, ["training"])
        page.locator(".st-key-training-run").get_by_role("progressbar").wait_for()
        stop_run(run)
        wait_until(run, is_over)
