"""Step 3, AdaBoost: patches are sorted by every feature, then a strong classifier is put together round by round."""

from functools import partial
from typing import Any, cast

import numpy as np
import streamlit as st

from emotion import jobs
from emotion.dataset.folder import Dataset
from emotion.dataset.pixels import load_images
from emotion.haar.adaboost import next_round, scores
from emotion.haar.feature_bank import FeatureBank
from emotion.haar.lesson import Lesson, prepare
from emotion.haar.patches import Patches, background_patches, face_patches
from emotion.haar.photos import background_photos
from emotion.i18n import _
from emotion.jobs import Progress
from emotion.ui.dataset.common import job_key
from emotion.ui.guards import current_dataset, title_of
from emotion.ui.haar import rounds
from emotion.ui.haar.common import WINDOW, lfw
from emotion.ui.jobs import outcome
from emotion.ui.source import show_code

_STEPS = (1, 2, 3, 4)
_FACES = 150
_KEPT = 3  # Lessons: over all features one takes 50 MB.


def show() -> None:
    """The whole view."""
    st.markdown(
        _(
            "One feature with a threshold is a **weak classifier**: better than a coin, not by much. AdaBoost looks "
            "through all of them for the one that is wrong least, then makes the samples that it got **wrong weigh "
            "more**, and looks again. In the end they vote, and the good ones have more say: a **strong classifier**."
        )
    )
    found = _lesson()
    if found is None:
        st.caption(_("First every feature measures every patch and puts all of them in order, once."))
    else:
        rounds.show(*found)
    show_code(next_round, scores)


def _lesson() -> tuple[str, Lesson] | None:
    """The prepared lesson of the chosen settings with its key; None until it is asked for and ready."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="haar-lesson"):
        dataset = _choose_patches()
        step = _choose_features()
        held_out = st.slider(
            _("Held out"), 20, 50, 30, 10, format="%d%%", key="haar.held_out", persist_state="session", width=160,
            help=_("The share of the patches that AdaBoost never sees: only they tell how good it really is."),
        )  # fmt: skip
        what = f"{step}:{held_out}"
        key = job_key(dataset, f"haar.lesson:{what}") if dataset else f"haar.lesson:{what}:lfw"
        known = jobs.get(key)
        begin = st.button(
            _("Prepare"), key="haar.prepare", type="primary", icon=":material/sort:",
            disabled=known is not None,
            help=_("Every patch is measured by every feature and sorted, once. A round then takes a moment."),
        )  # fmt: skip
    if begin:
        _make_room()
    work = partial(_prepare, dataset, step, held_out / 100)
    lesson = outcome(key, _("Sorting the patches by every feature"), work, begin)
    return None if lesson is None else (key, lesson)


def _make_room() -> None:
    """Forget all lessons but a few: those that somebody looks at were asked for a moment ago."""
    ended = [job for job in jobs.find("haar.lesson:") if not job.active]
    for old in sorted(ended, key=lambda job: job.asked, reverse=True)[_KEPT - 1 :]:
        jobs.forget(old)


def _choose_patches() -> Dataset | None:
    """The dataset whose faces are taken; None for the real faces that come with scikit-image."""
    dataset = current_dataset()
    names = {"lfw": _("100 real faces")}
    if dataset:
        names["dataset"] = _("Faces of “{title}”").format(title=title_of(dataset))
    if st.session_state.get("haar.patches_from") not in names:
        st.session_state["haar.patches_from"] = "lfw"
    source = st.segmented_control(
        _("Patches"), list(names), format_func=names.__getitem__, key="haar.patches_from", required=True,
        persist_state="session",
        help=_("Real faces come with 100 patches that are none; a dataset’s faces are set against patches of photos."),
    )  # fmt: skip
    return dataset if source == "dataset" else None


def _choose_features() -> int:
    """The step of the features' sizes and places: 1 takes them all."""
    counts = {step: f"{len(_bank(step)):,}" for step in _STEPS}
    # Streamlit's types don't know that a selectbox with a first option always answers.
    return cast(int, st.selectbox(
        _("Features"), _STEPS, format_func=counts.__getitem__, key="haar.step", persist_state="session", width=160,
        help=_("All of a 24 × 24 window, or every second, third or fourth size and place: quicker, and coarser."),
    ))  # fmt: skip


@st.cache_resource(show_spinner=False)
def _bank(step: int) -> FeatureBank:
    return FeatureBank(WINDOW, WINDOW, step=step)


def _prepare(dataset: Dataset | None, step: int, held_out: float, told: Progress) -> Any:
    faces, others = lfw() if dataset is None else _patches_of(dataset)
    return prepare(faces, others, step, held_out, progress=told)


def _patches_of(dataset: Dataset) -> tuple[Patches, Patches]:
    """Some faces of a dataset, and as many squares of photos without faces."""
    everything = dataset.everything
    rows = np.random.default_rng(0).permutation(len(everything.paths))[:_FACES]
    faces = face_patches(load_images(dataset.root, everything.take(np.sort(rows))).pixels, WINDOW)
    return faces, background_patches(background_photos(), len(faces), WINDOW)
