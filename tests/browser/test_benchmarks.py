"""The benchmarks in Chromium measure what they say, in short."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benchmarks import chromium, soak

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("chromium")]


def report_of(work: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    """What a benchmark says. In a thread of its own, because the tests' Playwright holds this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *arguments).result()


def test_frame_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "_SETTLE", 3.0)
    report = report_of(chromium.compare, 2.0)
    one, two, bare = report["one session"], report["two sessions"], report["the bare stream"]
    assert 0 < one["processed a second, 1. session"] < 60
    assert two["processed a second, 2. session"] > 0
    assert bare["came back a second, 1. session"] > 0 and "processed a second, 1. session" not in bare
    assert one["health, ms, missed"] == 0 and 0 < one["health, ms, median"] <= one["health, ms, p95"]
    assert report["files of TensorFlow in memory"] == 0
    assert bare["MB"] < one["MB"]


def test_what_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_WARM_UP": 1, "_PLAYS": 0.5, "_SETTLE": 3.0}.items():
        monkeypatch.setattr(soak, name, value)
    report = report_of(soak.compare, 0.1, 2)
    assert [report[f"STARTs{end}"] for end in ("", " that failed: ours", " that failed: bare")] == [3, 0, 0]
    ours, bare = report["2 STARTs: ours"], report["2 STARTs: bare"]
    assert ours["MB after"] - ours["MB before"] == ours["MB more"]
    assert report["2 STARTs: MB more, ours to bare"] == pytest.approx(ours["MB more"] / bare["MB more"])
    assert report["0.1 minutes of video, after STOP: ours"]["MB after"] > 100
