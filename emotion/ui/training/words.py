"""Runs in words: how they stand, how long things take, what their settings are called."""

from pathlib import Path

from emotion.cnn.config import OPTION_NAMES, SETTING_NAMES, Augmentation, augmentation_text
from emotion.cnn.status import Status
from emotion.i18n import _, decimal


def state_name(status: Status) -> str:
    """How a run stands."""
    if status.waiting:
        return _("waiting for its turn")
    return {
        "queued": _("starting"),
        "running": _("running"),
        "stopping": _("stopping after this batch"),
        "stopped": _("stopped"),
        "interrupted": _("interrupted"),
        "failed": _("failed"),
        "finished": _("finished"),
    }[status.state]


def span(seconds: float) -> str:
    """A length of time.

    >>> span(42), span(600), span(7500)
    ('42 s', '10 min', '2 h 5 min')
    """
    if seconds < 90:
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def setting_name(field: str) -> str:
    """What a field of ``TrainConfig`` is called on the page."""
    return _(SETTING_NAMES.get(field, field))


def option_names(field: str) -> dict[str, str]:
    """What the options of a setting are called on the page."""
    return {key: _(name) for key, name in OPTION_NAMES[field].items()}


def setting_text(field: str, value: object) -> str:
    """The value of a setting as people read it."""
    if isinstance(value, Augmentation):
        return augmentation_text(value, _)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field in {"data", "start_from", "unlabelled"} and value:
        return Path(str(value)).name
    if field == "images" and not value:
        return _("all")
    if isinstance(value, float):
        return decimal(value)
    if field in OPTION_NAMES:
        return option_names(field).get(str(value), str(value))
    return str(value) or "–"
