"""The benchmarks in Chromium measure what they say, in short."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser

from benchmarks import soak
from benchmarks.browser import measure
from tests.browser.conftest import App

pytestmark = [pytest.mark.timeout(300), pytest.mark.alone, pytest.mark.usefixtures("chromium")]


def test_frame_rates(browser: Browser, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.browser._SETTLE", 3.0)
    report = measure(browser, app.url, "live", app.process.pid, 1, 3.0)
    assert 0 < report["processed a second, 1. session"] < 60
    assert report["came back a second, 1. session"] > 0
    assert report["health, ms, missed"] == 0
    assert 0 < report["health, ms, median"] <= report["health, ms, p95"] <= report["health, ms, longest"]
    assert report["cores used by the server"] > 0.05


@pytest.mark.soak  # Two servers, one after the other.
def test_what_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_WARM_UP": 1, "_PLAYS": 0.5, "_SETTLE": 1.0}.items():
        monkeypatch.setattr(soak, name, value)
    with ThreadPoolExecutor(1) as pool:  # The tests' Playwright holds this thread.
        report = pool.submit(soak.compare, 0.05, 1).result()
    assert [report[f"STARTs{end}"] for end in ("", " that failed: ours", " that failed: bare")] == [2, 0, 0]
    ours, bare = report["1 STARTs: ours"], report["1 STARTs: bare"]
    assert ours["MB after"] - ours["MB before"] == ours["MB more"]
    assert report["1 STARTs: MB more, ours to bare"] == pytest.approx(ours["MB more"] / bare["MB more"])
    assert ours["MB before"] > bare["MB before"] > 100
    assert report["files of TensorFlow in memory"] == 0
