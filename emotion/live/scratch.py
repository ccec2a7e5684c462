"""Temporary folders that hold someone's pictures: private, and gone with whoever made them."""

import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path

import psutil


def temporary_folder() -> Path:
    """Where temporary files go."""
    return Path(tempfile.gettempdir())


def scratch_folder(owner: object) -> Path:
    """A new folder that only this user may open; it goes with ``owner``, or when the program ends.

    What a program that was killed has left is swept away first.
    """
    for path in temporary_folder().glob("emotion-*"):
        maker = re.fullmatch(r"emotion-(\d+)-.+", path.name)
        if maker and not psutil.pid_exists(int(maker[1])):
            shutil.rmtree(path, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"emotion-{os.getpid()}-"))
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return folder
