"""What the views share: thumbnails of rows, and what a row is called."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import Votes, votes_of, votes_stamp
from emotion.dataset.library import folder_stamp
from emotion.dataset.pixels import files_key
from emotion.dataset.scan import Facts, scan
from emotion.dataset.splits import SPLITS
from emotion.dataset.thumbnails import thumbnails
from emotion.errors import UserError
from emotion.files import printable
from emotion.i18n import _, error_text
from emotion.labels import class_names, label_of
from emotion.plots.dataset import split_name
from emotion.ui.guards import file_stamps
from emotion.ui.jobs import outcome
from emotion.ui.tiles import Tile, wall

SHOWN = 72
"""Pictures on a screen."""


def job_key(dataset: Dataset, what: str) -> str:
    """The key of a job about a dataset as it is now: when a file comes, goes or changes, it is another one."""
    return f"{what}:{dataset.root}:{_state(str(dataset.root), folder_stamp(dataset.root), dataset)}"


# A change within a file is noticed after these seconds: to ask each of 300,000 files at every click takes one.
@st.cache_data(show_spinner=False, max_entries=8, ttl=10)
def _state(root: str, stamp: tuple[tuple[str, int], ...], _dataset: Dataset) -> str:
    return files_key(_dataset.root, _dataset.everything.paths)


def page_of(key: str, pages: int) -> int:
    """The page that the pager ``key`` stands on, from 1; the last one where there are no more so many."""
    page = int(st.session_state.get(key, 1))
    if page > pages:
        page = st.session_state[key] = pages
    return page


def class_name(dataset: Dataset, label: int) -> str:
    """The name of a class in the reader's language."""
    return names_by_label(dataset)[label]


def names_by_label(dataset: Dataset) -> dict[int, str]:
    """The names of all classes, no two alike: a folder of one's own may be called as an emotion is."""
    return dict(enumerate(class_names(dataset.classes)))


def class_colour(dataset: Dataset, label: int) -> str:
    """The colour of a class."""
    return label_of(dataset.classes[label], label).colour


def picture_wall(
    dataset: Dataset,
    rows: Sequence[int] | np.ndarray,
    key: str,
    side: int = 52,
    captions: Sequence[str] = (),
    groups: Sequence[int] | None = None,
    clickable: bool = True,
) -> int | None:
    """The images of ``rows`` as a wall; the row that was clicked last, or None. See ``tiles.wall``."""
    paths = tuple(dataset.everything.paths[row] for row in rows)
    pictures = thumbnails_of(dataset.root, paths)
    tiles = [
        Tile(int(row), picture, _tip(dataset, row), class_colour(dataset, dataset.everything.labels[row]), caption)
        for row, picture, caption in zip(rows, pictures, captions or [""] * len(paths), strict=True)
    ]
    return wall(tiles, key, side, clickable, groups)


def _tip(dataset: Dataset, row: int) -> str:
    label, split = dataset.everything.labels[row], SPLITS[dataset.split_of[row]]
    return f"{class_name(dataset, label)} · {split_name(split)}\n{printable(dataset.everything.paths[row])}"


def thumbnails_of(root: Path, paths: tuple[str, ...]) -> list[bytes]:
    """``thumbnails``, made once for each state of the files."""
    return _thumbnails(str(root), paths, file_stamps(root, paths))


def forget_thumbnails() -> None:
    """Let go of all of them: someone wants pictures deleted, and those are copies."""
    _thumbnails.clear()


@st.cache_data(show_spinner=False, max_entries=64)
def _thumbnails(root: str, paths: tuple[str, ...], stamps: tuple[tuple[int, int], ...]) -> list[bytes]:
    return thumbnails(Path(root), paths)


def facts_of(dataset: Dataset) -> Facts | None:
    """Brightness, contrast, sharpness and more of every image; None until they are measured, which shows a bar."""
    return outcome(job_key(dataset, "facts"), _("Looking at every image"), lambda told: scan(dataset, told))


def votes(dataset: Dataset) -> Votes | None:
    """The FER+ votes attached to a dataset, if any; a damaged copy is named."""
    try:
        return _votes(job_key(dataset, "votes"), votes_stamp(dataset), dataset)
    except UserError as error:
        st.warning(error_text(error))
        return None


@st.cache_resource(show_spinner=False, max_entries=4)
def _votes(key: str, stamp: int, _dataset: Dataset) -> Votes | None:
    return votes_of(_dataset)
