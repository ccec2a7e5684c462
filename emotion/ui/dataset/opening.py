"""The ways to a dataset: a folder, a file, Kaggle, the practice set; and the FER+ votes that go with one."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import streamlit as st

from emotion import jobs
from emotion.dataset.folder import Dataset, clean_path
from emotion.dataset.importers import free_name, import_any, needs_import
from emotion.dataset.importers.kaggle import KNOWN, fetch_kaggle
from emotion.dataset.importers.votes import attach_votes, detach_votes
from emotion.dataset.library import delete, forget, is_own
from emotion.errors import UserError
from emotion.homes import datasets_folder
from emotion.i18n import _, error_text, plain
from emotion.jobs import Progress
from emotion.ui.dataset.common import votes
from emotion.ui.guards import choose_dataset, distinct, leave_dataset, sample_button, title_of
from emotion.ui.jobs import bar
from emotion.ui.popover import popover, shut

_IMPORT, _OWN = "import:", "dataset.imports"
_PATIENCE = 5.0
"""Seconds that an ended import waits for its own session; one that was reloaded never asks again."""
Imported = tuple[Dataset, ...]


def show(known: list[Path], current: Dataset | None) -> None:
    """The box with all ways, the imports under way, and what came of the last one."""
    label = _("Open a dataset") if current is None else _("Open or change the dataset")
    with st.expander(label, icon=":material/folder_open:", expanded=current is None):
        ways: dict[str, tuple[str, Callable[[], None]]] = {
            "folder": (_("On this computer"), lambda: _folder(known, current)),
            "file": (_("Zip or CSV"), _file),
            "kaggle": ("Kaggle", _kaggle),
            "votes": (_("FER+ votes"), lambda: _votes(current)),
            "practice": (_("Practice set"), _practice),
        }
        way = st.segmented_control(
            _("From where"),
            list(ways),
            default="folder",
            format_func=lambda key: ways[key][0],
            key="dataset.way",
            label_visibility="collapsed",
            required=True,
        )
        ways[way][1]()
    for job in jobs.find(_IMPORT):
        _watch(job)
    if problem := st.session_state.pop("dataset.problem", None):
        st.error(error_text(problem))
    if message := st.session_state.pop("dataset.message", None):
        st.success(message, icon=":material/check_circle:")


def _attempt(act: Callable[[], object]) -> None:
    """Do what a click asked for, or keep what is wrong with it for the page to say."""
    try:
        act()
    except UserError as error:
        st.session_state["dataset.problem"] = error


def _folder(known: list[Path], current: Dataset | None) -> None:
    if current and current.root in known:
        st.session_state["dataset.known"] = current.root
        names = distinct({path: path.name for path in known}, lambda path: str(path.parent))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                _("Known datasets"),
                known,
                format_func=names.__getitem__,
                key="dataset.known",
                on_change=lambda: _attempt(lambda: choose_dataset(st.session_state["dataset.known"])),
            )
            _remove(current.root)
    with st.form("dataset.form", border=False):  # A form, so that Enter opens too.
        st.text_input(
            _("Folder or file on this computer"),
            placeholder=_("for example C:\\Users\\me\\fer2013"),
            help=_(
                "Expected: train/<class>/*.png with validation/ and test/ beside it, or class folders alone. Also a "
                "zip of these, fer2013.csv, or a folder of UTKFace files."
            ),
            key="dataset.path",
        )
        st.form_submit_button(_("Open"), key="dataset.open", on_click=lambda: _attempt(_open_typed))


def _open_typed() -> None:
    """Open what stands in the box at the moment of the click, or begin to import it."""
    typed = st.session_state["dataset.path"]
    if not typed.strip():
        raise UserError("The box is empty. Write or paste the path of a folder or file, then press Open.")
    path = clean_path(typed)
    if needs_import(path):
        begin_import(path.stem, lambda name, told: import_any(path, name, datasets_folder(), told))
    else:
        choose_dataset(path)


def _remove(root: Path) -> None:
    """Take a dataset off the list; one in the app's own folder is deleted, once that is confirmed."""
    if not is_own(root):
        st.button(
            _("Forget"),
            key="dataset.forget",
            icon=":material/close:",
            help=_("Take it off this list. Its files stay where they are."),
            on_click=lambda: _attempt(lambda: _leave(root, forget, _("“{name}” is off the list."))),
        )
        return
    with popover(_("Delete"), "dataset.deleting", icon=":material/delete:"):
        st.write(_("Delete “{name}” with all its images from this computer?").format(name=plain(root.name)))
        st.button(
            _("Yes, delete it"),
            key="dataset.delete",
            type="primary",
            on_click=lambda: _attempt(lambda: _leave(root, delete, _("“{name}” is deleted."))),
        )


def _leave(root: Path, drop: Callable[[Path], None], message: str) -> None:
    shut("dataset.deleting")
    drop(root)
    leave_dataset()
    st.session_state["dataset.message"] = message.format(name=plain(root.name))


def _file() -> None:
    st.caption(
        _("A zip of image folders or of UTKFace files, or FER2013 as Kaggle’s CSV (fer2013.csv, icml_face_data.csv).")
    )
    edition = st.session_state.setdefault("dataset.edition", 0)
    file = st.file_uploader(
        _("Zip or CSV"), ["zip", "csv"], key=f"dataset.upload.{edition}", label_visibility="collapsed"
    )
    if file is None:
        return
    # What was taken in is not offered again: a box of a new key is empty.
    st.session_state["dataset.edition"] += 1
    begin_import(Path(file.name).stem, lambda name, told: import_any(file, name, datasets_folder(), told))
    st.rerun()


def _kaggle() -> None:
    sets = {one.handle: one for one in KNOWN}
    titles = {handle: _(one.title) for handle, one in sets.items()}
    handle = st.selectbox(
        _("Dataset on Kaggle"),
        [*sets, ""],
        format_func=lambda handle: f"{titles[handle]} · {handle}" if handle else _("another one"),
        key="dataset.kaggle",
    )
    if handle:
        st.caption(_(sets[handle].about))
    else:
        handle = st.text_input(_("Handle"), placeholder="owner/dataset", key="dataset.handle").strip()
    st.caption(_("Kaggle may want you to sign in and to accept the dataset’s terms on its site first."))
    if st.button(_("Download"), key="dataset.fetch", icon=":material/download:", disabled=not handle):
        handle = "/".join(handle.rstrip("/").split("/")[-2:])  # The page's address ends in the handle.
        name = handle.split("/")[-1]
        begin_import(name, lambda name, told: (fetch_kaggle(handle, datasets_folder() / name, told),))
        st.rerun()


def _votes(current: Dataset | None) -> None:
    st.caption(
        _(
            "FER+ (Microsoft, 2016): ten people looked at every FER2013 image and voted. The votes show where a label "
            "is doubtful, and a network can learn from them. The dataset’s own files stay as they are."
        )
    )
    if current is None:
        st.info(_("Open FER2013 first."))
        return
    if (voted := votes(current)) is not None:
        text = _("Votes are attached to {n} of {all} images of “{name}”.")
        st.success(
            text.format(name=title_of(current), n=f"{voted.found.sum():,}", all=f"{len(voted.found):,}"),
            icon=":material/how_to_vote:",
        )
        st.button(_("Detach"), key="dataset.detach", on_click=lambda: _attempt(lambda: detach_votes(current.root)))
    edition = st.session_state.setdefault("dataset.edition", 0)
    file = st.file_uploader(
        _("fer2013new.csv, or a csv with the column “file”"), ["csv"], key=f"dataset.ballot.{edition}"
    )
    if file is not None:
        st.session_state["dataset.edition"] += 1
        _attempt(lambda: attach_votes(current, file))
        st.rerun()


def _practice() -> None:
    st.caption(_("2,100 faces with seven emotions, drawn by this program in a few seconds."))
    if sample_button("dataset.sample"):
        st.rerun()


def begin_import(wanted: str, work: Callable[[str, Progress], Imported]) -> None:
    """Start an import in the background, under a name of its own; the session that asked for it opens what comes."""
    under_way = {_name_of(job) for job in jobs.find(_IMPORT) if job.active}
    name = free_name(datasets_folder(), wanted, under_way)
    job = jobs.start(f"{_IMPORT}{uuid4().hex}:{name}", lambda told: work(name, told))
    st.session_state[_OWN] = {*st.session_state.get(_OWN, ()), job.key}


def _name_of(job: jobs.Job) -> str:
    return job.key.split(":", 2)[2]


def _watch(job: jobs.Job) -> None:
    """The bar of an import, or what came of it: said in the session that began it, or if that is gone, in the next."""
    if job.active:
        bar(job, _("Importing {name}").format(name=plain(_name_of(job))))
        return
    mine = job.key in st.session_state.get(_OWN, ())
    if not mine and job.ended_for < _PATIENCE:
        return
    jobs.forget(job)
    if job.error:
        st.error(error_text(job.error))
    elif job.cancelled:
        st.info(_("Cancelled. Nothing was changed."))
    elif mine:
        _attempt(lambda: _adopt(job.result))
        st.rerun()


def _adopt(imported: Imported) -> None:
    for dataset in reversed(imported):  # The first one ends up first on the list, and current.
        choose_dataset(dataset.root)
    images = sum(len(part.paths) for part in imported[0].splits.values())
    left_out = len(imported[0].left_out)
    text = _("New: {names} · {n} images, {left} files left out.") if left_out else _("New: {names} · {n} images.")
    names = ", ".join(plain(dataset.name) for dataset in imported)
    st.session_state["dataset.message"] = text.format(names=names, n=f"{images:,}", left=f"{left_out:,}")
