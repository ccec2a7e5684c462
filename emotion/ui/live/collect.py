"""A model of one's own in a minute: faces into classes of any name, then a softmax fitted on them in seconds."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from emotion.dataset.collect import Collection, folder_name
from emotion.errors import UserError
from emotion.i18n import _, error_text, plain
from emotion.labels import label_of
from emotion.live.stream import LiveProcessor
from emotion.live.taking import Takers
from emotion.ui.dataset.common import forget_thumbnails, thumbnails_of
from emotion.ui.live import fitting
from emotion.ui.live.consent import choose_collection, delete_button
from emotion.ui.live.shots import attempt, calm, faces_brought, note, plays, say_notes
from emotion.ui.tiles import Tile, wall

_KEY = "live.collect"
_SHOOTING = "live.collect.shooting"
"""The session's key for the ``_Shooting`` under way."""
_SHOTS, _EVERY = 10, 0.15
_ENDLESS, _SLOWER = 100_000, 0.3
_SHOWN = 14


@dataclass(frozen=True, eq=False)
class _Shooting:
    """Shots under way: of which video, and into which class of which dataset, for whose consent they are meant."""

    takers: Takers
    root: Path
    label: str


def show(processor: LiveProcessor | None) -> None:
    """The whole view; ``processor`` is the running video's, or None: then the faces come from photos."""
    st.caption(
        _(
            "Two classes and ten pictures of each are enough: with glasses and without, mouth open and shut. Take "
            "pictures, fit, and see your own model on your face a minute later."
        )
    )
    collection = choose_collection(_KEY, _("my faces"))
    live = processor if plays(processor) else None
    shooting: _Shooting | None = st.session_state.get(_SHOOTING)
    if shooting and not (collection and live and (shooting.root, shooting.takers) == (collection.root, live.takers)):
        leave()
    if collection is None:
        return
    say_notes()
    if live is None:
        st.info(
            _("No video is running. Press START for shots with the camera, or add photos."),
            icon=":material/videocam_off:",
        )
    calm("live-classes")
    with st.container(key="live-classes"):
        # Only while shots come in by themselves: else a click concerns the fit below as well.
        renewed = st.fragment(_classes, run_every=0.5) if _SHOOTING in st.session_state else _classes
        renewed(collection, live)
    _add_class(collection)
    try:
        fitting.own_task(collection, busy=_SHOOTING in st.session_state)
    except UserError as error:
        st.error(error_text(error))
    delete_button(collection, _KEY, leave)


def leave() -> None:
    """End shots under way: their dataset is no longer looked at."""
    if shooting := st.session_state.pop(_SHOOTING, None):
        shooting.takers.start_burst(0)


def _classes(collection: Collection, processor: LiveProcessor | None) -> None:
    """A card for each class; while shots are taken it is run again and again."""
    if _SHOOTING in st.session_state:
        _take_in(collection, processor)
    counts = collection.counts()
    names = _names(collection, counts)
    for place, name in enumerate(names):
        with st.container(border=True):
            _card(collection, processor, names, place, counts.get(name, 0))


def _take_in(collection: Collection, processor: LiveProcessor | None) -> None:
    """Put the shots since the last look into their class; once all are there the whole page is run again."""
    label = st.session_state[_SHOOTING].label
    crops, more = processor.takers.burst() if processor else ([], False)
    try:
        if crops:
            collection.add(label, crops)
    except UserError as error:
        note(error_text(error))
        more = False
    if not more:
        leave()
        st.rerun()


def _names(collection: Collection, counts: dict[str, int]) -> list[str]:
    """The classes in the order in which they were made, those without an image too."""
    key = f"{_KEY}.classes.{collection.root.name}"
    start = [] if counts else [_("glasses"), _("no glasses")]
    kept: list[str] = st.session_state.setdefault(key, start)
    kept += [name for name in counts if name not in kept]
    return kept


def _card(collection: Collection, processor: LiveProcessor | None, names: list[str], place: int, count: int) -> None:
    """One class: its name, its newest images, and the ways to more and fewer of them."""
    label, key = names[place], f"{_KEY}.{collection.root.name}.{names[place]}"
    colour = label_of(label, sorted(names).index(label)).colour
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(label)}** · {count}")
        _change(collection, names, place, key)
    picked = _pictures(collection, label, colour, key)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        _shots(collection, processor, label, key)
        with st.popover(_("Photos"), icon=":material/add_photo_alternate:"):
            if faces := faces_brought(key):
                attempt(collection.add, label, faces)
                st.rerun()
        if count:
            images = collection.images(label)
            st.button(
                "", key=f"{key}.remove", icon=":material/undo:", on_click=attempt,
                args=(collection.remove, images[-1 if picked is None else picked]),
                help=_("Removes the last picture, or the one that you click first."),
            )  # fmt: skip


def _pictures(collection: Collection, label: str, colour: str, key: str) -> int | None:
    """The newest images, newest first; the place in ``images`` of the one that was clicked."""
    images = collection.images(label)
    places = range(len(images) - 1, max(-1, len(images) - 1 - _SHOWN), -1)
    if not images:
        st.caption(_("No image yet."))
        return None
    shown = thumbnails_of(images[0].parent, tuple(images[place].name for place in places))
    tiles = [Tile(place, picture, label, colour) for place, picture in zip(places, shown, strict=True)]
    # A wall of its own for every state: a place that was clicked may hold another image now.
    return wall(tiles, f"{key}.wall.{images[-1].name}.{len(images)}", 44)


def _shots(collection: Collection, processor: LiveProcessor | None, label: str, key: str) -> None:
    """The buttons that take faces from the video, or the one that stops it."""
    shooting: _Shooting | None = st.session_state.get(_SHOOTING)
    if processor and shooting and shooting.label == label:
        st.button(
            _("Stop"), key=f"{key}.stop", icon=":material/stop:", type="primary", on_click=attempt,
            args=(_stop, collection, processor, label),
        )  # fmt: skip
        st.caption(_("Turn your head a little: every picture should differ."))
        return
    busy = processor is None or shooting is not None
    ways = ((False, _("Ten shots"), "burst_mode"), (True, _("Until I stop"), "fiber_manual_record"))
    for endless, text, icon in ways:
        if st.button(
            text, key=f"{key}.shots.{endless}", icon=f":material/{icon}:", disabled=busy,
            type="secondary" if endless else "primary",
        ) and processor:  # fmt: skip
            processor.takers.start_burst(*((_ENDLESS, _SLOWER) if endless else (_SHOTS, _EVERY)))
            st.session_state[_SHOOTING] = _Shooting(processor.takers, collection.root, label)
            st.rerun()  # The whole page, so that the cards are renewed by themselves.


def _stop(collection: Collection, processor: LiveProcessor, label: str) -> None:
    """End the shots; those that were taken already are kept."""
    crops, _more = processor.takers.burst()
    processor.takers.start_burst(0)
    if crops:
        collection.add(label, crops)


def _change(collection: Collection, names: list[str], place: int, key: str) -> None:
    """The menu of a class: another name, or no such class at all. Not while shots go into one by its name."""
    busy = _SHOOTING in st.session_state
    with st.popover("", icon=":material/edit:", help=_("Rename or delete this class"), type="tertiary", disabled=busy):
        with st.form(f"{key}.form", border=False):
            st.text_input(_("Name of the class"), names[place], key=f"{key}.name", max_chars=40)
            st.form_submit_button(
                _("Rename"), key=f"{key}.rename", on_click=attempt, disabled=busy,
                args=(_rename, collection, names, place, key),
            )  # fmt: skip
        st.button(
            _("Delete the class"), key=f"{key}.drop", icon=":material/delete:", on_click=attempt,
            args=(_drop, collection, names, place), disabled=busy,
        )  # fmt: skip


def _rename(collection: Collection, names: list[str], place: int, key: str) -> None:
    new = folder_name(st.session_state[f"{key}.name"])
    if new == names[place]:
        return
    if new in names:
        raise UserError("There is a class {name} already. Choose another name.", name=new)
    names[place] = collection.rename(names[place], new)


def _drop(collection: Collection, names: list[str], place: int) -> None:
    collection.remove_class(names[place])
    names.pop(place)
    forget_thumbnails()


def _add_class(collection: Collection) -> None:
    names: list[str] = st.session_state[f"{_KEY}.classes.{collection.root.name}"]
    form = st.form(f"{_KEY}.add", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(_("Another class"), key=f"{_KEY}.new", max_chars=40, placeholder=_("for example: hat"))
        st.form_submit_button(
            _("Add"), key=f"{_KEY}.append", icon=":material/add:", on_click=attempt, args=(_add, names)
        )


def _add(names: list[str]) -> None:
    new = folder_name(st.session_state[f"{_KEY}.new"])
    if new in names:
        raise UserError("There is a class {name} already. Choose another name.", name=new)
    names.append(new)
