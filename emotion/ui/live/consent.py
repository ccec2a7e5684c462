"""Whose images are kept, where, and whether that person agrees; and all of it gone at a click."""

from collections.abc import Callable

import streamlit as st

from emotion.dataset.collect import Collection, collections
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.ui.dataset.common import forget_thumbnails
from emotion.ui.live.shots import attempt

_NEW = ""  # Not None: a select box takes that as "nothing chosen yet".


def choose_collection(key: str, default: str, only: frozenset[str] | None = None) -> Collection | None:
    """The dataset of one's own that the reader picks or names; None until its person has agreed.

    ``key`` is the start of the widgets' keys, ``default`` the name of the first one; ``only`` leaves out those with
    other classes than these.
    """
    names = [name for name in collections() if only is None or only >= Collection(name).counts().keys()]
    names.append(_NEW)
    if st.session_state.get(key) not in names:
        st.session_state[key] = default if default in names else _NEW
    left, right = st.columns(2, vertical_alignment="bottom")
    titles = {name: name or _("a new one") for name in names}
    chosen = left.selectbox(
        _("My dataset"), names, format_func=titles.__getitem__, key=key, persist_state="session",
        help=_("The faces that you collect become a dataset like any other: the Dataset page opens it too."),
    )  # fmt: skip
    if chosen == _NEW:
        st.session_state.setdefault(f"{key}.name", default)
        chosen = right.text_input(_("Its name"), key=f"{key}.name", persist_state="session", max_chars=40)
    try:
        collection = Collection(str(chosen))
    except UserError as error:
        st.error(error_text(error))
        return None
    return collection if _agreed(collection, key) else None


def _agreed(collection: Collection, key: str) -> bool:
    """The box to tick before anything is kept, and where that would be."""
    given = collection.consent is not None
    tick = f"{key}.consent.{collection.root.name}"
    st.session_state[tick] = given
    st.checkbox(
        _("The person in the pictures agrees that they are kept on this computer."), key=tick, disabled=given,
        on_change=attempt, args=(_agree, collection, key),
        help=_("Without the tick nothing is kept. To take it back, press “Delete all”."),
    )  # fmt: skip
    text = _("Kept in {folder}") if given else _("They would be kept in {folder}")
    st.caption(f":material/folder: {text.format(folder=plain(str(collection.root)))}")
    return given


def _agree(collection: Collection, key: str) -> None:
    collection.agree()
    st.session_state[key] = collection.root.name


def delete_button(collection: Collection, key: str, leave: Callable[[], None]) -> None:
    """Delete the images, the consent and the dataset, once that is confirmed; ``leave`` ends what adds more to it."""
    with st.popover(_("Delete all"), icon=":material/delete_forever:"):
        text = _(
            "Delete all {n} images of “{name}” from this computer? A model fitted on them holds no picture: it stays."
        )
        st.write(text.format(n=sum(collection.counts().values()), name=plain(collection.root.name)))
        st.button(
            _("Yes, delete them all"), key=f"{key}.delete", type="primary", on_click=attempt,
            args=(_delete, collection, key, leave),
        )  # fmt: skip


def _delete(collection: Collection, key: str, leave: Callable[[], None]) -> None:
    leave()
    collection.delete_all()
    forget_thumbnails()
    for old in [each for each in st.session_state if str(each).startswith(f"{key}.")]:
        del st.session_state[old]
    st.toast(_("The images of “{name}” are deleted.").format(name=plain(collection.root.name)))
