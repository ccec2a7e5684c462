"""Which model's answers the last minute shows, where several were asked in it."""

import numpy as np
from streamlit.testing.v1 import AppTest

from emotion.live.history import Sample


def script() -> None:
    import streamlit as st

    from emotion.ui.live.timeline import _prefer_asked

    _prefer_asked(st.session_state["samples"])


def samples(*moments: tuple[float, str]) -> tuple[Sample, ...]:
    return tuple(Sample(seconds, 1, model, ("a",), np.ones(1, np.float32)) for seconds, model in moments)


def test_others_are_shown_once_others_are_asked_but_an_older_one_can_be_looked_at() -> None:
    app = AppTest.from_function(script)
    key, old = "live.minute.model", ((0.0, "old"), (1.0, "old"))
    app.session_state["samples"] = samples(*old)
    assert app.run().session_state[key] == "old"
    app.session_state["samples"] = samples(*old, (3.0, "first"), (3.1, "second"))
    assert app.run().session_state[key] == "first"
    app.session_state[key] = "old"  # The reader's click.
    # Each answers five times a second, so that now one and now the other is the newest.
    app.session_state["samples"] = samples(*old, (4.0, "second"), (4.1, "first"))
    assert app.run().session_state[key] == "old"
    app.session_state["samples"] = samples(*old, (6.0, "second"))
    assert app.run().session_state[key] == "second"
