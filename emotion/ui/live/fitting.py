"""Fit a model on what was collected, show how good it is, and take it to the camera or into a full training."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emotion import jobs
from emotion.cnn.bundle import Bundle
from emotion.cnn.card import Metric
from emotion.cnn.classifier import Classifier
from emotion.cnn.config import ARCHITECTURES, TrainConfig
from emotion.cnn.head import HeadReport, fit_head
from emotion.dataset.collect import Collection
from emotion.dataset.folder import Dataset, open_dataset
from emotion.files import plain_name
from emotion.i18n import _, plain
from emotion.jobs import Progress
from emotion.ui.dataset.common import job_key
from emotion.ui.jobs import outcome
from emotion.ui.live.shots import choose_model, show_on_camera
from emotion.ui.training import settings

_LEAST = 3
"""Images of each class that fitting needs."""


@dataclass(frozen=True)
class Fitted:
    """A fitted model: its folder, how good it is, and the model that it reads the embedding of."""

    path: Path
    report: HeadReport
    base: Path


def own_task(collection: Collection, busy: bool) -> None:
    """Fit the classes that were collected, in seconds; and the way to a full training of them.

    ``busy``: pictures are coming in, so that neither can begin.
    """
    with st.container(border=True, key="live-fit"):
        st.markdown(_("**Make a model of them**"))
        base = choose_model(
            "live.collect.base", lambda bundle: not bundle.card.base, _("Starts from"),
            _("Its eyes are kept: all its convolutions. Only the last layer is new, a softmax on your classes."),
        )  # fmt: skip
        if base is None:
            return
        counts = collection.counts()
        enough = len(counts) > 1 and min(counts.values()) >= _LEAST
        begin, full = _buttons(disabled=busy or not enough)
        if not enough:
            st.caption(_("Two classes with {n} images each are the least; ten and more are better.").format(n=_LEAST))
            return
        dataset = open_dataset(collection.root)
        if full:
            settings.fill(training_of(dataset, base.bundle))
            st.session_state["training.view"] = _("Train")
            st.switch_page("pages/training.py")
        if done := fitted(base, dataset, begin, "live.collect"):
            _figures(done.report)
            _take_to_camera(done, [str(done.path)])


def _buttons(disabled: bool) -> tuple[bool, bool]:
    """Whether to fit, and whether to train in full."""
    with st.container(horizontal=True, vertical_alignment="center"):
        fit = st.button(
            _("Fit in seconds"), key="live.collect.fit", type="primary", icon=":material/bolt:", disabled=disabled
        )
        full = st.button(
            _("Train in full"), key="live.collect.train", icon=":material/model_training:", disabled=disabled,
            help=_("To the Training page, with these images and with this model to start from."),
        )  # fmt: skip
    return fit, full


def fitted(base: Classifier, dataset: Dataset, begin: bool, view: str, adapt: bool = False) -> Fitted | None:
    """The model that was asked for last; None until it is there, which the page shows.

    ``view`` is the start of the session's keys.
    """

    def work(told: Progress) -> Fitted:
        path, report = fit_head(base, dataset, adapt=adapt, progress=told)
        return Fitted(path, report, base.bundle.path)

    key = job_key(dataset, f"fit:{adapt}:{base.bundle.digest}")
    # What is under way stays to be seen when another picture comes in.
    kept = f"{view}.fit.{dataset.name}"
    if begin:
        st.session_state[kept] = key
        if (last := jobs.get(key)) and not last.active:  # Asked for again: its model may be gone.
            jobs.forget(last)
    key = st.session_state.get(kept, key)
    done: Fitted | None = outcome(key, _("Fitting the last layer"), work, begin)
    return done if done and done.path.exists() else None


def taught(done: Fitted) -> None:
    """How much better a model knows a person now; both of them go to the camera."""
    _figures(done.report)
    if done.report.before and done.report.accuracy.value <= done.report.before.value:
        st.warning(_("It is no better on these faces than before. Take more of them, or stay with the old model."))
    _take_to_camera(done, [str(done.base), str(done.path)])


def _figures(report: HeadReport) -> None:
    with st.container(horizontal=True):
        if report.before:
            _metric(_("Before"), report.before)
        _metric(_("After") if report.before else _("Right on faces left out"), report.accuracy)
    if not report.before:
        name, share = report.commonest
        text = _("Whoever always answered “{name}” would be right {share} of the time.")
        st.caption(text.format(name=plain(name), share=f"{share:.0%}"))
    st.caption(
        _(
            "By cross-validation on {n} images: each fifth of them was left out once and asked about. Where they are "
            "of one sitting, it will be less in other light, on another day."
        ).format(n=report.accuracy.n)
    )


def _metric(label: str, metric: Metric) -> None:
    st.metric(
        label, f"{metric.value:.0%}", f"{metric.low:.0%} – {metric.high:.0%}", delta_color="off", delta_arrow="off",
        border=True, width="content", help=_("The share that is right, and its 95% confidence interval."),
    )  # fmt: skip


def _take_to_camera(done: Fitted, paths: list[str]) -> None:
    """Choose a new model on the camera once; the reader may choose others afterwards."""
    key = f"live.fitted.{done.path.name}"
    if st.session_state.get(key) is not done:
        st.session_state[key] = done
        show_on_camera(paths, done.path.name)
        st.rerun()
    text = _("“{name}” is among the models now, and chosen for the video.")
    st.success(text.format(name=plain(done.path.name)), icon=":material/check_circle:")


def training_of(dataset: Dataset, base: Bundle) -> TrainConfig:
    """A full training on these images, from this model where it is of a kind that can be trained further."""
    start_from = str(base.path) if base.card.architecture in ARCHITECTURES else ""
    # Of a few dozen shots a whole batch would be a single step in an epoch.
    batch_size = min(TrainConfig.batch_size, max(2, len(dataset.part("train").paths) // 4))
    name = plain_name(f"{dataset.name}-full")
    return TrainConfig(str(dataset.root), name, batch_size=batch_size, start_from=start_from)
