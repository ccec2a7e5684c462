"""How often the parts of the Live page are drawn anew while a video plays."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from emotion.live.sessions import PLACES


def repeat(part: Callable[..., None], seconds: float | None, *settings: Any) -> None:
    """Draw ``part(*settings)`` as a fragment, and again every so many seconds; None for once.

    More rarely where many are live: a page that draws itself costs its server and its browser as much as ten frames of
    video.
    """
    crowding = PLACES.crowding

    def draw() -> None:
        part(*settings)
        if seconds and PLACES.crowding != crowding:
            st.rerun()  # The whole page: it is what says how often its parts are drawn.

    st.fragment(draw, run_every=seconds and seconds * crowding)()
