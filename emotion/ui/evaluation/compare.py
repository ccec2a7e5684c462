"""Compare: two models on the same images. Is one really better, and where do they differ?"""

import numpy as np
import streamlit as st

from emotion.cnn.bundle import scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.cnn.comparison import Comparison, compare
from emotion.cnn.evaluation import Evaluation
from emotion.dataset.folder import Dataset
from emotion.i18n import _, language, plain
from emotion.labels import class_names
from emotion.live.faces import Prediction
from emotion.plots.evaluation import difference_figure
from emotion.plots.live import probabilities
from emotion.ui import chart
from emotion.ui.dataset.common import page_of
from emotion.ui.evaluation.cell import Setting, positions_wall, show_face
from emotion.ui.evaluation.common import agreed, choose_images, choose_truth, face_of, measured, settled
from emotion.ui.guards import bundle_names, ensure_model, open_model

_SHOWN = 36
"""Images on a screen."""
_UNLIKELY = 0.05
"""What happens by chance less often than this is called no chance, by an old custom."""


def show() -> None:
    """The whole view."""
    st.caption(
        _("Two models sit the same exam. One will have more points, but would it on other images too, or was it luck?")
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        first = ensure_model()
    with right:
        second = _second(first)
    if second is None:
        return
    dataset, split = choose_images(*st.columns(2, vertical_alignment="bottom"))
    if not agreed(dataset, split):
        return
    truth = choose_truth(dataset, split)
    found: list[Evaluation] = []
    for classifier in (first, second):
        done = measured(classifier, dataset, split)
        left_over = settled(done.found, classifier, dataset, truth) if done else None
        if left_over is None:
            return
        found.append(left_over)
    _show(first, second, dataset, compare(*found))


def _second(first: Classifier) -> Classifier | None:
    """The classifier of the other bundle that the reader picks, among those that know the same classes."""
    card = first.bundle.card
    others = [
        bundle
        for bundle in scan_bundles()[0]  # What is wrong with the rest stands below the first model.
        if bundle.path != first.bundle.path and set(bundle.card.classes) == set(card.classes)
    ]
    others.sort(key=lambda bundle: bundle.network_digest == first.bundle.network_digest)  # A copy of it comes last.
    if not others:
        st.info(_("No other model knows the same classes. Train a second one, then compare the two."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
        return None
    by_path = {str(bundle.path): bundle for bundle in others}
    if st.session_state.get("evaluation.second") not in by_path:
        st.session_state["evaluation.second"] = next(iter(by_path))
    path = st.selectbox(
        _("Compared with"), list(by_path), format_func=bundle_names(others, in_full=True).__getitem__,
        key="evaluation.second", persist_state="session",
    )  # fmt: skip
    return open_model(by_path[path])


def _show(first: Classifier, second: Classifier, dataset: Dataset, found: Comparison) -> None:
    names = [classifier.bundle.path.name for classifier in (first, second)]
    if names[0] == names[1]:  # In two folders of models.
        names = [str(classifier.bundle.path) for classifier in (first, second)]
    figures, groups = st.columns([2, 3], gap="large")
    with figures:
        _verdict(found, names)
        if len(found.differing):
            chart.show(difference_figure(found, *names), "evaluation.difference")
    with groups:
        clicked = _groups(dataset, found, names)
    if clicked is not None:
        _detail(Setting(first, dataset), found, names, clicked)


def _verdict(found: Comparison, names: list[str]) -> None:
    """The two accuracies, and in words whether chance alone explains their difference."""
    with st.container(horizontal=True, key="evaluation-accuracies"):
        for name, part in zip(names, (found.first, found.second), strict=True):
            score = part.accuracy
            st.metric(
                plain(name), f"{score.value:.1%}", f"{score.low:.1%} – {score.high:.1%}", delta_color="off",
                delta_arrow="off", border=True, help=_("Accuracy, and its 95% confidence interval."),
            )  # fmt: skip
    if not len(found.differing):
        text = _("**Both answer every one of the {n} images alike.** They may be one and the same network.")
        st.info(text.format(n=f"{found.first.accuracy.n:,}"), icon=":material/balance:")
        return
    better, chance = names[int(found.difference > 0)], _share(found.p_value)
    if found.p_value < _UNLIKELY:
        text = _(
            "**{model} is really better.** Were both equally good, so large a difference would come by chance in "
            "{share} of such exams only."
        )
        st.success(text.format(model=plain(better), share=chance), icon=":material/trophy:")
    else:
        text = _(
            "**No winner.** Were both equally good, a difference as large as this or larger would come by chance in "
            "{share} of such exams."
        )
        st.info(text.format(share=chance), icon=":material/balance:")
    text = _("McNemar’s exact test, p {p}. Only images that one model alone answers right count: {first} : {second}.")
    first, second = len(found.only_first), len(found.only_second)
    st.caption(
        text.format(
            p="< 0.001" if found.p_value < 0.001 else f"= {found.p_value:.3f}", first=f"{first:,}", second=f"{second:,}"
        )
    )


def _share(p: float) -> str:
    """A probability as a percentage that never reads as none.

    >>> _share(0.0004), _share(0.031), _share(0.62)
    ('< 0.1%', '3.1%', '62%')
    """
    if p < 0.001:
        return "< 0.1%"
    return f"{p:.1%}" if p < 0.1 else f"{p:.0%}"


def _groups(dataset: Dataset, found: Comparison, names: list[str]) -> int | None:
    """The images on which the models differ, by who is right; the position of the one clicked last."""
    if not len(found.differing):
        return None
    parts = {"first": found.only_first, "second": found.only_second, "wrong": found.both_wrong}
    only = _("only {model} is right")
    titles = {
        "first": only.format(model=names[0]),
        "second": only.format(model=names[1]),
        "wrong": _("both wrong, each in its own way"),
    }
    st.markdown(_("**Where they differ**"))
    most = "first" if len(parts["first"]) > len(parts["second"]) else "second"
    group = st.segmented_control(
        _("Who is right"), list(parts), default=most, key="evaluation.group", required=True,
        format_func=lambda key: f"{plain(titles[key])} · {len(parts[key]):,}", label_visibility="collapsed", wrap=True,
    )  # fmt: skip
    # The surest first, as ``differing`` has them.
    positions = found.differing[np.isin(found.differing, parts[str(group)])]
    if not len(positions):
        st.info(_("There is no such image."), icon=":material/check:")
        return None
    pages, pager = -(-len(positions) // _SHOWN), f"evaluation.compare.page.{group}"
    page = page_of(pager, pages)
    shown = positions[(page - 1) * _SHOWN : page * _SHOWN]
    answered = found.second if group == "second" else found.first
    clicked = positions_wall(dataset, answered, shown, f"evaluation.compare.wall.{group}")
    if pages > 1:
        st.pagination(pages, key=pager)
    text = _("The percentage is how sure {model} is. Click one to see both answers.")
    st.caption(text.format(model=plain(names[int(group == "second")])))
    return clicked


def _detail(setting: Setting, found: Comparison, names: list[str], position: int) -> None:
    """One image and both models' probabilities."""
    row = int(found.first.rows[position])
    true = class_names(found.first.classes)[found.first.labels[position]]
    with st.container(border=True, key="evaluation-pair"):
        st.markdown(f"**{plain(true)}**")
        face = face_of(setting.dataset, setting.classifier.bundle, row)
        if face is None:
            return
        picture, *places = st.columns([2, 3, 3], gap="large")
        show_face(picture, face, _("What the network sees"))
        for number, (place, name, part) in enumerate(zip(places, names, (found.first, found.second), strict=True)):
            prediction = Prediction(part.classes, part.probabilities[position])
            with place:
                st.markdown(f"**{plain(name)}**")
                figure = probabilities(prediction, language(), ink=chart.ink())
                chart.show(figure, f"evaluation.pair.{number}")
