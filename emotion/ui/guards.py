"""What a page needs before it can show anything: the thing itself, or a sentence and the button that makes it."""

from pathlib import Path

import streamlit as st

from emotion.cnn.bundle import Bundle, default_bundle, find_bundle, scan_bundles
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import Dataset, Images, Split, load_images, open_dataset
from emotion.dataset.library import folder_stamp, known_datasets, remember
from emotion.dataset.sample import write_sample
from emotion.errors import UserError
from emotion.homes import datasets_folder
from emotion.i18n import _, error_text

_DATASET = "app.dataset"
PUBLISHED = "app.published"


@st.cache_resource(show_spinner=False, max_entries=8)
def _open(root: str, stamp: tuple[tuple[str, int], ...]) -> Dataset:
    return open_dataset(root)


@st.cache_resource(show_spinner=False, max_entries=8)
def classifier_of(path: str, created: str) -> Classifier:
    """The verified classifier of a bundle; ``created`` tells two states of one folder apart."""
    return Classifier(find_bundle(path))


@st.cache_data(show_spinner=False, max_entries=64)
def load_files(root: str, part: Split, size: tuple[int, int]) -> Images:
    """A few images of a dataset, decoded once."""
    return load_images(Path(root), part, size)


def choose_dataset(root: Path | str) -> Dataset:
    """Open a dataset and make it the one of this browser session; UserError for a folder that is none."""
    dataset = open_dataset(root)
    remember(dataset.root)
    st.session_state[_DATASET] = str(dataset.root)
    return dataset


def current_dataset() -> Dataset | None:
    """The dataset of this browser session, else the first known one; None where there is none."""
    for root in [st.session_state.get(_DATASET), *known_datasets()]:
        try:
            if root and Path(root).is_dir():
                return _open(str(root), folder_stamp(Path(root)))
        except UserError as error:
            st.warning(error_text(error))
    return None


def ensure_dataset() -> Dataset:
    """The current dataset, or a page that stops with the way to get one."""
    dataset = current_dataset()
    if dataset is None:
        with st.container(border=True, key="empty-dataset"):
            st.markdown(_("#### There is no dataset yet"))
            st.write(
                _(
                    "Draw the built-in practice set: 2,100 faces with seven emotions, made by a program in a few "
                    "seconds. Or open a folder of your own on the Dataset page."
                )
            )
            if sample_button("guard.sample"):
                st.rerun()
        st.stop()
    if dataset.synthetic:
        st.caption(
            _(
                ":material/draw: These faces are drawn by a program, not photographed: good for practice, not for "
                "real faces."
            )
        )
    return dataset


def sample_button(key: str) -> bool:
    """A button that draws the sample set with a progress bar; True when it has just been drawn."""
    if not st.button(_("Draw the practice set"), key=key, type="primary", icon=":material/draw:"):
        return False
    bar = st.progress(0.0)

    def show(done: int, total: int) -> None:
        bar.progress(done / total, f"{done:,} / {total:,}")

    try:
        choose_dataset(write_sample(datasets_folder() / "sample", progress=show))
    except UserError as error:
        st.error(error_text(error))
        return False
    return True


def bundles() -> list[Bundle]:
    """All bundles that can be chosen; a damaged one is named in a warning."""
    found, problems = scan_bundles()
    for problem in problems:
        st.warning(error_text(problem))
    return found


def preferred_bundle(found: list[Bundle]) -> Bundle | None:
    """The bundle preselected in this session: the one just published, else the best that ships."""
    fresh = [bundle for bundle in found if bundle.path.name == st.session_state.get(PUBLISHED)]
    return fresh[0] if fresh else default_bundle(found)


def ensure_model() -> Classifier:
    """The classifier of the bundle that the reader picks, or a page that stops with the way to get one."""
    found = bundles()
    if not found:
        st.info(_("There is no model yet. Train one on the Training page; it takes a few minutes."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
        st.stop()
    preferred = preferred_bundle(found)
    chosen = st.selectbox(
        _("Model"),
        found,
        index=found.index(preferred) if preferred else 0,
        format_func=bundle_title,
        key="model.bundle",
    )
    try:
        return classifier_of(str(chosen.path), chosen.card.created)
    except UserError as error:
        st.error(error_text(error))
        st.stop()


def bundle_title(bundle: Bundle) -> str:
    """A bundle's name with its accuracy, and a mark for drawn faces."""
    accuracy = next((f" · {metric.value:.1%}" for metric in bundle.card.metrics if metric.name == "accuracy"), "")
    drawn = _(" · drawn faces") if bundle.card.synthetic else ""
    return f"{bundle.path.name}{accuracy}{drawn}"
