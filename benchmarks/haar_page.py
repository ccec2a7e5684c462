"""How long the server takes to redraw the Viola–Jones page when a slider moves.

The page is run as its tests run it. That draws the whole page anew, where a browser asks for the part around the
slider only: no move takes longer than this.
"""

import logging
import statistics
import time
from collections.abc import Sequence

from streamlit.testing.v1 import AppTest

from emotion import jobs
from emotion.homes import REPOSITORY

# Of each step, by the start of its key, and where it is moved to. Nothing is cached for any of these places.
MOVES: dict[str, dict[str, Sequence[object]]] = {
    "integral": {
        "haar.rows": [(1, 2), (1, 3), (1, 5), (2, 5), (3, 5)],
        "haar.photo_rows": [(11, 61), (11, 62), (11, 63), (11, 64), (11, 65)],
    },
    "features": {"haar.height": [3, 4, 6, 7, 8], "haar.row": [1, 2, 3, 4, 5], "haar.window": [90, 100, 110, 130, 140]},
    "cascade": {
        "haar.stage.": [5, 10, 15, 20, 25],
        "haar.scan.factor": [1.15, 1.2, 1.25, 1.3, 1.35],
        "haar.scan.size": [30, 40, 50, 60, 70],
        "haar.explained.": [5, 10, 15, 20, 24],
    },
    "detector": {
        "haar.scale_factor": [1.1, 1.2, 1.25, 1.3, 1.35],
        "haar.min_neighbors": [1, 2, 3, 4, 6],
        "haar.min_size": [24, 40, 50, 60, 70],
    },
}


def redraws() -> dict[str, dict[str, float]]:
    """The median of five moves of every slider, in milliseconds by the clock and of the processor."""
    # Without a browser Streamlit warns of what it lacks, at every run.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").disabled = True
    clock, processor = {}, {}
    for view, sliders in MOVES.items():
        page = AppTest.from_file(REPOSITORY / "pages" / "haar.py", default_timeout=120)
        page.session_state["haar.view"] = view
        _settle(page.run())
        for start, values in sliders.items():
            name = f"{view}: {start.removeprefix('haar.').rstrip('.')}"
            clock[name], processor[name] = _moved(page, start, values)
    return {
        "moving a slider, the whole page redrawn, milliseconds": clock,
        "moving a slider, milliseconds of the processor": processor,
    }


def _moved(page: AppTest, start: str, values: Sequence[object]) -> tuple[float, float]:
    """Milliseconds by the clock and of the processor, medians."""
    key = next(slider.key for slider in page.slider if slider.key and slider.key.startswith(start))
    times = []
    for value in values:
        page.slider(key=key).set_value(value)
        begun = time.perf_counter(), time.process_time()
        page.run()
        times.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        assert not page.exception and not page.error, f"{key} at {value}"
        _settle(page)
    clock, processor = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    return clock, processor


def _settle(page: AppTest) -> None:
    """Wait for what runs in the background, and show it."""
    while any(job.active for job in jobs.find("haar.")):
        time.sleep(0.05)
    page.run()
