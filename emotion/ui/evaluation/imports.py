"""Import: a bundle from another computer, or the course's own old files."""

import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath
from uuid import uuid4

import streamlit as st

from emotion import jobs
from emotion.cnn.bundle import Bundle
from emotion.cnn.elsewhere import import_elsewhere
from emotion.cnn.formats import SCALINGS, insist_on_names
from emotion.cnn.importing import import_bundle_zip
from emotion.cnn.whole_model import SUFFIXES
from emotion.dataset.importers.tree import fit_name
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.jobs import Progress
from emotion.ui.evaluation.order import arrange
from emotion.ui.guards import PUBLISHED
from emotion.ui.jobs import bar

_JOB, _DONE, _CLASSES = "evaluation.import.job", "evaluation.import.done", "evaluation.import.with"
_MEGABYTES = 200


def show() -> None:
    """The whole view."""
    st.subheader(_("Import"))
    st.caption(_("A model from another computer, or what the course’s own program saved."))
    ways: dict[str, tuple[str, Callable[[], None]]] = {
        "zip": (_("Bundle zip"), _zip),
        "files": (_("Files of Keras"), _files),
    }
    way = st.segmented_control(
        _("From what"), list(ways), default="zip", format_func=lambda key: ways[key][0], key="evaluation.import.way",
        label_visibility="collapsed", required=True, persist_state="session", on_change=_forget,
    )  # fmt: skip
    ways[str(way)][1]()
    _watch()


def _edition() -> int:
    """Boxes get new keys, and are empty, once their files have been taken in."""
    return int(st.session_state.setdefault("evaluation.import.edition", 0))


def _zip() -> None:
    file = st.file_uploader(
        _("The zip of a bundle, as “Export” makes it"), ["zip"], key=f"evaluation.import.zip.{_edition()}",
        max_upload_size=_MEGABYTES, on_change=_forget,
    )  # fmt: skip
    if _pressed(file is not None) and file is not None:
        _begin(lambda told: import_bundle_zip(file))


def _files() -> None:
    files = st.file_uploader(
        _("The network (.json) and its weights (.h5), or all in one file (.keras, .h5)"),
        ["json", "h5", "hdf5", "keras"], accept_multiple_files=True,
        key=f"evaluation.import.files.{_edition()}", max_upload_size=_MEGABYTES, on_change=_forget,
        help=_("Of Keras 2 or 3: model.json from to_json; the .h5 from save_weights (in Keras 3 .weights.h5) or save."),
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(_("**Which output means what?** The files do not say; the order of training does."))
        classes = arrange()
    with right:
        st.markdown(_("**What did the program do with the gray values first?**"))
        scaling = _scaling()
    name = right.text_input(_("Name"), placeholder=_("as the weights’ file"), key="evaluation.import.name",
                            persist_state="session")  # fmt: skip
    if classes != st.session_state.get(_CLASSES):  # What was said of other names is settled.
        _forget()
        st.session_state[_CLASSES] = classes
    try:
        insist_on_names(classes)
    except UserError as error:
        st.error(error_text(error))
        files = []
    if not _pressed(bool(files)):
        return
    try:
        given = [(file.name, file.getvalue()) for file in _in_order(files)]
    except UserError as error:
        st.error(error_text(error))
        return
    _begin(lambda told: _translate(given, classes, scaling, name.strip(), told))


def _scaling() -> str:
    examples = {SCALINGS[0]: _("divided by 255"), SCALINGS[1]: _("nothing, 0 to 255")}
    code = {SCALINGS[0]: "x = image / 255.0   # ImageDataGenerator(rescale=1./255)", SCALINGS[1]: "x = image"}
    scaling = st.segmented_control(
        _("Scaling"), list(examples), default=SCALINGS[0], format_func=examples.__getitem__,
        key="evaluation.import.scaling", label_visibility="collapsed", required=True, persist_state="session",
    )  # fmt: skip
    st.code(code[str(scaling)], language="python")
    return str(scaling)


def _in_order(files: list) -> list:
    """The network's file and the weights' file, by their endings; or the one that holds both."""
    if len(files) == 1 and PurePath(files[0].name).suffix.lower() in SUFFIXES:
        return files
    networks = [file for file in files if file.name.lower().endswith(".json")]
    weights = [file for file in files if not file.name.lower().endswith(".json")]
    if len(networks) != 1 or len(weights) != 1:
        raise UserError(
            "Expected two files, one .json and one .h5, or one .keras; found {found}.",
            found=", ".join(file.name for file in files),
        )
    return [networks[0], weights[0]]


def _translate(given: list[tuple[str, bytes]], classes: list[str], scaling: str, name: str, told: Progress) -> Bundle:
    with tempfile.TemporaryDirectory() as folder:
        paths: list[Path] = []
        for file, data in given:
            # Errors speak of the file by this name; a browser may send any, and Windows parts it at other signs.
            paths.append(Path(folder) / fit_name(PurePath(file).stem, PurePath(file).suffix))
            paths[-1].write_bytes(data)
        weights = paths[1] if len(paths) > 1 else None
        return import_elsewhere(paths[0], weights, classes, scaling, name, progress=told)


def _pressed(ready: bool) -> bool:
    job = jobs.get(st.session_state.get(_JOB, ""))
    return st.button(
        _("Import"), key="evaluation.import", type="primary", icon=":material/upload:",
        disabled=not ready or bool(job and job.active), on_click=_forget,
    )  # fmt: skip


def _begin(work: Callable[[Progress], Bundle]) -> None:
    st.session_state.pop(_DONE, None)
    job = jobs.start(f"import-model:{uuid4().hex}", work)
    st.session_state[_JOB] = job.key


def _forget() -> None:
    """What became of the last import has been read, where it came to nothing, once the reader goes on."""
    job = jobs.get(st.session_state.get(_JOB, ""))
    if job and (job.error or job.cancelled):
        jobs.forget(job)


def _watch() -> None:
    """The bar of the import, and what came of it."""
    job = jobs.get(st.session_state.get(_JOB, ""))
    if job and job.active:
        job.wait(0.5)
    if job and job.active:
        bar(job, _("Translating, loading and checking"))
    elif job and job.error:
        st.error(error_text(job.error))
    elif job and job.cancelled:
        st.info(_("Cancelled. Nothing was changed."))
    elif job:
        jobs.forget(job)
        name = st.session_state[PUBLISHED] = job.result.path.name
        st.session_state[_DONE] = name, st.session_state["evaluation.import.way"]
        st.session_state["evaluation.import.edition"] = _edition() + 1
        st.rerun()
    if done := st.session_state.get(_DONE):
        _arrived(*done)


def _arrived(name: str, way: str) -> None:
    """Where to go with the new model, which is preselected everywhere from now on."""
    text = _("“{name}” is here and chosen. Measure it first: a wrong order of classes shows at once.")
    if way == "zip":  # A bundle knows its order.
        text = _("“{name}” is here and chosen.")
    st.success(text.format(name=plain(name)), icon=":material/check_circle:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_("Measure it"), key="evaluation.import.measure", icon=":material/grading:", on_click=_measure)
        st.page_link("pages/live.py", label=_("Use it live"), icon=":material/videocam:")


def _measure() -> None:
    st.session_state["evaluation.view"] = "measure"
