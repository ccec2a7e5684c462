"""The box that picks one of the known datasets."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from emotion.dataset.folder import Dataset
from emotion.errors import UserError
from emotion.i18n import _, error_text
from emotion.ui.guards import choose_dataset, distinct


def dataset_box(page: str, dataset: Dataset, known: Sequence[Path], help: str | None = None) -> None:
    """The box of a page, set to ``dataset``; another choice becomes the session's, or the page says why not."""
    key, problem = f"{page}.dataset", f"{page}.dataset_problem"
    roots = list(dict.fromkeys([*known, dataset.root]))
    names = distinct({root: root.name for root in roots}, lambda root: str(root.parent))
    st.session_state[key] = dataset.root
    st.selectbox(
        _("Dataset"), roots, format_func=names.__getitem__, key=key, on_change=_change, args=(key, problem), help=help
    )
    if error := st.session_state.pop(problem, None):
        st.error(error_text(error))


def _change(key: str, problem: str) -> None:
    try:
        choose_dataset(st.session_state[key])
    except UserError as error:
        st.session_state[problem] = error
