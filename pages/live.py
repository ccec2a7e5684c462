"""Live: a model reads the faces in front of the webcam."""

import streamlit as st

from emotion.i18n import _
from emotion.live.pipeline import FacePipeline
from emotion.ui import guards
from emotion.ui.lesson import mark_done
from emotion.ui.live import camera, collect, files, freeze, game, panel, selftest, settings, taking, teach, timeline
from emotion.ui.live.watch import watch_browser
from emotion.ui.page import heading
from emotion.ui.source import show_code
from emotion.ui.views import open_tab

heading(
    _("Live"),
    _("The detector finds your face, and the model reads its emotion: before the camera, in a photo or in a video."),
)

views = {
    "camera": _("Camera"),
    "files": _("Photo & video"),
    "mine": _("My own model"),
    "game": _("Game"),
}
if st.session_state.get("live.view") not in views:  # Another page may ask for a view by its key.
    st.session_state["live.view"] = "camera"
view = st.segmented_control(
    _("View"), list(views), format_func=views.__getitem__, key="live.view", required=True,
    label_visibility="collapsed", persist_state="session",
)  # fmt: skip

# The video must stay in the same place of the page, or it stops: what may come and go has a container of its own.
with st.container(key="live-choices"):
    bundles = guards.bundles()
    left, right = st.columns([3, 5], gap="medium")
    with right:
        chosen = settings.choose_models(bundles)
    if not bundles:
        st.info(_("There is no model yet, so faces are only found. Train one: it appears here by itself."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
    now = settings.current(chosen)
    taking.fetch_ended()  # In every view, and before another stream takes the place of the one that has ended.
    if view != "mine":
        collect.leave()
        teach.leave()
    if view == "files":
        with left:
            kind = files.choose_kind()
    else:
        with left:
            source = camera.choose_source()
        processor = camera.processor_for(source, now)
        trouble = watch_browser("live.watch", camera.end_video, lambda: taking.snap(processor))

if view == "files":
    if camera.leave():
        st.session_state["live.stopped"] = True
    files.show(kind, now)
    st.stop()

playing_beside = st.columns([5, 4] if view == "camera" else [4, 5], gap="medium")
with playing_beside[0]:
    playing = camera.show_video(source, processor)
    with st.container():  # So that a warning moves nothing below it.
        selftest.show_trouble("" if playing else trouble)
    if view == "camera":
        taking.show(processor, playing)
    kept = _("Frames are processed in memory and not stored.")
    if view == "mine":
        kept = _("Frames are processed in memory; only the pictures that you take here are stored.")
    st.caption(kept + " " + _("ESC ends the video, and so does leaving this page."))
    if not playing:
        panel.show_steps()
    elif view == "camera":
        panel.show_stages(processor)
with playing_beside[1]:
    if view == "camera":
        tab, place = open_tab("live.beside", {"answers": _("Answers"), "settings": _("Settings")})
        with place:
            if tab == "answers":
                panel.show(processor, playing)
            else:
                settings.show()
    elif view == "mine":
        tab, place = open_tab("live.mine", {"collect": _("My own classes"), "teach": _("Teach it my face")})
        here, other = (collect, teach) if tab == "collect" else (teach, collect)
        other.leave()
        with place:
            here.show(processor if playing else None)
    else:
        game.show(processor if playing else None)

if view == "camera":
    below = {
        "minute": (_("The last minute"), lambda: timeline.show_minute(processor, playing)),
        "session": (_("This session"), lambda: timeline.show_session(processor, playing)),
        "freeze": (_("Why is it wrong on me?"), lambda: freeze.show(processor)),
        "selftest": (_("No video?"), selftest.show),
        "code": (_("The code"), lambda: show_code(FacePipeline.process)),
    }
    tab, place = open_tab("live.below", {key: name for key, (name, _show) in below.items()})
    with place:
        below[tab][1]()

if playing:
    mark_done("live")
    if len(chosen) > 1:
        mark_done("compare")
