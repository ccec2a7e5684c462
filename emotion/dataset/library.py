"""The datasets this machine knows: those in the data folder, and folders opened from elsewhere."""

import json
import os
import threading
from pathlib import Path

from emotion.dataset.importers.votes import detach_votes
from emotion.dataset.pixels import forget_kept
from emotion.dataset.splits import ALIASES
from emotion.errors import UserError
from emotion.files import is_text, reading, remove_folder, write_json, writing
from emotion.homes import datasets_folder, home

_lock = threading.Lock()  # Sessions are threads, and each reads the list before it writes it.


def known_datasets() -> list[Path]:
    """Folders of the known datasets that still exist: opened ones newest first, then the data folder's by name.

    Raises UserError where the list of the opened ones is damaged; ``own_datasets`` are to be had all the same.
    """
    opened = [Path(path) for path in _opened() if os.path.isdir(path)]
    return list(dict.fromkeys([*opened, *own_datasets()]))


def own_datasets() -> list[Path]:
    """The datasets in the data folder, by name."""
    folder = datasets_folder()
    with reading(folder):
        found = list(folder.iterdir()) if os.path.isdir(folder) else []
    return sorted(path for path in found if os.path.isdir(path) and path.name[0] != ".")


def remember(root: Path) -> None:
    """Put a dataset folder first among the opened ones; the list survives a restart, and a damaged one begins anew."""
    with _lock:
        try:
            earlier = _opened()
        except UserError:
            earlier = []
        _write([str(root), *(path for path in earlier if path != str(root))])


def forget(root: Path) -> None:
    """Take a folder off the list of the opened ones; its files stay."""
    with _lock:
        _write([path for path in _opened() if path != str(root)])


def _write(paths: list[str]) -> None:
    with writing(_list()):
        home().mkdir(parents=True, exist_ok=True)
        write_json(_list(), paths)


def is_own(root: Path) -> bool:
    """Whether a dataset stands in the app's own data folder."""
    return root.resolve().parent == datasets_folder()


def delete(root: Path) -> None:
    """Delete a dataset in the app's own data folder, and what was kept of it, for good.

    Raises UserError for any other, which is left alone.
    """
    if not is_own(root):
        raise UserError("{root} is not in the app's data folder. Delete it yourself.", root=root)
    with writing(root):
        remove_folder(root)
    forget_kept(root.resolve())
    detach_votes(root)  # Another dataset may take its place.
    forget(root)


def folder_stamp(root: Path) -> tuple[tuple[str, int], ...]:
    """Times of change (ns) of a dataset's folders down to the classes: another stamp, another content.

    Raises UserError for a folder that can't be read.
    """
    with reading(root):
        tops = _subfolders(root)
        # Classes lie within the splits; to look for folders in a class would mean to go through all its images.
        classes = [sub for top in tops if os.path.basename(top).lower() in ALIASES for sub in _subfolders(top)]
        return tuple((path, os.stat(path).st_mtime_ns) for path in (str(root), *tops, *classes))


def _subfolders(folder: str | Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.path for entry in entries if entry.name[0] != "." and is_text(entry.name) and entry.is_dir()
        )


def _list() -> Path:
    return home() / "datasets.json"


def _opened() -> list[str]:
    try:
        paths = json.loads(_list().read_text(encoding="utf-8"))
        if not isinstance(paths, list):
            raise TypeError("no list")
        return [str(path) for path in paths]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UserError("{path} is damaged ({reason}). Delete it or mend it.", path=_list(), reason=error) from None
