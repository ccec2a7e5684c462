"""A dataset of one's own faces: consent first, then crops into classes of any name, and all of it gone at a click."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import numpy as np

from emotion.dataset.folder import ABOUT
from emotion.dataset.library import delete
from emotion.dataset.pixels import forget_kept
from emotion.errors import UserError
from emotion.files import IMAGE_SUFFIXES, plain_name, reading, remove_folder, write_atomic, write_json, writing
from emotion.homes import datasets_folder
from emotion.i18n import N_

IMAGES_AT_MOST = 2000
"""In one class: a class of this size already takes minutes to collect."""
_SPLIT = "train"


class Collection:
    """A dataset in the app's data folder that grows image by image; its validation split is drawn when it is opened.

    Raises UserError for a name that can be no folder's, and where another dataset has that name.
    """

    def __init__(self, name: str) -> None:
        self.root = datasets_folder() / folder_name(name)
        if self.root.exists() and not _about(self.root).get("collected"):
            raise UserError("There is another dataset called {name}. Choose another name.", name=self.root.name)

    @property
    def consent(self) -> str | None:
        """When the person agreed to being collected, as an ISO date; None while that is open."""
        given = _about(self.root).get("consent")
        return str(given) if given else None

    def agree(self) -> None:
        """Note that the person in the pictures agrees to their being kept here."""
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            about = {
                "title": self.root.name,
                "source": "collected with the Live page",
                "terms": N_("The person in the pictures agreed to their use on this computer."),
                "collected": True,
                "consent": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            write_json(self.root / ABOUT, about)

    def add(self, label: str, faces: list[np.ndarray]) -> int:
        """Write gray faces uint8 (H, W) into a class; how many it has now.

        Raises UserError without consent, for a class name that can be no folder's, and where the class is full.
        """
        if self.consent is None:
            raise UserError("Nothing is kept without consent. Tick that you agree first.")
        folder = self.root / _SPLIT / folder_name(label)
        if len(faces) + len(_images(folder)) > IMAGES_AT_MOST:
            raise UserError(
                "{label} has {limit} images, which is enough. Go on to training.",
                label=folder.name,
                limit=IMAGES_AT_MOST,
            )
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for face in faces:
                name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{uuid4().hex[:6]}.png"
                write_atomic(folder / name, cv2.imencode(".png", face)[1].tobytes())
        return len(_images(folder))

    def counts(self) -> dict[str, int]:
        """Images by class, in the order of the names."""
        folder = self.root / _SPLIT
        with reading(self.root):
            found = folder.iterdir() if folder.is_dir() else ()
            classes = sorted(path for path in found if path.is_dir() and path.name[0] != ".")
            return {path.name: len(_images(path)) for path in classes}

    def images(self, label: str) -> tuple[Path, ...]:
        """The image files of a class, oldest first."""
        folder = self.root / _SPLIT / folder_name(label)
        with reading(self.root):
            return tuple(_images(folder))

    def rename(self, label: str, new: str) -> str:
        """Give a class another name; the name as it is kept. Raises UserError where there is a class of that name."""
        old, folder = (self.root / _SPLIT / folder_name(each) for each in (label, new))
        if folder.exists() and folder != old:
            raise UserError("There is a class {name} already. Choose another name.", name=folder.name)
        with writing(folder):
            if old.is_dir():
                old.rename(folder)
        return folder.name

    def remove(self, image: Path) -> None:
        """Delete one of ``images``, and the class with its last one."""
        with writing(image):
            image.unlink(missing_ok=True)
            if image.parent.is_dir() and not _images(image.parent):
                remove_folder(image.parent)  # What else lies in it, such as a .DS_Store, goes as well.
        forget_kept(self.root)

    def remove_class(self, label: str) -> None:
        """Delete a class with all that is in it, for good."""
        folder = self.root / _SPLIT / folder_name(label)
        with writing(folder):
            if folder.is_dir():
                remove_folder(folder)
        forget_kept(self.root)

    def delete_all(self) -> None:
        """Delete every image, the consent and the dataset itself, for good."""
        if self.root.exists():
            delete(self.root)


def collections() -> list[str]:
    """The names of the datasets that were collected here."""
    folder = datasets_folder()
    with reading(folder):
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(path.name for path in found if path.name[0] != "." and _about(path).get("collected"))


def folder_name(text: str) -> str:
    """The name of a class or a dataset as its folder has it; UserError for one that can be no folder's."""
    name = " ".join(plain_name(text).split())
    if not name:
        raise UserError(
            "“{name}” can't be the name of a folder. Use letters or digits, for example glasses.", name=text
        )
    return name


def _images(folder: Path) -> list[Path]:
    """A class's images, oldest first: their names begin with the time."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES) if folder.is_dir() else []


def _about(root: Path) -> dict[str, Any]:
    try:
        values = json.loads((root / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
