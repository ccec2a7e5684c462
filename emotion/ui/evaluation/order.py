"""The order of a network's classes, as an ordered list that the reader arranges."""

import streamlit as st

from emotion.dataset.importers.fer_csv import LABELS
from emotion.i18n import _, language
from emotion.labels import EMOTIONS, label_of

_KEY, _PRESET, _TYPED = "evaluation.import.classes", "evaluation.import.preset", "evaluation.import.typed"


def arrange() -> list[str]:
    """The class keys in the order of the outputs: a preset or names of one's own, moved up and down at will."""
    presets = {"folders": _("Folders, by the alphabet"), "csv": _("FER2013’s CSV"), "own": _("My own")}
    st.session_state.setdefault(_KEY, [label.key for label in EMOTIONS])
    preset = st.segmented_control(
        _("Order"), list(presets), default="folders", format_func=presets.__getitem__, key=_PRESET,
        label_visibility="collapsed", required=True, persist_state="session", on_change=_preset,
        help=_(
            "flow_from_directory and image folders: by the alphabet. Arrays from fer2013.csv: the numbers 0 to 6 of "
            "the column “emotion”."
        ),
    )  # fmt: skip
    if preset == "own":
        st.text_input(
            _("Names, with commas between"), key=_TYPED, persist_state="session", on_change=_typed,
            placeholder="angry, happy, sad",
        )  # fmt: skip
    classes: list[str] = st.session_state[_KEY]
    with st.container(key="evaluation-order", gap="small"):
        for place, key in enumerate(classes):
            _row(place, key, len(classes))
    return classes


def _row(place: int, key: str, count: int) -> None:
    name = label_of(key, place).name(language())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for step, icon, text in ((-1, "arrow_upward", _("Up")), (1, "arrow_downward", _("Down"))):
            st.button(
                "", key=f"evaluation.import.move.{place}.{step}", icon=f":material/{icon}:", type="tertiary", help=text,
                disabled=not 0 <= place + step < count, on_click=_swap, args=(place, place + step),
            )  # fmt: skip
        st.text(f"{place} · {key}" if name == key else f"{place} · {key} · {name}")


def _preset() -> None:
    orders = {"folders": [label.key for label in EMOTIONS], "csv": list(LABELS)}
    if order := orders.get(st.session_state[_PRESET]):
        st.session_state[_KEY] = order
    else:
        st.session_state[_TYPED] = ", ".join(st.session_state[_KEY])


def _typed() -> None:
    st.session_state[_KEY] = [name.strip() for name in st.session_state[_TYPED].split(",") if name.strip()]


def _swap(first: int, second: int) -> None:
    classes = list(st.session_state[_KEY])
    classes[first], classes[second] = classes[second], classes[first]
    st.session_state[_KEY] = classes
    if st.session_state[_PRESET] == "own":
        st.session_state[_TYPED] = ", ".join(classes)
