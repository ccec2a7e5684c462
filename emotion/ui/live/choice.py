"""Which models the Live page runs: what was chosen, and what other parts ask for. Home asks too: no video here."""

import streamlit as st

from emotion.cnn.bundle import Bundle
from emotion.ui.guards import PUBLISHED, preferred_bundle

MODELS = "live.models"
"""The session's key for the chosen models, a list of ``str(bundle.path)``."""
WANTED = "live.wanted"
"""The session's key for the paths of bundles that the video is to ask next; the page's choice of models takes it."""
_SEEN = "live.published"  # What was published last when the page took its choice.


def chosen_models(bundles: list[Bundle]) -> list[str]:
    """What the page runs, or will when it is opened: what another part asked for, what is new, or what was chosen last.

    Of the ``bundles``, ``str(bundle.path)`` of each.
    """
    known, preferred = {str(bundle.path) for bundle in bundles}, preferred_bundle(bundles)
    start = [str(preferred.path)] if preferred else []
    last = st.session_state.get(MODELS, start)
    kept = [path for path in last if path in known]
    if st.session_state.get(PUBLISHED) != st.session_state.get(_SEEN) or (last and not kept):
        kept = start
    return [path for path in st.session_state.get(WANTED, ()) if path in known] or kept


def take_choice(bundles: list[Bundle]) -> None:
    """Make ``chosen_models`` the session's choice: what was asked for and what is new are settled then."""
    st.session_state[MODELS] = chosen_models(bundles)
    st.session_state[_SEEN] = st.session_state.get(PUBLISHED)
    st.session_state.pop(WANTED, None)
