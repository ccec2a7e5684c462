"""What a long video and many STARTs leave behind in the server; beside a bare streamlit-webrtc stream.

Both servers run at the same time, each with a viewer of its own, so that both meet the same machine.
"""

import logging
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Browser

from benchmarks.browser import BARE
from benchmarks.server import APP, serving
from benchmarks.timing import lines as lines
from benchmarks.viewer import Viewer, chromium_with_camera, visit
from benchmarks.watching import Cost, cost, growth, libraries

_WARM_UP = 3  # STARTs, after which all is loaded that ever will be.
_PLAYS = 2.0  # Seconds of video in a cycle.
_SETTLE = 10.0  # Seconds for the library to notice that a video has ended, and for garbage to be collected.
_RAMP = 60.0  # Seconds of a long session after which buffers and history have their size.
_LOOKS = 8  # At the memory, while it plays.
_log = logging.getLogger("benchmarks.soak")


@dataclass(frozen=True, eq=False)
class _Contestant:
    name: str
    viewer: Viewer
    pid: int


def compare(minutes: float, cycles: int) -> dict[str, Any]:
    """What so many STARTs and STOPs, and then a session of so many minutes, leave behind, for both."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        browser = stack.enter_context(chromium_with_camera(Path(name)))
        both = [_contestant(stack, browser, Path(name), *each) for each in (("ours", APP, "live"), ("bare", BARE, ""))]
        report = {**_cycles(both, cycles), **_session(both, minutes)}
        report["files of TensorFlow in memory"] = len(libraries(both[0].pid, "tensorflow"))
        return report


def _contestant(stack: ExitStack, browser: Browser, folder: Path, name: str, script: str, page: str) -> _Contestant:
    url, pid = stack.enter_context(serving(folder / name, script))
    return _Contestant(name, visit(browser, f"{url}/{page}"), pid)


def _cycles(both: Sequence[_Contestant], cycles: int) -> dict[str, Any]:
    started = [_cycle(both) for _ in range(_WARM_UP)]
    before = _settled(both)
    started += [_cycle(both) for _ in range(cycles)]
    failed = {f"STARTs that failed: {each.name}": each_started.count(False)
              for each, each_started in zip(both, zip(*started, strict=True), strict=True)}  # fmt: skip
    return {"STARTs": len(started), **failed, **_growths(f"{cycles} STARTs", both, before, _settled(both))}


def _cycle(both: Sequence[_Contestant]) -> list[bool]:
    """One START and STOP of each; who got a video."""
    started = [each.viewer.start() for each in both]
    for each, begun in zip(both, started, strict=True):
        if not begun:
            _log.warning("A START of %s got no video: %s", each.name, each.viewer.describe())
    _wait(both, _PLAYS)
    _stop(both)
    return started


def _stop(both: Sequence[_Contestant]) -> None:
    for each in both:
        each.viewer.stop()
    for each in both:
        each.viewer.wait_for_stop()


def _session(both: Sequence[_Contestant], minutes: float) -> dict[str, Any]:
    """A long video: from the time when it has settled, while it plays, and what is left when it has ended."""
    stopped = _settled(both)
    for each in both:
        each.viewer.start()
    _wait(both, min(_RAMP, minutes * 30))
    playing, start = [[cost(each.pid) for each in both]], monotonic()
    for _ in range(_LOOKS):
        _wait(both, (minutes * 60 - min(_RAMP, minutes * 30)) / _LOOKS)
        playing.append([cost(each.pid) for each in both])
    name = f"{(monotonic() - start) / 60:.1f} minutes of video"
    report = _growths(name, both, playing[0], playing[-1])
    for each, costs in zip(both, zip(*playing, strict=True), strict=True):
        report[f"{name}, from look to look: MB, {each.name}"] = {str(n): one.megabytes for n, one in enumerate(costs)}
    _stop(both)
    return report | _growths(f"{name}, after STOP", both, stopped, _settled(both))


def _growths(title: str, both: Sequence[_Contestant], before: Sequence[Cost], after: Sequence[Cost]) -> dict[str, Any]:
    growths = {each.name: growth(*costs) for each, *costs in zip(both, before, after, strict=True)}
    ratio = growths["ours"]["MB more"] / growths["bare"]["MB more"] if growths["bare"]["MB more"] else float("nan")
    return {f"{title}: {name}": found for name, found in growths.items()} | {f"{title}: MB more, ours to bare": ratio}


def _settled(both: Sequence[_Contestant]) -> list[Cost]:
    _wait(both, _SETTLE)
    return [cost(each.pid) for each in both]


def _wait(both: Sequence[_Contestant], seconds: float) -> None:
    both[0].viewer.page.wait_for_timeout(seconds * 1000)
