"""What Measure and Compare share: on which images, with whose labels, and the measurement itself as a job."""

import time
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emotion.cnn.bundle import Bundle
from emotion.cnn.classifier import Classifier
from emotion.cnn.evaluation import Evaluation, by_votes, evaluate, outputs_of, without_training_copies
from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import Votes
from emotion.dataset.splits import SPLITS
from emotion.errors import UserError
from emotion.files import printable
from emotion.i18n import _, error_text, plain
from emotion.jobs import Progress
from emotion.plots.dataset import split_name
from emotion.ui.dataset.common import job_key, votes
from emotion.ui.dataset_box import dataset_box
from emotion.ui.guards import current_dataset, datasets, load_files, need_dataset
from emotion.ui.jobs import outcome


@dataclass(frozen=True)
class Measured:
    """An evaluation, and the ``seconds`` that it took."""

    found: Evaluation
    seconds: float


@dataclass(frozen=True)
class Truth:
    """What counts as an image to measure on, and what as its true class: the folder, or the ``votes`` of FER+."""

    unseen: bool
    votes: Votes | None


def choose_images(left: DeltaGenerator, right: DeltaGenerator) -> tuple[Dataset, str]:
    """The dataset and the split that the reader picks in two places, or a page that stops with the way to get one."""
    known = datasets()
    current = current_dataset(known)
    dataset = need_dataset(current)
    with left:
        dataset_box("evaluation", dataset, known)
    with right:
        return dataset, _choose_split(dataset)


def _choose_split(dataset: Dataset) -> str:
    splits = [name for name in SPLITS if name in dataset.splits]
    if st.session_state.get("evaluation.split") not in splits:
        st.session_state["evaluation.split"] = "validation" if "validation" in splits else splits[0]
    return str(
        st.segmented_control(
            _("Split"), splits, format_func=split_name, key="evaluation.split", required=True, persist_state="session",
            help=_("Validation is for choosing among models; the test split is looked at once, at the very end."),
        )
    )  # fmt: skip


def agreed(dataset: Dataset, split: str) -> bool:
    """Whether to measure on this split: at once on validation, elsewhere after a word of caution and a click."""
    cautions = {
        "train": _(
            "The network has learned from these images, so it knows many of them by heart: what it gets right here "
            "says little about faces it has never seen."
        ),
        "test": _(
            "The test split is the final exam. Look at it once, at the very end: whoever chooses the model that does "
            "best on it has peeked, and the figure flatters."
        ),
    }
    if split not in cautions:
        return True
    st.info(cautions[split], icon=":material/front_hand:")
    key = f"evaluation.agreed.{dataset.root}.{split}"
    if st.button(_("Measure on it"), key="evaluation.agree", disabled=key in st.session_state, type="primary"):
        st.session_state[key] = True
        st.rerun()
    return key in st.session_state


def choose_truth(dataset: Dataset, split: str) -> Truth:
    """The switches for copies of training images and for FER+ votes."""
    voted = votes(dataset)
    with st.container(horizontal=True):
        unseen = st.toggle(
            _("Without copies of training images"), key="evaluation.unseen", persist_state="session",
            disabled=split == "train" or "train" not in dataset.splits,
            help=_(
                "FER2013 has hundreds of pictures in two splits. An exam question that was in the textbook tests "
                "nothing but memory."
            ),
        )  # fmt: skip
        by_people = voted is not None and st.toggle(
            _("FER+ majority as the truth"), key="evaluation.votes", persist_state="session",
            help=_(
                "Ten people voted on each image. Their favourite is the true class here, and images without one are "
                "left out. Much of what counts as a mistake by the folder’s name is none by theirs."
            ),
        )  # fmt: skip
    # A switch that is out of use stands as it stood.
    return Truth(unseen and split != "train" and "train" in dataset.splits, voted if by_people else None)


def face_of(dataset: Dataset, bundle: Bundle, row: int) -> np.ndarray | None:
    """The image of a row in the network's size, uint8 (H, W); the page shows its path.

    None, and the page says why, where it can't be read any more.
    """
    st.caption(plain(printable(dataset.everything.paths[row])))
    spec, part = bundle.card.input, dataset.everything.take(np.array([row]))
    try:
        return load_files(dataset.root, part, (spec.height, spec.width)).pixels[0]
    except UserError as error:
        st.error(error_text(error))
        return None


def measured(classifier: Classifier, dataset: Dataset, split: str) -> Measured | None:
    """The classifier's answers to all images of a split; None until they are there, which the page shows."""
    card = classifier.bundle.card
    try:
        outputs_of(dataset, card)
    except UserError as error:  # Nothing is broken: the two that stand chosen don't belong together.
        st.info(error_text(error), icon=":material/compare_arrows:")
        return None
    name = plain(classifier.bundle.path.name)
    return outcome(
        _key("evaluation", classifier, dataset, split),
        _("Asking {model} about every image").format(model=name),
        lambda told: _timed(classifier, dataset, split, told),
    )


def settled(found: Evaluation, classifier: Classifier, dataset: Dataset, truth: Truth) -> Evaluation | None:
    """The evaluation by the reader's switches; None until it is there, and where no image is left."""
    left: Evaluation | None = found
    if truth.unseen:
        left = outcome(
            _key("unseen", classifier, dataset, found.split),
            _("Looking for copies"),
            lambda told: without_training_copies(found, dataset, told),
        )
    if left is None or truth.votes is None:
        return left
    try:
        return by_votes(left, truth.votes)
    except UserError as error:
        st.error(error_text(error))
        return None


def _key(what: str, classifier: Classifier, dataset: Dataset, split: str) -> str:
    """The key of a job: a bundle replaced or a file changed makes another one."""
    return job_key(dataset, f"{what}:{classifier.bundle.digest}:{split}")


def _timed(classifier: Classifier, dataset: Dataset, split: str, told: Progress) -> Measured:
    begin = time.perf_counter()
    found = evaluate(classifier, dataset, split, told)
    return Measured(found, time.perf_counter() - begin)
