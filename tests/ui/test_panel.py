"""The numbers beside the video."""

from types import SimpleNamespace

import pytest

from emotion.live.state import LiveStats
from emotion.ui.live import panel


def test_dropped_frames_are_counted_over_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel, "st", SimpleNamespace(session_state={}))
    rates = []
    for now, dropped in ((0, 0), (2, 6), (2.01, 7), (4, 10), (5, 0)):
        monkeypatch.setattr(panel, "monotonic", lambda now=now: now)
        rates.append(panel._dropped_a_second(LiveStats(dropped=dropped)))
    assert rates == [0, 3, 3, 2, 0]  # The fourth of four in two seconds; the last is of another video.
