"""Measure: how often a model is right on labelled images, and where it goes wrong."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from emotion.cnn.calibration import reliability
from emotion.cnn.card import Metric
from emotion.cnn.evaluation import Evaluation, roc
from emotion.i18n import _
from emotion.labels import class_names
from emotion.plots.evaluation import class_scores_figure, confusion_figure, reliability_figure, roc_figure
from emotion.ui import chart
from emotion.ui.evaluation import cell, stated
from emotion.ui.evaluation.common import Measured, agreed, choose_images, choose_truth, measured, settled
from emotion.ui.guards import ensure_model


def show() -> None:
    """The whole view."""
    st.caption(
        _("The exam: the network answers on images whose class is known. How often is it right, and where is it wrong?")
    )
    model, *places = st.columns(3, vertical_alignment="bottom")
    with model:
        classifier = ensure_model()
    stated.show(classifier.bundle)
    dataset, split = choose_images(*places)
    if not agreed(dataset, split):
        return
    truth = choose_truth(dataset, split)
    done = measured(classifier, dataset, split)
    found = settled(done.found, classifier, dataset, truth) if done else None
    if done is None or found is None:
        return
    if classifier.bundle.card.synthetic and not dataset.synthetic:
        st.warning(
            _("This model was trained on drawn faces. Its answers on photos mean little."), icon=":material/draw:"
        )
    _headline(found, done)
    clicked = _matrix(found, cell.Setting(classifier, dataset))
    if clicked is not None:
        cell.detail(cell.Setting(classifier, dataset), found, clicked)
    _figures(found)


def _headline(found: Evaluation, done: Measured) -> None:
    """The figures to remember, each with a word on how far it can be trusted."""
    with st.container(horizontal=True, key="evaluation-headline"):
        _metric(
            _("Accuracy"), found.accuracy.value, _interval(found.accuracy),
            _(
                "The share of images answered right. With other images of the same kind it would be another one; in "
                "95 of 100 cases the true one lies between these ends (Wilson’s interval)."
            ),
        )  # fmt: skip
        if len(found.classes) > 2:
            _metric(
                _("Top 2"), found.top_2.value, _interval(found.top_2),
                _("The share of images whose true class is one of the two likeliest answers."),
            )  # fmt: skip
        _metric(
            _("Macro F1"), found.macro_f1, _lowest(found),
            _("The mean of the classes’ F1 scores: here a rare class counts as much as a frequent one."),
        )  # fmt: skip
        _metric(
            _("Calibration error"), reliability(found.labels, found.probabilities).expected_error,
            _("{share} sure on average").format(share=f"{found.confidence.mean():.1%}"),
            _(
                "How far the network’s certainty lies from the truth on average (ECE). At 0% it is right in 70 of 100 "
                "cases when it says 70%."
            ),
        )  # fmt: skip
    _counted(found, done)


def _lowest(found: Evaluation) -> str:
    """The class that the model knows least."""
    f1 = np.array(list(found.f1.values()))
    worst = int(np.nanargmin(f1))
    name = class_names(found.classes)[worst]
    return _("lowest: {name} {share}").format(name=name, share=f"{f1[worst]:.0%}")


def _counted(found: Evaluation, done: Measured) -> None:
    text = _("{n} images, answered in {seconds} s.")
    if found.n < done.found.n:
        text = _("{n} of {all} images are left; all were answered in {seconds} s.")
    st.caption(text.format(n=f"{found.n:,}", all=f"{done.found.n:,}", seconds=f"{done.seconds:.1f}"))


def _metric(label: str, value: float, beside: str, meaning: str) -> None:
    st.metric(
        label, f"{value:.1%}", beside, delta_color="off", delta_arrow="off", border=True, help=meaning, width="stretch"
    )


def _interval(metric: Metric) -> str:
    return f"{metric.low:.1%} – {metric.high:.1%}"


def _matrix(found: Evaluation, setting: cell.Setting) -> int | None:
    """The confusion matrix beside the images of the chosen cell; the position of the image clicked last."""
    chosen = cell.chosen(found)
    left, right = st.columns([5, 4], gap="medium")
    with left, st.container(key="evaluation-matrix"):
        st.markdown(_("**Who is taken for whom?** Click a cell."))
        numbers = {"counts": _("images"), "shares": _("share of the row")}
        kind = st.segmented_control(
            _("Numbers"), list(numbers), default="counts", format_func=numbers.__getitem__, key="evaluation.numbers",
            label_visibility="collapsed", required=True, persist_state="session",
        )  # fmt: skip
        figure = confusion_figure(found, kind == "shares", chosen, chart.ink())
        chart.clickable(figure, "evaluation.matrix", lambda pair: cell.choose(found, pair[0], pair[1]))
    with right:
        return cell.wall(setting, found)


def _figures(found: Evaluation) -> None:
    """One figure at a time, beside what it says."""
    figures: dict[str, tuple[str, Callable[[], go.Figure]]] = {
        "classes": (_("Class by class"), lambda: class_scores_figure(found)),
        "calibration": (
            _("How sure, how right"),
            lambda: reliability_figure(reliability(found.labels, found.probabilities)),
        ),
        "roc": ("ROC", lambda: roc_figure(roc(found))),
    }
    st.divider()
    name = st.segmented_control(
        _("Figure"), list(figures), default="classes", format_func=lambda key: figures[key][0],
        key="evaluation.figure", label_visibility="collapsed", required=True, persist_state="session",
    )  # fmt: skip
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        chart.show(figures[str(name)][1](), f"evaluation.figure.{name}")
    right.markdown(_meaning(str(name)))


def _meaning(figure: str) -> str:
    """What a figure says."""
    return {
        "classes": _(
            "**Recall**: of all faces of a class, how many are found? **Precision**: of all faces called so, how many "
            "are it? A model that calls everything happy has full recall on happy and poor precision. **F1** is high "
            "only where both are."
        ),
        "calibration": _(
            "The answers sorted by how sure the network was, and how many of each group were right. On the dashed line "
            "it is right as often as it is sure; bars below the line: it is too sure of itself."
        ),
        "roc": _(
            "Each class against all others, from strict to lenient: the more faces of the class are found, the more "
            "false alarms come with them. The area under the curve is 1 for a perfect model and 0.5 for a guess."
        ),
    }[figure]
