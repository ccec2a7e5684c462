"""The reader's language: the browser's at first, then the sidebar's switch; the address keeps it over a reload."""

import streamlit as st

from emotion.i18n import LANGUAGES, _, language, use_language

_KEY = "app.language"


def follow_session() -> None:
    """Make every text follow the language of the browser session that is being served."""
    if st.session_state.get(_KEY) not in LANGUAGES:  # Seen: the switch without a value for a moment.
        wanted = st.query_params.get("lang") or _of_browser()
        st.session_state[_KEY] = "ko" if wanted.lower().startswith("ko") else "en"
    use_language(lambda: st.session_state.get(_KEY) or "en")


def switch() -> None:
    """The switch in the sidebar."""
    st.sidebar.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=_KEY,
        label_visibility="collapsed",
        required=True,
        persist_state="session",  # st.switch_page() drops all widgets' values, also of those on every page.
    )
    chosen = st.session_state[_KEY] or language()
    if "lang" in st.query_params or chosen != _of_browser():  # Streamlit drops it at each change of page.
        st.query_params["lang"] = chosen


def _of_browser() -> str:
    return "ko" if (st.context.locale or "en").lower().startswith("ko") else "en"
