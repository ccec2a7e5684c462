"""What a page needs before it can show anything: the thing itself, or a sentence and the button that makes it."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st

from emotion.cnn.bundle import Bundle, default_bundle, find_bundle, scan_bundles
from emotion.cnn.card_figures import stated
from emotion.cnn.classifier import Classifier
from emotion.dataset.folder import Dataset, open_dataset
from emotion.dataset.library import folder_stamp, known_datasets, own_datasets, remember
from emotion.dataset.pixels import Images, load_images
from emotion.dataset.sample import write_sample
from emotion.dataset.splits import Split
from emotion.errors import UserError
from emotion.files import file_stamp
from emotion.homes import datasets_folder
from emotion.i18n import N_, _, error_text, plain

T = TypeVar("T")
_DATASET = "app.dataset"
PUBLISHED = "app.published"
GENDER = N_("A gender model predicts the label that the makers of the data gave a face, not a person’s gender.")


@st.cache_resource(show_spinner=False, max_entries=8)
def _open(root: str, stamp: tuple[tuple[str, int], ...]) -> Dataset:
    return open_dataset(root)


@st.cache_resource(show_spinner=False, max_entries=8)
def classifier_of(path: str, digest: str) -> Classifier:
    """The verified classifier of a bundle; its ``digest`` tells two states apart."""
    return Classifier(find_bundle(path))


def load_files(root: Path, part: Split, size: tuple[int, int]) -> Images:
    """A few images of a dataset, decoded once and again when a file changes."""
    return _load(str(root), part, size, file_stamps(root, part.paths))


@st.cache_data(show_spinner=False, max_entries=64)
def _load(root: str, part: Split, size: tuple[int, int], stamp: tuple[tuple[int, int], ...]) -> Images:
    return load_images(Path(root), part, size)


def file_stamps(root: Path, paths: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Time of change (ns) and size of files: another stamp, another content."""
    return tuple(file_stamp(root / path) for path in paths)


def choose_dataset(root: Path | str) -> Dataset:
    """Open a dataset and make it the one of this browser session; UserError for a folder that is none."""
    dataset = open_dataset(root)
    st.session_state[_DATASET] = str(dataset.root)
    remember(dataset.root)
    return dataset


def leave_dataset() -> None:
    """Let this browser session go back to the first known dataset."""
    st.session_state.pop(_DATASET, None)


def datasets() -> list[Path]:
    """The known datasets; a damaged list of the opened ones is named, and then those of the data folder are left."""
    for known in (known_datasets, own_datasets):
        try:
            return known()
        except UserError as error:
            st.warning(error_text(error))
    return []


def current_dataset(known: list[Path] | None = None) -> Dataset | None:
    """The dataset of this browser session; at first, or once its own is gone, the first known one that opens.

    None where there is none.
    """
    own = st.session_state.get(_DATASET)
    if own and not os.path.isdir(own):
        st.warning(_("{root} is not there any more, so another dataset is shown.").format(root=plain(own)))
    roots = [own, *map(str, datasets() if known is None else known)]
    for root in dict.fromkeys(roots):
        try:
            if root and os.path.isdir(root):
                dataset = _open(root, folder_stamp(Path(root)))
                st.session_state[_DATASET] = root  # It stays this session's, whatever another one opens next.
                return dataset
        except UserError as error:
            st.warning(error_text(error))
    return None


def distinct(names: Mapping[T, str], more: Callable[[T], str] = str) -> dict[T, str]:
    """``names`` of options, those that are the same told apart by what ``more`` says: a browser answers by the name."""
    times = Counter(names.values())
    return {key: name if times[name] == 1 else f"{name} ({more(key)})" for key, name in names.items()}


def title_of(dataset: Dataset) -> str:
    """A dataset's title as Markdown, in the reader's language where the title is this program's own."""
    return plain(_(dataset.title) if dataset.synthetic else dataset.title)


def need_dataset(dataset: Dataset | None) -> Dataset:
    """``dataset``, or a page that stops with the way to get one."""
    if dataset is None:
        with st.container(border=True, key="empty-dataset"):
            st.markdown(_("#### There is no dataset yet"))
            st.write(
                _(
                    "Draw the built-in practice set: 2,100 faces with seven emotions, made by a program in a few "
                    "seconds. Or open a folder of your own, at the top of the Dataset page."
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
        choose_dataset(write_sample(datasets_folder() / "practice", progress=show))
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


def choose_model(path: str) -> None:
    """Let ``ensure_model`` start with the bundle in this folder, as if the reader had picked it."""
    st.session_state["model.bundle"], st.session_state["model.published"] = path, st.session_state.get(PUBLISHED)


def ensure_model() -> Classifier:
    """The classifier of the bundle that the reader picks, or a page that stops with the way to get one."""
    found = bundles()
    if not found:
        st.info(_("There is no model yet. Train one on the Training page; it takes a few minutes."))
        st.page_link("pages/training.py", label=_("Go to training"), icon=":material/model_training:")
        st.stop()
    by_path = {str(bundle.path): bundle for bundle in found}
    published = st.session_state.get(PUBLISHED)
    # Chosen by hand it stays, from page to page, until it is gone or a training has made a new one.
    if st.session_state.get("model.bundle") not in by_path or st.session_state.get("model.published") != published:
        choose_model(str((preferred_bundle(found) or found[0]).path))
    path = st.selectbox(
        _("Model"),
        list(by_path),
        format_func=bundle_names(found, in_full=True).__getitem__,
        key="model.bundle",
        persist_state="session",
        help=_(
            "After the name: how often the model gives the label of a validation image, where that was measured. After "
            "FER+: what most taggers saw in it. For ages also how often it gives the right group or one beside it."
        ),
    )
    return open_model(by_path[path]) or st.stop()


def open_model(bundle: Bundle) -> Classifier | None:
    """The verified classifier of a bundle; None, and the page says why, where it is damaged."""
    try:
        return classifier_of(str(bundle.path), bundle.digest)
    except UserError as error:
        st.error(error_text(error))
        return None


def bundle_title(bundle: Bundle, in_full: bool = False) -> str:
    """A bundle's name with its accuracy and a mark for drawn faces.

    Of ages it is that of the right group or one beside it. ``in_full``: also the other, or that by the FER+ votes.
    """
    figures = stated(bundle.card)
    near = (_("within one age group "), figures.within_one_group)
    named = [("", bundle.card.accuracy), ("FER+ ", figures.by_votes), near]
    if not in_full:  # The right one of nine groups says little of an age.
        named = [near] if figures.within_one_group else named[:1]
    said = "".join(f" · {name}{metric.value:.1%}" for name, metric in named if metric)
    drawn = _(" · drawn faces") if bundle.card.synthetic else ""
    return f"{bundle.path.name}{said}{drawn}"


def bundle_names(found: Sequence[Bundle], in_full: bool = False) -> dict[str, str]:
    """Path → title of each bundle, no two of them alike."""
    titles = {str(bundle.path): bundle_title(bundle, in_full) for bundle in found}
    return distinct(titles, lambda path: str(Path(path).parent))
