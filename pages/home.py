"""Home: the lesson map."""

from pathlib import Path

import streamlit as st

from emotion.cnn.runs import list_runs, statuses
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.ui.guards import bundles, current_dataset, title_of
from emotion.ui.lesson import Step, done, steps
from emotion.ui.live.choice import chosen_models
from emotion.ui.page import heading
from emotion.ui.pictures import picture_of

heading(
    "Emotion Lab",
    _("From a folder of faces to a network that reads yours in real time: six steps, in the order of the course."),
)


def card(number: int, step: Step, ticked: bool, is_next: bool) -> None:
    """One step of the map: its picture, what it is, and the way in."""
    mark = ":green[:material/check_circle:]" if ticked else step.icon
    with st.container(border=True, height="stretch", key=f"home-step-{step.key}"):
        try:
            st.image(picture_of(step.key), width="stretch")
        except UserError as error:
            st.warning(error_text(error))
        st.markdown(f"**{mark} {number}. {step.title}**")
        st.caption(step.text)
        label = _("Start here") if is_next else _("Open")
        st.page_link(step.page, label=label, icon=":material/arrow_forward:")


# Perhaps nobody was watching when one ended.
ticked = done() | {"training" for _run, status in statuses() if status.state == "finished"}
following = next((step.key for step in steps() if step.key not in ticked), None)
if following is None:
    st.success(
        _("All six steps are done. Well done! Now make the network better than the one you began with."),
        icon=":material/school:",
    )
for first in (0, 3):
    for column, (number, step) in zip(st.columns(3), list(enumerate(steps(), 1))[first : first + 3], strict=True):
        with column:
            card(number, step, step.key in ticked, step.key == following)

dataset, runs, found = current_dataset(), list_runs(), bundles()
on_live = ", ".join(Path(path).name for path in chosen_models(found))
with st.container(horizontal=True, key="home-state"):
    st.metric(_("Dataset"), title_of(dataset) if dataset else "–", border=True)
    st.metric(_("Training runs"), len(runs), border=True)
    st.metric(_("Models"), len(found), border=True)
    st.metric(_("Model on the Live page"), plain(on_live) or "–", border=True)

st.caption(
    _(
        "Your pictures stay with you: camera frames are processed in memory and not stored. "
        "This is made for learning, not for judging people: a face does not show for certain what somebody feels, and "
        "emotion recognition in schools and workplaces is restricted in the EU and regulated in Korea."
    )
)
