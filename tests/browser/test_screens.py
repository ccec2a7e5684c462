"""Every page as people see it, empty and with data: pictures to look at, and nothing from outside."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import ARTIFACTS, App
from tests.pages.test_pages import PAGES

# Whether there are data, language, width in pixels, colour scheme: each value of each meets most of the others.
SCREENS = {
    "empty": ("app", "en", 1280, "dark"),
    "wide": ("furnished_app", "en", 1280, "light"),
    "narrow": ("furnished_app", "ko", 420, "dark"),
}
LOCALES = {"en": "en-US", "ko": "ko-KR"}


@dataclass(frozen=True)
class Screen:
    """A row of ``SCREENS`` with its app and a browser session for all pages, so that what was loaded is kept."""

    name: str
    app: App
    language: str
    width: int
    context: BrowserContext


@pytest.fixture(scope="module")
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Screen]:
    app, language, width, scheme = SCREENS[request.param]
    context = browser.new_context(
        locale=LOCALES[language],
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 1000},
    )
    yield Screen(request.param, request.getfixturevalue(app), language, width, context)
    context.close()


@pytest.mark.parametrize("page_name", PAGES)
@pytest.mark.parametrize("screen", SCREENS, indirect=True)
def test_a_page_as_people_see_it(screen: Screen, page_name: str) -> None:
    page, asked, errors = screen.context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(f"{screen.app.url}/{'' if page_name == 'home' else page_name}")
    heading = PAGES[page_name][0 if screen.language == "en" else 1]
    page.get_by_role("heading", name=heading, level=1).wait_for(timeout=60_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=60_000)
    page.wait_for_timeout(700)  # Charts draw themselves after the script has ended.
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": screen.width, "height": max(1000, height)})  # The page scrolls inside itself.
    page.wait_for_timeout(300)
    page.screenshot(path=ARTIFACTS / f"{page_name}-{screen.name}.png", full_page=True)
    assert page.locator("[data-testid=stException]").count() == 0
    assert not errors
    assert not [url for url in asked if not url.startswith((screen.app.url, "data:", "blob:"))]
    assert page.evaluate("document.documentElement.scrollWidth") <= screen.width
    page.close()
