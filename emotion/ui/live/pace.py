"""How often those parts of the Live page that only show something are drawn anew while a video plays."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from emotion.live.sessions import PLACES
from emotion.ui.live.shots import calm


def repeat(key: str, part: Callable[..., None], seconds: float | None, *settings: Any) -> None:
    """Draw ``part(*settings)`` in a container ``key``, and again every so many seconds; None for once.

    It alone is run again: the video and the choices stay as they are. More rarely where many are live, because a page
    that draws itself costs its server and its browser as much as ten frames of video.
    """
    crowding = PLACES.crowding

    def draw() -> None:
        part(*settings)
        if seconds and PLACES.crowding != crowding:
            st.rerun()  # The whole page: it is what says how often its parts are drawn.

    calm(key)
    with st.container(key=key):
        st.fragment(draw, run_every=seconds and seconds * crowding)()
