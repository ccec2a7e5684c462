"""The settings of a training as the page holds them: every field of ``TrainConfig`` a value in the session state.

The widgets read and write these by their keys, shown or not, so that nothing entered is lost by a closed tab, another
page or the other language.
"""

from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import streamlit as st

from emotion.cnn.card import CARD, FILES
from emotion.cnn.config import PRESETS, Augmentation, TrainConfig, task_of
from emotion.cnn.origin import Origin, find_origin, with_origin
from emotion.dataset.folder import Dataset, clean_path
from emotion.errors import UserError
from emotion.files import file_stamp, plain_name
from emotion.homes import models_folders, runs_folder
from emotion.ui.guards import choose_dataset

_KEYS = {"batch_size": "batch", "learning_rate": "rate"}
_APART = {"data", "augmentation", "distribute"}
"""Fields without a value of their own: the dataset is the session's, the changes of the images have keys of theirs, and
the page trains on this machine alone."""
_FIELDS = tuple(field.name for field in fields(TrainConfig) if field.name not in _APART)
CHANGES = tuple(field.name for field in fields(Augmentation))
_BASIC = {"name", "epochs", "batch_size"}
_ORIGIN_FILES = (CARD, *FILES, "config.json", "setting.json", "best.weights.h5")
"""What a bundle or a run says about the network that it has."""
_WANTED, _ODD = "training.wanted", "training.odd"


def key_of(field: str) -> str:
    """The key of a setting's widget."""
    return f"training.{_KEYS.get(field, field)}"


def change_key(change: str) -> str:
    """The key of the widget of a field of ``Augmentation``."""
    return f"training.augment.{change}"


def fill(config: TrainConfig) -> None:
    """Put these settings into the widgets: at the page's next run, because the widgets of this one may be drawn."""
    st.session_state[_WANTED] = config


def reset() -> None:
    """Put all but the name and the basic settings back to the deck's."""
    fill(replace(TrainConfig("", "name"), epochs=value("epochs"), batch_size=value("batch_size")))


def begin() -> None:
    """Call before the dataset and the widgets: give each setting its first value, or what ``fill`` asked for.

    Raises UserError where the dataset of the settings asked for can't be opened; they are filled in all the same.
    """
    st.session_state.setdefault(key_of("name"), "")
    wanted = st.session_state.pop(_WANTED, None)
    for key, value in _values(wanted or TrainConfig("", "name")).items():
        if wanted or key not in st.session_state:
            st.session_state[key] = value
    if wanted is None:
        return
    st.session_state[_ODD] = wanted
    if wanted.data:
        choose_dataset(wanted.data)


def _values(config: TrainConfig) -> dict[str, Any]:
    values = {key_of(name): getattr(config, name) for name in _FIELDS}
    changes = {change_key(name): getattr(config.augmentation, name) for name in CHANGES}
    # The sliders hold floats, the presets are written with whole numbers.
    changes = {key: value if isinstance(value, bool) else float(value) for key, value in changes.items()}
    if not config.data:  # The defaults have no dataset, and no name of their own.
        del values[key_of("name")]
    return values | changes | {"training.preset": preset_of(config.augmentation)}


def preset_of(augmentation: Augmentation) -> str:
    """The name of the preset that these changes are, else ``own``."""
    return next((name for name, preset in PRESETS.items() if preset == augmentation), "own")


def value(field: str) -> Any:
    """A setting as it stands now."""
    return st.session_state[key_of(field)]


def choices(field: str, usual: list[Any]) -> list[Any]:
    """The ``usual`` values of a slider, and among them one that ``fill`` brought: it must stay to be had."""
    return sorted({*usual, _brought(field, usual[0])})


def most(field: str, usual: Any) -> Any:
    """The end of a slider: the ``usual`` one, or further where ``fill`` brought more."""
    return max(usual, _brought(field, usual))


def most_change(change: str, usual: float) -> float:
    """``most`` for a field of ``Augmentation``."""
    return max(usual, float(getattr(_brought("augmentation", Augmentation()), change)))


def _brought(field: str, otherwise: Any) -> Any:
    return getattr(st.session_state.get(_ODD), field, otherwise)


def augmentation() -> Augmentation:
    """How training images are to be changed."""
    return Augmentation(**{name: st.session_state[change_key(name)] for name in CHANGES})


def default_name(dataset: Dataset) -> str:
    """What a model is called that nobody named."""
    kind = value("architecture")
    with suppress(UserError):  # What is wrong with the start is said where the settings are checked.
        kind = _started(
            TrainConfig(str(dataset.root), "name", architecture=kind, start_from=value("start_from"))
        ).architecture
    return plain_name(f"{dataset.name[:30]}-{kind.partition('_')[0]}")


def build(dataset: Dataset) -> TrainConfig:
    """The settings as they stand; UserError for ones that can't be."""
    return _started(TrainConfig(str(dataset.root), **_entered(dataset)))


def _started(config: TrainConfig) -> TrainConfig:
    return with_origin(config, origin(config.start_from)) if config.start_from else config


def _entered(dataset: Dataset) -> dict[str, Any]:
    values = {name: value(name) for name in _FIELDS}
    values["name"] = values["name"].strip() or default_name(dataset)
    values["task"] = values["task"].strip()
    values["freeze"] = values["freeze"] and bool(values["start_from"])
    values["unlabelled"] = values["unlabelled"] if values["teachers"] else ""
    return values | {"augmentation": augmentation()}


def origin(start_from: str) -> Origin:
    """``find_origin``, which reads the whole bundle: again only when a file has changed."""
    path = clean_path(start_from)
    folders = [path, *(folder / path for folder in (*models_folders(), runs_folder()))]
    return _origin(start_from, tuple(file_stamp(folder / name) for folder in folders for name in _ORIGIN_FILES))


@st.cache_resource(show_spinner=False, max_entries=8)
def _origin(start_from: str, stamps: tuple[tuple[int, int], ...]) -> Origin:
    return find_origin(start_from)


def changed(dataset: Dataset) -> list[str]:
    """The fields beyond the basic ones that differ from their defaults."""
    defaults = vars(TrainConfig("", "name"))
    usual, entered = {"task": task_of(dataset)}, _entered(dataset)
    passed_over = set(_BASIC)
    with suppress(UserError):  # What is wrong with them is said where they are checked.
        config = TrainConfig(str(dataset.root), **entered)
        started = _started(config)
        # What it starts from may bring a network and a size of images of its own.
        passed_over |= {name for name in ("architecture", "size") if getattr(started, name) != getattr(config, name)}
    return [
        name
        for name, found in entered.items()
        if name not in passed_over and found not in (defaults[name], usual.get(name, defaults[name]))
    ]
