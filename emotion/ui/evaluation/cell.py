"""What lies behind a cell of the confusion matrix: its images, and why one of them was answered so."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emotion import jobs
from emotion.cnn import inside, service
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation
from emotion.cnn.neighbours import Neighbours, is_known, nearest
from emotion.cnn.occlusion import occlusion_map
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import COLUMNS
from emotion.i18n import _, language, plain
from emotion.jobs import Progress
from emotion.labels import class_names
from emotion.live.faces import Prediction
from emotion.plots.dataset import vote_bars
from emotion.plots.evaluation import heat_picture
from emotion.plots.live import probabilities
from emotion.ui import chart
from emotion.ui.dataset.common import job_key, page_of, picture_wall, votes
from emotion.ui.evaluation.common import face_of
from emotion.ui.jobs import outcome

_SHOWN = 25
"""Images of a cell on a screen."""
_NEAREST = 7
_AT_ONCE = 3000
"""Training images up to which the nearest are looked for without being asked for: that takes a few seconds."""
_SIDE = 150  # Screen pixels of an enlarged face: three fit beside the bars, two on a telephone.


@dataclass(frozen=True)
class Setting:
    """Who answered, and on what."""

    classifier: Classifier
    dataset: Dataset


def choose(found: Evaluation, true: int, answered: int) -> None:
    """Make a cell the one whose images are shown."""
    st.session_state["evaluation.true"] = found.classes[true]
    st.session_state["evaluation.said"] = found.classes[answered]


def chosen(found: Evaluation) -> tuple[int, int]:
    """The chosen cell (true class, answered class); at first the most frequent mistake."""
    picked = [st.session_state.get(key) for key in ("evaluation.true", "evaluation.said")]
    if not set(picked) <= set(found.classes):
        choose(found, *found.worst_confusion)
    true, answered = (st.session_state[key] for key in ("evaluation.true", "evaluation.said"))
    return found.classes.index(true), found.classes.index(answered)


def wall(setting: Setting, found: Evaluation) -> int | None:
    """The images of the chosen cell, the surest answer first; the position of the one clicked last."""
    names = dict(zip(found.classes, class_names(found.classes), strict=True))
    left, right = st.columns(2)
    for place, label, key in (
        (left, _("These faces are"), "evaluation.true"),
        (right, _("and were taken for"), "evaluation.said"),
    ):
        place.selectbox(label, found.classes, format_func=names.__getitem__, key=key, persist_state="session")
    true, answered = chosen(found)
    positions = found.cell(true, answered)
    if not len(positions):
        st.info(_("No image lies in this cell."), icon=":material/check:")
        return None
    st.caption(_("{n} images, the surest answer first. Click one to see why.").format(n=f"{len(positions):,}"))
    pages, pager = -(-len(positions) // _SHOWN), f"evaluation.page.{true}.{answered}"
    page = page_of(pager, pages)
    clicked = positions_wall(setting.dataset, found, positions[(page - 1) * _SHOWN : page * _SHOWN], "evaluation.wall")
    if pages > 1:
        st.pagination(pages, key=pager)
    return clicked


def positions_wall(dataset: Dataset, found: Evaluation, positions: np.ndarray, key: str) -> int | None:
    """The images at ``positions`` int64 (n,) of an evaluation, with how sure the answer was; the one clicked last."""
    rows = found.rows[positions]
    captions = [f"{share:.0%}" for share in found.confidence[positions]]
    # A wall of its own for each choice: what was clicked on another one is not picked here.
    clicked = picture_wall(dataset, rows, f"{key}.{hash(tuple(rows.tolist()))}", 56, captions)
    return None if clicked is None else int(positions[rows.tolist().index(clicked)])


def detail(setting: Setting, found: Evaluation, position: int) -> None:
    """One image large: what the network sees, where it looks, what it answers, and what it is reminded of."""
    row, names = int(found.rows[position]), class_names(found.classes)
    true, answered = int(found.labels[position]), int(found.answers[position])
    with st.container(border=True, key="evaluation-detail"):
        title = _("**{true}, taken for {answered}**") if true != answered else _("**{true}, and answered so**")
        st.markdown(title.format(true=plain(names[true]), answered=plain(names[answered])))
        face = face_of(setting.dataset, setting.classifier.bundle, row)
        if face is None:
            return
        pictures, answer = st.columns([2, 1], gap="large")
        with answer:  # It is known already: nobody should wait for it.
            prediction = Prediction(found.classes, found.probabilities[position])
            chart.show(probabilities(prediction, language(), ink=chart.ink()), "evaluation.probabilities")
            _votes(setting.dataset, row)
        with pictures:
            _heat(setting, face, row, [answered, *([true] if true != answered else [])], names)
            _neighbours(setting, face, row)


def _heat(setting: Setting, face: np.ndarray, row: int, targets: list[int], names: list[str]) -> None:
    """The face, and beside it what speaks for each of the ``targets``."""
    ways = {"grad": "Grad-CAM", "cover": _("Covering")}
    way = st.segmented_control(
        _("Where does it look?"), list(ways), default="grad", format_func=ways.__getitem__, key="evaluation.heat",
        required=True, persist_state="session",
        help=_(
            "**Grad-CAM** follows the answer back to the last convolution’s maps: warm is what spoke for it. "
            "**Covering** hides a part of the face at a time: warm is what the answer needs, blue what stands in its "
            "way."
        ),
    )  # fmt: skip
    pictures = st.container(horizontal=True)
    show_face(pictures, face, _("What the network sees"))
    maps = _maps(setting, face, row, tuple(targets), str(way)) or ()
    for target, heat in zip(targets, maps, strict=False):
        text = _("What speaks for {name}") if heat.max() > 0 else _("Nothing speaks for {name}")
        show_face(pictures, face, text.format(name=plain(names[target])), heat)
    if maps:
        st.caption(
            _(
                "The warmer a spot, the more it spoke for the answer. That tells where the network looked; it is no "
                "proof that it looked there for a good reason, nor that it sees there what you see."
            )
        )


def show_face(place: DeltaGenerator, face: np.ndarray, caption: str, heat: np.ndarray | None = None) -> None:
    """A face uint8 (H, W) as the network sees it, enlarged, under a heat map if there is one."""
    picture = heat_picture(face, np.zeros(face.shape, np.float32) if heat is None else heat)
    place.image(picture, caption=caption, width=_SIDE)


def _maps(
    setting: Setting, face: np.ndarray, row: int, targets: tuple[int, ...], way: str
) -> tuple[np.ndarray, ...] | None:
    def work(told: Progress) -> tuple[np.ndarray, ...]:
        if way == "cover":
            return tuple(occlusion_map(setting.classifier, face, target) for target in targets)
        return tuple(inside.grad_cam(setting.classifier.bundle, face, target, told) for target in targets)

    ready = way == "cover" or service.is_ready()
    label = _("Looking where it looks") if ready else _("Starting Keras")
    key = job_key(setting.dataset, f"heat:{way}:{setting.classifier.bundle.digest}:{row}:{targets}")
    return outcome(key, label, work)


def _votes(dataset: Dataset, row: int) -> None:
    voted = votes(dataset)
    if voted is not None and voted.found[row]:
        st.markdown(_("**What ten people saw in it (FER+)**"))
        counts = dict(zip(COLUMNS, voted.counts[row].tolist(), strict=True))
        chart.show(vote_bars(counts), "evaluation.detail_votes")


def _neighbours(setting: Setting, face: np.ndarray, row: int) -> None:
    """The training images that the network finds most alike."""
    dataset = setting.dataset
    if "train" not in dataset.splits:
        return
    st.markdown(_("**What it is reminded of:** the training images nearest to this one in its last layer but one"))
    family = job_key(dataset, f"nearest:{setting.classifier.bundle.digest}")

    def work(told: Progress) -> Neighbours:
        return nearest(setting.classifier, dataset, face, _NEAREST + 1, told)

    if not jobs.find(family) and not _quick(setting):
        _offer(len(dataset.part("train").paths), f"{family}:{row}", work)
        return
    # The first one asks about every training image: while it does, or once that was cancelled, no other one begins.
    first = next((job.key for job in jobs.find(family) if job.active or job.cancelled), f"{family}:{row}")
    near = outcome(first, _("Asking about every training image"), work)
    if near is None:
        return
    paths = dataset.everything.paths
    rows = [number for number in (paths.index(path) for path in near.paths) if number != row][:_NEAREST]
    names = class_names(dataset.classes)
    captions = [names[dataset.everything.labels[number]] for number in rows]
    picture_wall(dataset, rows, f"evaluation.nearest.{row}", 60, captions, clickable=False)


def _quick(setting: Setting) -> bool:
    """Whether the nearest can be looked for without being asked for."""
    return len(setting.dataset.part("train").paths) <= _AT_ONCE or is_known(setting.classifier, setting.dataset)


def _offer(images: int, key: str, work: Callable[[Progress], Neighbours]) -> None:
    def begin() -> None:
        jobs.start(key, work)

    text = _("Asks the network about all {n} training images, which takes a while; after that it is quick.")
    st.button(
        _("Look for them"), key="evaluation.nearest", icon=":material/image_search:",
        help=text.format(n=f"{images:,}"), on_click=begin,
    )  # fmt: skip
