"""Datasets on Kaggle by their handle, downloaded by kagglehub in a process that can be ended at any moment."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.fer_csv import TERMS
from emotion.dataset.importers.making import files_below, finished, new_dataset_folder, paced
from emotion.dataset.importers.tree import lay_out, plan_tree
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.i18n import N_
from emotion.jobs import Progress

_HANDLE = re.compile(r"[\w-]+/(?!\.)[\w.-]+(/versions/\d+)?", re.ASCII)
_POLL = 0.1
_PATIENCE = 60.0  # Seconds without a byte: kagglehub itself would wait for ever.
_SETTINGS = {
    "PYTHONUTF8": "1",  # Whatever the system's code page: paths may hold Hangul.
    "KAGGLEHUB_VERBOSITY": "error",
    "TQDM_BAR_FORMAT": "{n}/{total}",
    # On Kaggle and Colab the files would else lie in a folder of theirs that can't be moved.
    "DISABLE_KAGGLE_CACHE": "true",
    "DISABLE_COLAB_CACHE": "true",
}
"""What kagglehub and its progress bar read from the environment."""


@dataclass(frozen=True)
class KaggleSet:
    """A dataset offered by name: its ``handle``, ``title``, what it is (``about``) and the ``terms`` of use."""

    handle: str
    title: str
    about: str
    terms: str


KNOWN = (
    KaggleSet(
        "jonathanoheix/face-expression-recognition-dataset",
        N_("Face expression recognition"),
        N_("FER2013 as folders train and validation with seven classes, like the course’s, but split anew."),
        TERMS,
    ),
    KaggleSet(
        "msambare/fer2013",
        N_("FER2013"),
        N_("FER2013 as folders train and test with seven classes; test is PublicTest and PrivateTest in one."),
        TERMS,
    ),
)


def fetch_kaggle(handle: str, destination: Path, progress: Progress | None = None) -> Dataset:
    """Download the dataset ``handle``, ``owner/name``, from Kaggle to ``destination``.

    The tree of splits and classes is looked for in all of the download. ``progress`` is told (bytes, bytes in all),
    (0, 0) as long as nothing has come, and then (files, files in all) as they are put in place. kagglehub reads whom to
    sign in as from where it always does; its cache is not used. Raises UserError for a handle that is none, where
    Kaggle can't be reached, refuses, does not have the dataset or sends a part of it, and for a ``destination`` that
    exists or can't be written.
    """
    if not _HANDLE.fullmatch(handle):
        raise UserError(
            "“{handle}” is no dataset on Kaggle. Expected owner/name, for example {example}.",
            handle=handle,
            example=KNOWN[-1].handle,
        )
    known = next((one for one in KNOWN if one.handle == handle), None)
    about = {"title": known.title, "terms": known.terms} if known else {"title": destination.name}
    with new_dataset_folder(destination) as folder:
        work = folder / ".download"
        work.mkdir()
        download = _download(handle, work, paced(progress))
        names = list(files_below(download))
        tree = plan_tree(names, handle)
        lay_out(tree, folder, lambda position, path: os.replace(download / names[position], path), paced(progress))
        shutil.rmtree(work)
        return finished(folder, destination, handle, about, tree.left_out)


def _download(handle: str, work: Path, tell: Progress) -> Path:
    """The folder below ``work`` into which a process of its own has put the files of ``handle``."""
    with (work / "log").open("wb") as log, (work / "answer").open("wb") as answer:
        child = subprocess.Popen(
            [sys.executable, "-m", "emotion.dataset.importers.kaggle_process", handle],
            cwd=REPOSITORY,
            env={**os.environ, **_SETTINGS, "KAGGLEHUB_CACHE": str(work / "cache")},
            stdin=subprocess.PIPE,  # Closes when this process ends, however it ends; then the child ends too.
            stdout=answer,
            stderr=log,
        )
    with child:
        try:
            _watch(child, work / "log", tell)
        finally:
            child.kill()
    return _answer(handle, child.returncode, work)


def _watch(child: subprocess.Popen[bytes], log: Path, tell: Progress) -> None:
    before, since = (-1, -1), 0.0
    while child.poll() is None:
        done, total = _so_far(log)
        if (done, total) != before:
            before, since = (done, total), time.monotonic()
        # Once all bytes are there they are unpacked, which may take long.
        if time.monotonic() - since > _PATIENCE and (done < total or not total):
            raise _offline()
        tell(done, total)
        time.sleep(_POLL)


def _offline() -> UserError:
    return UserError("Kaggle can't be reached, or the connection broke. Check the network and try again.")


def _so_far(log: Path) -> tuple[int, int]:
    """The last "bytes/bytes in all" in the log."""
    found = re.findall(rb"(\d+)/(\d+)", log.read_bytes()[-200:])
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def _answer(handle: str, code: int, work: Path) -> Path:
    *_, line = (work / "answer").read_text(encoding="utf-8").splitlines() or [""]
    answer = json.loads(line) if code == 0 else {"problem": "other"}
    match answer.get("problem"):
        case "offline":
            raise _offline()
        case "refused":
            raise UserError(
                "Kaggle refuses {handle}: it is private, asks for your consent first, or does not exist. Look at its "
                "page on Kaggle, and create an API token there for kagglehub to sign in with.",
                handle=handle,
            )
        case "missing":
            raise UserError("Kaggle has no dataset {handle}. Check the handle on the dataset's page.", handle=handle)
        case "damaged":
            raise UserError("{handle} came from Kaggle incomplete or damaged. Try again.", handle=handle)
        case "other":
            *_, reason = (work / "log").read_text(encoding="utf-8", errors="replace").split("\n")[:-1] or ["?"]
            raise UserError(
                "The download of {handle} from Kaggle failed ({reason}). Try again later.", handle=handle, reason=reason
            )
    return Path(answer["path"])
