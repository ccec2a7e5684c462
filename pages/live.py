"""Live: a model reads the faces in front of the webcam."""

import streamlit as st

from emotion.cnn.bundle import scan_bundles
from emotion.i18n import _, error_text
from emotion.ui import live
from emotion.ui.live_watch import watch_browser

st.title(_("Live"))
st.write(_("Press START and look into the camera: the detector finds your face, and the model reads its emotion."))

bundles, problems = scan_bundles()
# The video must stay in the same place of the page, or it stops: what may come and go has a container of its own.
with st.container(key="live-choices"):
    source, chosen = live.choose(bundles)
    if not bundles:
        st.info(_("There is no model yet, so faces are only found. Train one on the Training page: it appears here."))
    if problems:
        with st.expander(_("{count} model folders were skipped").format(count=len(problems)), icon="⚠️"):
            for problem in problems:
                st.write(error_text(problem))
    processor = live.processor_for(chosen)
    trouble = watch_browser("live.watch", live.end_video)

video, panel = st.columns([5, 3], gap="medium")
with video:
    playing = live.show_video(source, processor)
    live.show_trouble("" if playing else trouble)
    st.caption(_("Frames are processed in memory and not stored. ESC ends the video."))
with panel:
    live.show_panel(processor, chosen, playing)
live.show_code()
