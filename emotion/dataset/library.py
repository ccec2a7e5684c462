"""The datasets this machine knows: those in the data folder, and folders opened from elsewhere."""

import json
import os
from pathlib import Path

from emotion.errors import UserError
from emotion.files import reading, write_json, writing
from emotion.homes import datasets_folder, home


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
    try:
        earlier = _opened()
    except UserError:
        earlier = []
    with writing(_list()):
        home().mkdir(parents=True, exist_ok=True)
        write_json(_list(), [str(root), *(path for path in earlier if path != str(root))])


def folder_stamp(root: Path) -> tuple[tuple[str, int], ...]:
    """Times of change (ns) of a dataset's folders down to the classes: another stamp, another content.

    Raises UserError for a folder that can't be read.
    """
    with reading(root):
        folders = [root, *(path for path in sorted(root.glob("*/")) if path.name[0] != "."), *sorted(root.glob("*/*/"))]
        return tuple((str(path), path.stat().st_mtime_ns) for path in folders)


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
