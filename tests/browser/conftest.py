"""The real app in a process of its own, and a real Chromium with a camera that plays the astronaut clip."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.server import serving
from benchmarks.viewer import FLAGS, camera_flags, write_camera
from emotion.homes import REPOSITORY
from tests.browser.chromium import HOW_TO, find_chromium

ARTIFACTS = REPOSITORY / "test-artifacts"
Launch = Callable[..., Browser]
expect.set_options(timeout=30_000)  # Other tests run beside most of these.


@dataclass(frozen=True)
class App:
    """A running app: its address, its process, and its EMOTION_HOME."""

    url: str
    process: psutil.Process
    home: Path

    def libraries(self) -> set[str]:
        """The files that are mapped into the server's memory and its children's."""
        processes = [self.process, *self.process.children(recursive=True)]
        return {file.path for process in processes for file in process.memory_maps()}


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with an empty home."""
    with running(tmp_path_factory.mktemp("browser-home")) as app:
        yield app


@pytest.fixture(scope="session")
def furnished_app(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Iterator[App]:
    """The app with a dataset, a finished run and its bundle at home."""
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("furnished") / "home"))
    with running(home) as app:
        yield app


@contextmanager
def running(home: Path) -> Iterator[App]:
    """The app with a home of its own."""
    with serving(home) as (url, pid):
        yield App(url, psutil.Process(pid), home)


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera plays."""
    return write_camera(tmp_path_factory.mktemp("camera") / "astronaut.mjpeg")


@pytest.fixture(scope="session")
def chromium() -> str:
    path = find_chromium()
    if path is None and os.environ.get("CI"):
        pytest.fail(HOW_TO)
    return path or pytest.skip(HOW_TO)


@pytest.fixture(scope="module")
def launch(chromium: str) -> Iterator[Launch]:
    """Start a Chromium with more flags. One Playwright for all of a file: a thread may have no second one, and as long
    as there is one, no other test in this thread can use asyncio."""
    ARTIFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        yield lambda *flags: playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *flags])


@pytest.fixture(scope="module")
def browser(launch: Launch, camera_file: Path) -> Iterator[Browser]:
    """A Chromium that gives a camera, which shows the astronaut, without asking."""
    browser = launch(*camera_flags(camera_file))
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh browser session. Its last sight is kept in test-artifacts/, to be looked at."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.screenshot(path=ARTIFACTS / f"{request.node.name}.png", full_page=True)
    context.close()
