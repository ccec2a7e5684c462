"""The pictures of the READMEs, taken from the running app in Chromium: ``python -m docs.pictures``.

They show the practice set's drawn faces and the public-domain astronaut, nobody else.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.server import serving
from benchmarks.viewer import Viewer, chromium_with_camera
from emotion.dataset.sample import write_sample
from emotion.files import write_image
from emotion.homes import REPOSITORY

PICTURES = {"en": "app.png", "ko": "app-ko.png"}
_LOCALES = {"en": "en-US", "ko": "ko-KR"}
_SIZE = 1280, 860
_COLUMNS, _GAP, _BETWEEN = 2, 16, (233, 223, 216)
_SCALE = 0.6


def take_all() -> None:
    """A board of all pages for each language, beside this file."""
    with tempfile.TemporaryDirectory() as folder, chromium_with_camera(Path(folder)) as browser:
        home = Path(folder) / "home"
        _furnish(home)
        with serving(home) as (url, _pid):
            for language, name in PICTURES.items():
                write_image(Path(__file__).parent / name, _board(_sights(browser, url, language)))


def _furnish(home: Path) -> None:
    """A practice set and a short training on it."""
    data = write_sample(home / "datasets" / "practice")
    options = ("--network", "tiny_cnn", "--epochs", "12", "--batch-size", "64", "--name", "practice")
    command = [sys.executable, "-m", "emotion", "train", "--data", str(data), *options]
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "EMOTION_HOME": str(home)}, check=True)


def _sights(browser: Browser, url: str, language: str) -> list[np.ndarray]:
    """A BGR picture of every page."""
    width, height = _SIZE
    context = browser.new_context(viewport={"width": width, "height": height}, locale=_LOCALES[language])
    sights = []
    for name, prepare in _PAGES.items():
        page = context.new_page()
        page.goto(f"{url}/{name}")
        page.get_by_role("heading", level=1).wait_for(timeout=60_000)
        _settle(page)
        prepare(page)
        sights.append(cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR))
        page.close()
    context.close()
    return sights


def _settle(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=120_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=60_000)
    page.wait_for_timeout(1500)


def _look(page: Page) -> None:
    """The page as it opens."""


def _measured(page: Page) -> None:
    page.get_by_role("tab").nth(1).click()
    page.locator(".st-key-evaluation-matrix .js-plotly-plot").wait_for(timeout=60_000)
    _settle(page)
    page.locator(".st-key-evaluation-headline").evaluate("each => each.scrollIntoView()")
    page.wait_for_timeout(500)


def _watched(page: Page) -> None:
    Viewer(page).component.get_by_role("button", name=re.compile("^(START|시작)$")).click()
    page.wait_for_timeout(8000)
    page.locator('iframe[src*="streamlit_webrtc"]').first.evaluate("each => each.scrollIntoView()")
    page.wait_for_timeout(1500)


_PAGES: dict[str, Callable[[Page], None]] = {
    "": _look,
    "dataset": _look,
    "training": _look,
    "evaluation": _measured,
    "haar": _look,
    "live": _watched,
}


def _board(sights: list[np.ndarray]) -> np.ndarray:
    """The pictures side by side, on a ground that tells them apart."""
    small = [cv2.resize(each, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA) for each in sights]
    framed = [cv2.copyMakeBorder(each, 0, _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=_BETWEEN) for each in small]
    rows = [np.hstack(framed[start : start + _COLUMNS]) for start in range(0, len(framed), _COLUMNS)]
    return np.vstack(rows)[:-_GAP, :-_GAP]


if __name__ == "__main__":
    take_all()
