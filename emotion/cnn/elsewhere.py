"""Long work that needs Keras, in a process of its own that can be cancelled: for the pages, which never load Keras.

Short questions go to the helper process that stays: ``emotion.cnn.service``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.formats import FORMATS, SCALINGS, Proof
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.jobs import Progress, how_far, without_progress
from emotion.memory import SHARED_HEAPS

_POLL_SECONDS = 0.2


def export_elsewhere(
    bundle: Bundle, destination: Path, formats: Sequence[str] = tuple(FORMATS), progress: Progress | None = None
) -> tuple[Proof, ...]:
    """``export.export_zip`` as ``ask`` does it; half a minute."""
    named = [part for format in formats for part in ("--format", format)]
    rows = ask("export", str(bundle.path), "--out", str(destination), *named, progress=progress)
    return tuple(Proof(**row) for row in rows)


def import_elsewhere(
    network: Path,
    weights: Path | None,
    classes: Sequence[str],
    scaling: str = SCALINGS[0],
    name: str = "",
    progress: Progress | None = None,
) -> Bundle:
    """``model_files.import_model_files`` as ``ask`` does it."""
    said = {"--classes": ",".join(classes), "--scaling": scaling, "--name": name}
    options = [f"{option}={value}" for option, value in said.items()]
    card = ask("import-model", *options, "--", str(network), *map(str, [weights] if weights else []), progress=progress)
    return load_bundle(card["path"])


def ask(command: str, *arguments: str, progress: Progress | None = None) -> Any:
    """What ``python -m emotion COMMAND --json …`` answers in a process of its own.

    ``progress`` is told some times a second how far the command is by its own words (``jobs.progress_line``), (0, 0)
    before the first. If it raises, the process is ended. Raises the command's UserErrors, and one where it ends without
    an answer.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows may hold the file for a moment.
        heard = Path(folder) / "stderr"
        with (
            heard.open("wb") as stderr,
            subprocess.Popen(
                command_line(command, "--json", *arguments),
                **surroundings(),
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="replace",
            ) as process,
        ):
            try:
                said = _wait(process, heard, progress)
            except BaseException:  # Cancelled.
                process.kill()
                raise
        complained = without_progress(_lines(heard))
    try:
        answer = json.loads(said)
    except ValueError:
        last = (complained or [str(process.returncode)])[-1]
        raise UserError("A helper process ended without an answer: {what}", what=last) from None
    if isinstance(answer, dict) and (template := answer.get("error")):
        raise UserError(template, **answer["values"])
    return answer


def command_line(*arguments: str) -> list[str]:
    """``python -m emotion …`` with the Python that runs here."""
    return [sys.executable, "-m", "emotion", *arguments]


def surroundings() -> dict[str, Any]:
    """Where and how Popen starts such a process."""
    # Two heaps suit the server; the threads of a training would wait for each other.
    inherited = {name: value for name, value in os.environ.items() if SHARED_HEAPS.get(name) != value}
    # Whatever the system's code page: paths may hold Hangul.
    return {"cwd": REPOSITORY, "env": {**inherited, "PYTHONUTF8": "1"}, "stdin": subprocess.DEVNULL}


def _wait(process: subprocess.Popen[str], heard: Path, progress: Progress | None) -> str:
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            if progress:
                progress(*how_far(_lines(heard)))


def _lines(heard: Path) -> list[str]:
    """What it has said on stderr so far."""
    return heard.read_text("utf-8", "replace").splitlines()
