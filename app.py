"""Emotion Lab: ``streamlit run app.py``."""

import streamlit as st

from emotion.i18n import _
from emotion.memory import keep_collections_short
from emotion.ui import language

st.set_page_config(page_title="Emotion Lab", page_icon="🙂", layout="wide")
keep_collections_short()
language.follow_session()
page = st.navigation([
    st.Page("pages/home.py", title=_("Home"), icon=":material/home:", default=True),
    st.Page("pages/dataset.py", title=_("Dataset"), icon=":material/photo_library:"),
    st.Page("pages/training.py", title=_("Training"), icon=":material/model_training:"),
    st.Page("pages/evaluation.py", title=_("Evaluation"), icon=":material/search:"),
    st.Page("pages/haar.py", title=_("Viola–Jones"), icon=":material/select_all:"),
    st.Page("pages/live.py", title=_("Live"), icon=":material/videocam:"),
])
language.switch()
# Browsers cut Korean words anywhere. Streamlit has a rule of its own for paragraphs, as strong as one for everything.
TEXTS = ":is([data-testid=stHeading], [data-testid=stMarkdownContainer], [data-testid=stCaptionContainer])"
st.html(f"<style>{TEXTS} *, {TEXTS} p {{ word-break: keep-all; overflow-wrap: anywhere; }}</style>")
page.run()
