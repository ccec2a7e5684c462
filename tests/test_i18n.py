"""Every text a person sees is there in English and in Korean."""

import ast
import errno
import json
import os
import re
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from emotion.errors import UserError
from emotion.homes import REPOSITORY
from emotion.i18n import _, catalogue, error_text, error_words, language, use_language
from emotion.labels import EMOTIONS, GENDERS

KEYWORDS = {"_": None, "N_": None, "UserError": None}
SOURCES = [
    REPOSITORY / "app.py",
    *(path for folder in ("pages", "emotion") for path in sorted((REPOSITORY / folder).rglob("*.py"))),
]


def texts() -> dict[str, Path]:
    found = {}
    for path in SOURCES:
        for _line, message, _comments, _context in extract_from_file("python", path, KEYWORDS):
            found[message if isinstance(message, str) else message[0]] = path
    for card in (REPOSITORY / "models").glob("*/card.json"):
        if notes := json.loads(card.read_text(encoding="utf-8")).get("notes"):
            found[notes] = card
    return found


def fields(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def test_every_text_has_korean() -> None:
    missing = [text for text in texts() if text not in catalogue("ko")]
    assert not missing, "\n" + "\n".join(f'msgid "{text}"\nmsgstr ""\n' for text in missing)


def test_no_korean_without_its_text() -> None:
    assert not set(catalogue("ko")) - set(texts())


def test_no_text_is_listed_twice() -> None:
    lines = (REPOSITORY / "emotion/locale/ko/LC_MESSAGES/emotion.po").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line.startswith("msgid ")]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("english", sorted(catalogue("ko")))
def test_korean_reads_right(english: str) -> None:
    korean = catalogue("ko")[english]
    if "%{" not in english:  # Plotly's own placeholders are no Python format.
        assert fields(korean) == fields(english)
    assert re.findall(r"%\{[^}]+\}", korean) == re.findall(r"%\{[^}]+\}", english)
    assert not re.search(r"을\(를\)|를\(을\)|이\(가\)|은\(는\)|\(으\)로", korean), (
        "choose the particle, or write around it"
    )
    assert not re.search(r"(니다|시오)[.!?:]", korean), "sentences end in -요"


def test_labels_have_korean_names() -> None:
    assert all(re.fullmatch(r"[가-힣]+", label.korean) for label in EMOTIONS + GENDERS)


def test_the_reader_s_language_decides() -> None:
    use_language(lambda: "ko")
    try:
        assert language() == "ko"
        assert _("Home") == "홈"
        error = UserError("{root} is no folder. Give the path of a dataset folder that exists.", root="/tmp/x")
        assert r"\/tmp\/x" in error_text(error) and "폴더" in error_text(error)  # Markdown shows it letter by letter.
        unread = "{root} can't be read ({reason}). Check the path and the folder's permissions."
        error = UserError(unread, root="Permission denied", reason=os.strerror(errno.ENOENT))
        for said in (error_text(error), error_words(error)):  # A name stays as it is.
            assert said.startswith("Permission denied: 읽을 수 없어요(그런 파일이나 폴더가 없음)")
        assert _("a text nobody translated") == "a text nobody translated"
    finally:
        use_language(lambda: "en")
    assert _("Home") == "Home"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_text_hides_in_an_f_string(path: Path) -> None:
    strings = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.JoinedStr)
    ]
    calls = [node for string in strings for node in ast.walk(string) if isinstance(node, ast.Call)]
    hidden = [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id in KEYWORDS]
    assert not hidden, "the extraction does not look into f-strings"
