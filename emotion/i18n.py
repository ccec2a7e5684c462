"""Texts in English and Korean from one gettext catalogue; knows nothing of who asks.

English sentences are the keys. The pages tell where the reader's language stands (``use_language``); the command line
and the tests stay in English.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from babel.messages.pofile import read_po

from emotion.errors import UserError

LANGUAGES = {"en": "English", "ko": "한국어"}
_LOCALE = Path(__file__).parent / "locale"
_language: Callable[[], str] = lambda: "en"  # noqa: E731


def use_language(source: Callable[[], str]) -> None:
    """Ask ``source`` for the reader's language, ``"en"`` or ``"ko"``, at every text."""
    global _language
    _language = source


def language() -> str:
    """The reader's language now."""
    return _language()


@cache
def catalogue(code: str) -> dict[str, str]:
    """All texts of a language: English → translation. Empty for English."""
    path = _LOCALE / code / "LC_MESSAGES" / "emotion.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id and message.string}


def _(text: str) -> str:
    """``text`` in the reader's language; the text itself where there is no translation."""
    return catalogue(_language()).get(text, text)


def N_(text: str) -> str:
    """``text`` as it is: marks for the catalogue what is translated where it is shown."""
    return text


_SYSTEM_REASONS = {
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("File name too long"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Input/output error"),
}
"""Why a file is refused, in the words of the C library; what Windows itself says comes in the system's language."""


def decimal(number: float, digits: int = 6) -> str:
    """A number as people read it: so many significant digits and no exponent.

    >>> decimal(4.2e-05), decimal(0.5), decimal(64.0), decimal(1 / 3, 2)
    ('0.000042', '0.5', '64', '0.33')
    """
    return np.format_float_positional(number, digits, unique=False, fractional=False, trim="-")


def minus(text: str) -> str:
    """A number's text with a minus sign instead of a hyphen.

    >>> minus(f"{-0.5}")
    '−0.5'
    """
    return text.replace("-", "−")


def error_text(error: UserError) -> str:
    """The sentence of a UserError in the reader's language, as Markdown that shows names and paths letter by letter."""
    sentence = _(error.template).replace("*", "\\*")
    return sentence.format(**{name: plain(value) for name, value in _values(error).items()})


def error_words(error: UserError) -> str:
    """The sentence of a UserError in the reader's language, as it is: where no Markdown is read."""
    return _(error.template).format(**_values(error))


def _values(error: UserError) -> dict[str, str]:
    """What stands in the sentence, as text; a reason of the operating system in the reader's language."""
    values = {name: str(value) for name, value in error.values.items()}
    return values | {"reason": _(values["reason"])} if values.get("reason") in _SYSTEM_REASONS else values


def plain(text: str) -> str:
    """``text`` as Markdown that shows it letter by letter, for titles and names that come with files.

    A title may come with a downloaded dataset, and Markdown would fetch the pictures it names from outside.

    >>> plain("![x](y) $a$")
    '\\\\!\\\\[x\\\\]\\\\(y\\\\) \\\\$a\\\\$'
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
