"""Live: a model reads the faces in front of the webcam."""

import streamlit as st

from emotion.i18n import _
from emotion.ui import guards, live, live_panel
from emotion.ui.lesson import mark_done
from emotion.ui.live_watch import watch_browser
from emotion.ui.page import heading

heading(
    _("Live"),
    _("Press START and look into the camera: the detector finds your face, and the model reads its emotion."),
)

# The video must stay in the same place of the page, or it stops: what may come and go has a container of its own.
with st.container(key="live-choices"):
    bundles = guards.bundles()
    source, chosen = live.choose(bundles)
    if not bundles:
        st.info(_("There is no model yet, so faces are only found. Train one: it appears here by itself."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
    processor = live.processor_for(source, chosen)
    trouble = watch_browser("live.watch", live.end_video)

video, panel = st.columns([5, 3], gap="medium")
with video:
    playing = live.show_video(source, processor)
    live_panel.show_trouble("" if playing else trouble)
    st.caption(_("Frames are processed in memory and not stored. ESC ends the video."))
    if not playing:
        live_panel.show_steps()
with panel:
    live_panel.show_panel(processor, playing)
live_panel.show_code()

if playing:
    mark_done("live")
    if len(chosen) > 1:
        mark_done("compare")
