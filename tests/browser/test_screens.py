"""Every page in both languages, dark and light, wide and narrow: pictures to look at, and nothing from outside."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import ARTIFACTS, App
from tests.pages.test_pages import PAGES

SCREENS = {"wide": (1280, "light"), "dark": (1280, "dark"), "narrow": (420, "light")}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("page_name", PAGES)
def test_a_page_as_people_see_it(app: App, browser: Browser, page_name: str, language: str) -> None:
    for screen, (width, scheme) in SCREENS.items():
        context = browser.new_context(
            locale={"en": "en-US", "ko": "ko-KR"}[language],
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 1000},
        )
        page, asked, errors = context.new_page(), [], []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023
        page.on("pageerror", lambda error: errors.append(error))  # noqa: B023
        page.goto(f"{app.url}/{'' if page_name == 'home' else page_name}")
        heading = PAGES[page_name][0 if language == "en" else 1]
        page.get_by_role("heading", name=heading, level=1).wait_for(timeout=60_000)
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        page.wait_for_timeout(700)  # Charts draw themselves after the script has ended.
        page.screenshot(path=ARTIFACTS / f"{page_name}-{language}-{screen}.png", full_page=True)
        assert page.locator("[data-testid=stException]").count() == 0
        assert not errors
        assert not [url for url in asked if not url.startswith((app.url, "data:", "blob:"))]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
