"""The Live page in a real Chromium, with a camera of 640 × 480 and 30 frames a second; beside a bare video stream.

Browser and server share the machine, as at a learner's desk: the frame rates hold for an idle machine only.
"""

import os
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from playwright.sync_api import Browser

from benchmarks.server import serving
from benchmarks.timing import lines as lines
from benchmarks.viewer import Viewer, chromium_with_camera, visit
from benchmarks.watching import asking, cost, libraries
from emotion.errors import UserError

BARE = "benchmarks/passthrough.py"
_SETTLE = 12.0  # Seconds until the browser has found its bitrate.


def compare(seconds: float) -> dict[str, Any]:
    """All figures: of one session, of two at once, and of the bare stream, each over so many seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with chromium_with_camera(folder) as browser:
            with serving(folder / "app") as (url, pid):
                report = {
                    "the page without a video": _page_alone(browser, url, pid),
                    "one session": measure(browser, url, "live", pid, 1, seconds),
                    "two sessions": measure(browser, url, "live", pid, 2, seconds),
                    "files of TensorFlow in memory": len(libraries(pid, "tensorflow")),
                }
            with serving(folder / "bare", BARE) as (url, pid):
                report["the bare stream"] = measure(browser, url, "", pid, 1, seconds)
    return {"cores": os.cpu_count(), "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, **report}


def _page_alone(browser: Browser, url: str, pid: int) -> dict[str, float]:
    viewer = visit(browser, f"{url}/live")
    viewer.page.wait_for_timeout(2000)
    viewer.page.context.close()
    return {"MB": cost(pid).megabytes}


def measure(browser: Browser, url: str, page: str, pid: int, count: int, seconds: float) -> dict[str, float]:
    """So many people live at once: each one's frames a second, what the server costs, and how fast it answers."""
    with ExitStack() as stack:
        viewers = [visit(browser, f"{url}/{page}") for _ in range(count)]
        for viewer in viewers:
            stack.callback(viewer.page.context.close)
            if not viewer.start():
                raise UserError(
                    "No video came back from {page}. Try again with nothing else at work.", page=f"{url}/{page}"
                )
            if page:
                viewer.page.get_by_text("frames processed").wait_for()
        viewers[0].page.wait_for_timeout(_SETTLE * 1000)
        with asking(url) as answers:
            start, before, first = perf_counter(), cost(pid), [_counts(viewer) for viewer in viewers]
            viewers[0].page.wait_for_timeout(seconds * 1000)
            took, after, last = perf_counter() - start, cost(pid), [_counts(viewer) for viewer in viewers]
        rates = {
            f"{name} a second, {number}. session": (now[name] - then[name]) / took
            for number, (then, now) in enumerate(zip(first, last, strict=True), start=1)
            for name in now
        }
        sizes = {f"pixels wide, {n}. session": float(v.statistics()["width"]) for n, v in enumerate(viewers, start=1)}
        health = {f"health, ms, {name}": value for name, value in answers.milliseconds().items()}
        used = {"cores used by the server": (after.seconds - before.seconds) / took}
        return rates | sizes | health | used | {"MB": after.megabytes, "threads": after.threads}


def _counts(viewer: Viewer) -> dict[str, float]:
    """Frames so far: that the camera sent, that were processed (the page's own count), and that came back."""
    statistics = viewer.statistics()
    counts = {"sent": statistics["sent"], "came back": statistics["received"]}
    panel = viewer.page.locator(".st-key-live-stats")
    if panel.count() and (found := re.search(r"(\d+) frames processed", panel.inner_text())):
        counts["processed"] = int(found[1])
    return {name: float(value) for name, value in counts.items()}
