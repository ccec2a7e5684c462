"""From a list of file names, as archives and downloads have them, to the tree of a dataset."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from emotion.dataset.folder import ABOUT
from emotion.dataset.importers.making import is_image
from emotion.dataset.splits import ALIASES, one_spelling
from emotion.errors import UserError
from emotion.files import NAME_BYTES, plain_name
from emotion.i18n import N_
from emotion.jobs import Progress

_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".alz", ".egg"})
_ELSEWHERE = N_("not in the class folders")
_NO_IMAGE = N_("no image file")
_ANOTHER_ARCHIVE = N_("another archive")


@dataclass(frozen=True)
class Tree:
    """Where the images among some names go.

    ``files`` are (position of the name, folder, file name), folder and file name fit for every system and no two the
    same; ``root`` is the folder that held splits or classes, "" or ending in "/"; ``left_out`` are (name, reason).
    """

    root: str
    files: tuple[tuple[int, str, str], ...]
    left_out: tuple[tuple[str, str], ...]


class _Place(NamedTuple):
    """What a folder of images is: a class in a split (one of ``ALIASES``, or "" where there are none) of a root."""

    root: str
    split: str
    key: str


def plan_tree(names: Sequence[str], source: str) -> Tree:
    """Find the dataset among the ``names`` (with "/") of ``source``, however deep it lies, and flatten it.

    Split folders win over class folders alone, then the root with the most images, then the higher one: downloads hold
    a second copy of the tree inside the first. Raises UserError where there are no images in class folders.
    """
    folders = [os.path.dirname(name) for name in names]
    images = [is_image(name) for name in names]
    counts = Counter(folder for folder, is_image in zip(folders, images, strict=True) if is_image)
    places = {folder: place for folder in counts if (place := _place(folder))}
    root, has_splits = _root(places, counts, names, source)
    chosen = {folder: at for folder, at in places.items() if (at.root, bool(at.split)) == (root, has_splits)}
    taken = [row for row, folder in enumerate(folders) if images[row] and folder in chosen]
    return Tree(root, tuple(_destinations(names, folders, taken, chosen)), _left_out(names, {*taken}, root + ABOUT))


def lay_out(tree: Tree, folder: Path, put: Callable[[int, str], None], tell: Progress) -> None:
    """Call ``put(position, path)`` for each file of ``tree``, whose folders are made under ``folder`` before."""
    made: set[str] = set()
    for done, (position, sub, name) in enumerate(tree.files, 1):
        if sub not in made:
            made.add(sub)
            os.makedirs(f"{folder}/{sub}", exist_ok=True)
        put(position, f"{folder}/{sub}/{name}")
        tell(done, len(tree.files))


def fit_name(name: str, suffix: str = "") -> str:
    """``name`` + ``suffix`` as every system takes it, never empty; one that is cut ends in a hash of the whole.

    Hangul is composed: macOS packs names decomposed, and 행복 in one folder would not be 행복 in the next.
    """
    whole = unicodedata.normalize("NFC", name)
    plain = plain_name(whole) or "_"
    if len(whole.encode("utf-8", "surrogatepass")) > NAME_BYTES:
        plain += "-" + hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return plain + suffix


def _place(folder: str) -> _Place | None:
    *above, key = folder.split("/")
    first = next((level for level, name in enumerate(above) if name.lower() in ALIASES), None)
    if first is None:
        # Images right in a split's folder have no class.
        return _Place("".join(f"{name}/" for name in above), "", key) if key and key.lower() not in ALIASES else None
    # ``train/train/angry``, as some unpackers make it, is one split.
    if any(name.lower() not in ALIASES for name in above[first:]):
        return None
    return _Place("".join(f"{name}/" for name in above[:first]), above[-1], key)


def _root(places: dict[str, _Place], counts: Counter[str], names: Sequence[str], source: str) -> tuple[str, bool]:
    images: Counter[tuple[str, bool]] = Counter()
    for folder, place in places.items():
        images[place.root, bool(place.split)] += counts[folder]
    if not images:
        inner = next((name for name in names if _is_archive(name)), None)
        if inner and not counts:
            raise UserError(
                "{source} holds no images but another archive, {inner}. Unpack it first, then import what is inside.",
                source=source,
                inner=inner,
            )
        raise UserError(
            "{source} holds no images in class folders. Expected train/<class>/*.png (and validation/, test/), or "
            "<class>/*.png: choose a file that holds these.",
            source=source,
        )
    return max(images, key=lambda found: (found[1], images[found], -found[0].count("/"), found[0]))


def _destinations(
    names: Sequence[str], folders: Sequence[str], taken: Sequence[int], chosen: dict[str, _Place]
) -> list[tuple[int, str, str]]:
    keys: dict[str, str] = {}
    used: set[str] = set()
    class_of = one_spelling((place.split, place.key) for place in chosen.values())
    for key in sorted(set(class_of.values())):
        keys[key] = _unused(fit_name(key), "", len(keys) + 1, used)
    subs = {
        folder: "/".join(part for part in (at.split, keys[class_of[at.key]]) if part) for folder, at in chosen.items()
    }
    files: list[tuple[int, str, str]] = []
    for row in taken:
        stem, suffix = os.path.splitext(os.path.basename(names[row]))
        sub = subs[folders[row]]
        path = _unused(f"{sub}/{fit_name(stem)}", suffix, row, used)
        files.append((row, sub, path[len(sub) + 1 :]))
    return files


def _unused(path: str, suffix: str, number: int, used: set[str]) -> str:
    """``path`` + ``suffix``, numbered where it is in use; Windows and macOS take two cases of a name for one."""
    wanted = path + suffix
    while wanted.casefold() in used:
        wanted, number = f"{path}-{number}{suffix}", number + 1
    used.add(wanted.casefold())
    return wanted


def _left_out(names: Sequence[str], taken: set[int], about: str) -> tuple[tuple[str, str], ...]:
    """What is not taken, with the reason; the files of one folder that share it as one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row, name in enumerate(names):
        if row not in taken and name != about:
            groups.setdefault((os.path.dirname(name), _reason(name)), []).append(name)
    return tuple(
        (found[0] if len(found) == 1 else f"{folder}/* ({len(found)})", reason)
        for (folder, reason), found in groups.items()
    )


def _reason(name: str) -> str:
    if is_image(name):
        return _ELSEWHERE
    return _ANOTHER_ARCHIVE if _is_archive(name) else _NO_IMAGE


def _is_archive(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _ARCHIVES
