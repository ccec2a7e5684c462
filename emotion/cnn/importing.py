"""A model bundle from another computer, as a zip. No Keras here; ``model_files`` takes in networks of other making."""

import json
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from emotion.cnn.bundle import CARD, Bundle, load_bundle
from emotion.cnn.card import FILES
from emotion.cnn.first_opening import try_bundle
from emotion.cnn.workers import one_at_a_time
from emotion.dataset.importers.archive import Archive, Entry, is_zip, open_archive
from emotion.dataset.importers.making import Source, source_name
from emotion.errors import UserError
from emotion.files import folder_in_the_making, hidden_name, plain_name, replace_folder, write_json, writing
from emotion.homes import models_folders, user_models_folder


def import_bundle_zip(source: Source, name: str = "") -> Bundle:
    """Unpack a zip with one bundle in it, at its top or in a folder, into the user's models; other files are left out.

    It is called ``name``, else as its card says, with a number where that is taken. Raises UserError for a zip that
    is damaged or dishonest (see ``importers.archive``), that holds no bundle or several, and for a bundle that
    ``first_opening.try_bundle`` refuses, in whose process it is opened first; nothing is left of it then.
    """
    if not is_zip(source):
        name = source_name(source)
        raise UserError("{zip} is no zip file. Choose the .zip that “Export” made of a model.", zip=name)
    with open_archive(source) as archive:
        top = _bundle_in(archive)
        entries = {entry.name: entry for entry in archive.entries}
        card = _card(archive, entries[f"{top}{CARD}"])

        def fill(folder: Path) -> dict[str, Any]:
            for file in FILES:
                if f"{top}{file}" in entries:  # load_bundle says which is missing.
                    (folder / file).write_bytes(archive.read(entries[f"{top}{file}"]))
            write_json(folder / CARD, card)
            _check(folder, archive.name)
            return card

        return make_bundle(name or str(card.get("name", "")), fill)


def make_bundle(wanted: str, fill: Callable[[Path], dict[str, Any]]) -> Bundle:
    """A new bundle of the user, called ``wanted`` or, where a bundle is called so, with a number.

    ``fill`` puts the files into a hidden folder and returns the card's values; if it raises, nothing is left.
    """
    final = free_bundle_folder(wanted)
    made = hidden_name(final)
    with writing(final):
        with folder_in_the_making(made) as folder:
            card = fill(folder)
        with one_at_a_time():
            final = place_bundle(made, free_bundle_folder(wanted), card)
    return load_bundle(final)


def place_bundle(made: Path, final: Path, card: dict[str, Any]) -> Path:
    """Rename the hidden folder of a whole bundle to ``final``, which its card then names too.

    To be called within ``one_at_a_time``, in which ``final`` was chosen: two that end together would take one name.
    """
    try:
        write_json(made / CARD, {**card, "name": final.name})
        replace_folder(made, final)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return final


def free_bundle_folder(wanted: str) -> Path:
    """A folder for a new bundle of the user, called ``wanted`` or, where any bundle is called so, with a number."""
    plain = plain_name(unicodedata.normalize("NFC", wanted)) or "model"
    names: Iterator[str] = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
    free = next(name for name in names if not any((folder / name).exists() for folder in models_folders()))
    return user_models_folder() / free


def _bundle_in(archive: Archive) -> str:
    """The folder of the zip's one bundle, with its "/"; "" is the zip's top."""
    cards = [entry.name for entry in archive.entries if PurePosixPath(entry.name).name == CARD]
    if len(cards) != 1:
        raise UserError(
            "{zip} holds {found} model bundles (folders with a {card}); expected one. Choose a zip that was exported "
            "here or on another computer.",
            zip=archive.name,
            found=len(cards),
            card=CARD,
        )
    return cards[0].removesuffix(CARD)


def _card(archive: Archive, entry: Entry) -> dict[str, object]:
    try:
        card = json.loads(archive.read(entry))
    except (ValueError, RecursionError) as error:
        raise _damaged(archive.name, error) from None
    if not isinstance(card, dict):
        raise _damaged(archive.name, TypeError("an object expected"))
    return card


def _damaged(zip: str, error: Exception) -> UserError:
    return UserError("{card} in {zip} is damaged ({reason}). Export the model again.", card=CARD, zip=zip, reason=error)


def _check(folder: Path, zip: str) -> None:
    try:
        try_bundle(folder)
    except UserError as error:  # It speaks of the hidden folder, which nobody has seen.
        path = str(error.values.get("path", "")).replace(str(folder.resolve()), zip).replace(str(folder), zip)
        raise UserError(error.template, **{**error.values, "path": path}) from None
