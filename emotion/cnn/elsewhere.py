"""Export and import, which need Keras, in a process of their own: for the pages, whose process never loads it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emotion.cnn.bundle import Bundle, load_bundle
from emotion.cnn.formats import FORMATS, SCALINGS, Proof
from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.jobs import Progress

_POLL_SECONDS = 0.2


def export_elsewhere(
    bundle: Bundle, destination: Path, formats: Sequence[str] = tuple(FORMATS), progress: Progress | None = None
) -> tuple[Proof, ...]:
    """``export.export_zip`` in a process of its own, which ends with a ``progress`` that raises; half a minute."""
    named = [part for format in formats for part in ("--format", format)]
    return tuple(
        Proof(**row) for row in _ask(["export", str(bundle.path), "--out", str(destination), *named], progress)
    )


def import_elsewhere(
    network: Path,
    weights: Path,
    classes: Sequence[str],
    scaling: str = SCALINGS[0],
    name: str = "",
    task: str = "",
    progress: Progress | None = None,
) -> Bundle:
    """``model_files.import_model_files`` in a process of its own, which ends with a ``progress`` that raises."""
    said = {"--classes": ",".join(classes), "--scaling": scaling, "--name": name, "--task": task}
    options = [f"{option}={value}" for option, value in said.items()]
    return load_bundle(_ask(["import-model", *options, "--", str(network), str(weights)], progress)["path"])


def _ask(arguments: list[str], progress: Progress | None) -> Any:
    """What ``python -m emotion … --json`` answers; its UserErrors are raised here."""
    command = [sys.executable, "-m", "emotion", arguments[0], "--json", *arguments[1:]]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUTF8": "1"},  # Whatever the system's code page: paths may hold Hangul.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            said, complained = _wait(process, progress)
        except BaseException:  # Cancelled.
            process.kill()
            raise
    try:
        answer = json.loads(said)
    except ValueError:
        last = (complained.strip().splitlines() or [str(process.returncode)])[-1]
        raise UserError("A helper process ended without an answer: {what}", what=last) from None
    if isinstance(answer, dict) and (template := answer.get("error")):
        raise UserError(template, **answer["values"])
    return answer


def _wait(process: subprocess.Popen[str], progress: Progress | None) -> tuple[str, str]:
    while True:
        try:
            return process.communicate(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if progress:
                progress(0, 1)  # It may be cancelled; how far it is, nobody knows.
