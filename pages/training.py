"""Training: the settings, the run watched while it learns, and all runs so far."""

import streamlit as st

from emotion.cnn.runs import Run, active_run, list_runs
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.ui.guards import current_dataset, datasets, need_dataset
from emotion.ui.page import heading
from emotion.ui.training import actions, advanced, basic, history, settings, watch
from emotion.ui.views import open_tab

heading(
    _("Train the network"),
    _(
        "The network sees a batch of faces, guesses, and every weight moves a little so that the next guess is better. "
        "One pass through all training images is an epoch. The validation images are never trained on: only they tell "
        "whether it has really learned, or only learned by heart."
    ),
)


def shown_run(busy: Run | None) -> Run | None:
    """The run that was started or chosen in this session, else the one at work, else the newest."""
    runs = list_runs()
    chosen = [run for run in runs if run.name == st.session_state.get("training.run")]
    return next(iter(chosen), None) or busy or next(iter(runs), None)


def show_run(busy: Run | None) -> None:
    """The run, and the way to another one that is at work."""
    run = shown_run(busy)
    if run is None:
        st.info(
            _("No training yet. Choose a few epochs and press Start; the curves grow here."),
            icon=":material/show_chart:",
        )
        return
    if busy and busy.name != run.name and st.button(_("Watch the running one"), icon=":material/visibility:"):
        st.session_state["training.run"] = busy.name
        st.rerun()
    watch.watch(run)


try:
    settings.begin()
except UserError as error:
    st.warning(error_text(error))
known = datasets()
dataset = need_dataset(current_dataset(known))
busy = active_run()
actions.say()
view, tab = open_tab("training", {"train": _("Train"), "advanced": _("Advanced"), "history": _("History")})
with tab:
    if view == "train":
        if busy or "training.run" in st.session_state:
            watch.come_first_on_a_telephone()
        with st.container(key="training-train"):
            controls, watched = st.columns([1, 2.2], gap="large")
        with controls:
            basic.show(dataset, known, busy)
        with watched:
            show_run(busy)
    elif view == "advanced":
        advanced.show(dataset)
    else:
        history.show()
