"""How long something takes, and how a report of it reads."""

import statistics
import time
from collections.abc import Callable
from typing import Any


def seconds(work: Callable[[], object], runs: int = 1) -> float:
    """The seconds that ``work`` takes: the median of several runs."""
    times = []
    for _run in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def lines(report: dict[str, Any]) -> list[str]:
    """A report of numbers, and of dictionaries of numbers, for a terminal."""
    shown = []
    for name, value in report.items():
        if isinstance(value, dict):
            shown += ["", name, *(f"{number:12,.2f}  {key}" for key, number in value.items())]
        else:
            shown.append(f"{value:12,.2f}  {name}")
    return shown
