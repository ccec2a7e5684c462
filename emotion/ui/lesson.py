"""The lesson: the deck's steps in order, and which of them this machine's reader has done."""

import json
from dataclasses import dataclass

import streamlit as st

from emotion.errors import UserError
from emotion.files import write_json, writing
from emotion.homes import home
from emotion.i18n import _, error_text


@dataclass(frozen=True)
class Step:
    """A step of the course: its ``key`` is marked when it is done; ``page`` is where it is done."""

    key: str
    icon: str
    title: str
    text: str
    page: str


def steps() -> tuple[Step, ...]:
    """The deck's steps, in order and in the reader's language."""
    return (
        Step("dataset", ":material/photo_library:", _("See the data"),
             _("Image folders, one for each emotion. Look before you train."), "pages/dataset.py"),
        Step("training", ":material/model_training:", _("Train the CNN"),
             _("The course’s convolutional network, with live loss and accuracy curves."), "pages/training.py"),
        Step("evaluation", ":material/search:", _("Test one picture"),
             _("What does the network answer on a face it has never seen?"), "pages/evaluation.py"),
        Step("haar", ":material/select_all:", _("Find the face"),
             _("Integral image, Haar features, Viola–Jones: where is a face at all?"), "pages/haar.py"),
        Step("live", ":material/videocam:", _("Stand before the camera"),
             _("Detection and your network together, in real time."), "pages/live.py"),
        Step("compare", ":material/rocket_launch:", _("Make it your own"),
             _("Train again with other settings and compare two models on your face."), "pages/live.py"),
    )  # fmt: skip


def done() -> set[str]:
    """The keys of the steps done so far."""
    try:
        ticked = json.loads((home() / "lesson.json").read_text(encoding="utf-8"))
        if not (isinstance(ticked, list) and all(isinstance(key, str) for key in ticked)):
            raise TypeError("no list of keys")
        return set(ticked)
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError, RecursionError):
        st.warning(_("The list of finished steps is damaged and begins again with the next step."))
        return set()


def mark_done(key: str) -> None:
    """Tick off a step; the tick survives a restart."""
    ticked = done()
    if key in ticked:
        return
    try:
        with writing(home() / "lesson.json"):
            home().mkdir(parents=True, exist_ok=True)
            write_json(home() / "lesson.json", sorted({*ticked, key}))
    except UserError as error:
        st.warning(error_text(error))
