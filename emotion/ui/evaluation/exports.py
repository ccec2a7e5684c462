"""Export: a bundle in other programs' formats, each file loaded again and compared, in one zip."""

import time
from pathlib import Path

import streamlit as st

from emotion import jobs
from emotion.cnn.bundle import CARD, Bundle, scan_bundles
from emotion.cnn.elsewhere import export_elsewhere
from emotion.cnn.formats import FORMATS, NETWORK_OF_H5, Proof
from emotion.cnn.usage import code
from emotion.files import writing
from emotion.homes import cache_folder
from emotion.i18n import _, decimal
from emotion.jobs import Progress
from emotion.ui.guards import ensure_model
from emotion.ui.jobs import outcome
from emotion.ui.table import data_table

_KEPT_SECONDS = 3600
_NAMES = {
    "keras": "Keras",
    "h5": "model.json + .h5",
    "tflite": "TFLite",
    "tflite-dynamic": "TFLite 8 bit",
    "onnx": "ONNX",
}
Exported = tuple[Path, tuple[Proof, ...]]


def show() -> None:
    """The whole view."""
    st.subheader(_("Export"))
    if not scan_bundles()[0]:  # The page goes on: a model may be imported.
        st.info(_("There is no model yet. Train one on the Training page; it takes a few minutes."))
        return
    st.caption(
        _(
            "Take the network with you: to a phone, to another program, or to hand in. Each file is loaded again and "
            "asked about 256 drawn faces; how far its answers lie from the original’s is the proof."
        )
    )
    bundle = ensure_model().bundle
    formats = _choose()
    key = f"export:{bundle.path}:{bundle.digest}:{','.join(formats)}"
    begin = st.button(
        _("Export and prove"), key="evaluation.export", type="primary", icon=":material/deployed_code:",
        disabled=not formats,
    )  # fmt: skip
    if not formats:
        st.caption(_("Choose one format at least."))
    job = jobs.get(key)
    if begin and job and job.result and not job.result[0].exists():
        jobs.forget(job)
    done = outcome(
        key, _("Exporting and checking"), lambda told: _export(bundle, formats, told), begin and bool(formats)
    )
    if done is not None:
        _result(bundle, *done)


def _choose() -> list[str]:
    """The formats that are ticked, in order."""
    chosen = []
    for key, one in FORMATS.items():
        file = f"{NETWORK_OF_H5} + {one.file}" if key == "h5" else one.file
        label = " · ".join([f"**{_NAMES[key]}**", f"`{file}`", _(one.purpose)])
        if st.checkbox(label, value=True, key=f"evaluation.export.{key}", persist_state="session"):
            chosen.append(key)
    return chosen


def _export(bundle: Bundle, formats: list[str], told: Progress) -> Exported:
    """The zip, among what may be deleted at any time, and its proofs; zips of an hour ago make room."""
    folder = cache_folder() / "exports"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                old.unlink(missing_ok=True)
    file = folder / f"{bundle.path.name}-{time.time_ns()}.zip"
    return file, export_elsewhere(bundle, file, formats, told)


def _result(bundle: Bundle, file: Path, proofs: tuple[Proof, ...]) -> None:
    """The proofs as a table, and the zip to download."""
    worst = max(proof.largest_difference for proof in proofs)
    st.success(
        _(
            "Every file was loaded again. On {n} faces no probability differs by more than {worst} percentage points."
        ).format(n=proofs[0].n, worst=decimal(100 * worst, 2)),
        icon=":material/verified:",
    )
    _table(proofs)
    if not file.exists():
        st.info(_("The zip has been cleared away by now. Export again."))
        return
    st.download_button(
        _("Download all as a zip"), file.read_bytes, f"{bundle.path.name}.zip", "application/zip",
        key="evaluation.export.zip", icon=":material/download:", type="primary", on_click="ignore",
        help=_("The bundle with its {card}, every exported file, and the proofs.").format(card=CARD),
    )  # fmt: skip
    st.caption(_("“Import” takes this zip in on another computer."))
    with st.expander(_("Use it in a program of your own"), icon=":material/code:"):
        for tab, proof in zip(st.tabs([_NAMES[proof.format] for proof in proofs]), proofs, strict=True):
            tab.code(code(bundle.card, proof.format), language="python")


def _table(proofs: tuple[Proof, ...]) -> None:
    data_table(
        {
            _("Format"): [_NAMES[proof.format] for proof in proofs],
            _("File"): [proof.file for proof in proofs],
            _("Size"): [f"{proof.bytes / 2**20:.1f} MB" for proof in proofs],
            # In percentage points, as the sentence above says; the column is narrow.
            _("Largest difference"): [
                _("{points} pp").format(points=decimal(100 * proof.largest_difference, 2)) for proof in proofs
            ],
        },
        hide_index=True,
        width="stretch",
    )
    st.caption(
        _(
            "Some rounding is natural: with 8-bit weights the file is a quarter of the size, and an answer may move by "
            "a few percentage points."
        )
    )
