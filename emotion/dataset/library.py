"""The datasets this machine knows: those in the data folder, and folders opened from elsewhere."""

import json
from pathlib import Path

from emotion.errors import UserError
from emotion.files import write_json
from emotion.homes import datasets_folder, home


def known_datasets() -> list[Path]:
    """Folders of the known datasets that still exist: opened ones newest first, then the data folder's by name."""
    folder = datasets_folder()
    own = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".") if folder.is_dir() else []
    opened = [Path(path) for path in _opened() if Path(path).is_dir()]
    return list(dict.fromkeys([*opened, *own]))


def remember(root: Path) -> None:
    """Put a dataset folder first among the opened ones; the list survives a restart."""
    paths = [str(root), *(path for path in _opened() if path != str(root))]
    home().mkdir(parents=True, exist_ok=True)
    write_json(_list(), paths)


def folder_stamp(root: Path) -> tuple[tuple[str, int], ...]:
    """Times of change (ns) of a dataset's folders down to the classes: another stamp, another content."""
    folders = [root, *(path for path in sorted(root.glob("*/")) if path.name[0] != "."), *sorted(root.glob("*/*/"))]
    return tuple((str(path), path.stat().st_mtime_ns) for path in folders)


def _list() -> Path:
    return home() / "datasets.json"


def _opened() -> list[str]:
    if not _list().exists():
        return []
    try:
        return [str(path) for path in json.loads(_list().read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise UserError("{path} is damaged ({reason}). Delete it or mend it.", path=_list(), reason=error) from None
