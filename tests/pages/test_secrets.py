"""STUN and TURN from a real secrets file, as Streamlit reads it, to what the browser is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from emotion.homes import REPOSITORY
from emotion.ui.live import camera

WHOLE = """
[webrtc]
stun_urls = ["stun:s.example:3478", "stun:t.example"]
turn_urls = "turn:t.example:3478?transport=udp"
turn_user = "학생"
turn_password = "secret"
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[list[str], dict]]:
    """The page with a secrets file of this text: its errors, and what the video component is given."""
    file, given = tmp_path / ".streamlit" / "secrets.toml", {}
    file.parent.mkdir()
    before, original = config.get_option("secrets.files"), camera.webrtc_streamer

    def streamer(**settings: object) -> object:
        given.update(settings)
        return original(**settings)

    monkeypatch.setattr(camera, "webrtc_streamer", streamer)
    for name in ("STUN_URLS", "TURN_URLS", "TURN_USER", "TURN_PASSWORD", "TURN_ONLY"):
        monkeypatch.delenv(f"EMOTION_{name}", raising=False)

    def open_page(text: str) -> tuple[list[str], dict]:
        file.write_text(text, encoding="utf-8")
        config.set_option("secrets.files", [str(file)])
        st.secrets._reset()
        app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60).run()
        app.switch_page("pages/live.py").run()
        assert not app.exception
        return [str(each.value).replace("\\", "") for each in app.error], given

    yield open_page
    config.set_option("secrets.files", before)
    st.secrets._reset()


def test_the_browser_is_told_all_and_the_server_turn_alone(told) -> None:
    errors, given = told(WHOLE)
    turn = {"urls": ["turn:t.example:3478?transport=udp"], "username": "학생", "credential": "secret"}
    assert errors == []
    assert given["frontend_rtc_configuration"] == {
        "iceServers": [{"urls": ["stun:s.example:3478", "stun:t.example"]}, turn],
        "iceTransportPolicy": "all",
    }
    assert given["server_rtc_configuration"] == {"iceServers": [turn]}


def test_the_environment_wins_setting_by_setting(told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_STUN_URLS", "stun:mine.example")
    monkeypatch.setenv("EMOTION_TURN_PASSWORD", "better")
    monkeypatch.setenv("EMOTION_TURN_ONLY", "1")
    errors, given = told(WHOLE)
    stun, turn = given["frontend_rtc_configuration"]["iceServers"]
    assert errors == [] and stun == {"urls": ["stun:mine.example"]}
    assert (turn["username"], turn["credential"]) == ("학생", "better")
    assert given["frontend_rtc_configuration"]["iceTransportPolicy"] == "relay"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[webrtc]\nturn_urls = 5", "“5” is no address of a turn server. Write it like turn:example.org:3478."),
        ('[webrtc]\nstun_urls = ["http://a"]', "“http://a” is no address of a stun server."),
        ('[webrtc]\nturn_urls = "turn:a.example"', "A TURN server is set, but no user and password for it."),
        ('[webrtc]\nturn_only = "perhaps"', "EMOTION_TURN_ONLY is “perhaps”."),
        ('[webrtc]\nturn_url = "turn:a.example"', "“turn_url” in secrets.toml is not understood."),
        ('webrtc = "turn:a.example"', "“webrtc” in secrets.toml is not understood."),
        ("[webrtc]\nturn_urls = turn:a.example", "secrets.toml is no valid TOML."),
    ],
)
def test_a_malformed_value_is_one_sentence_and_the_video_can_start(told, text: str, says: str) -> None:
    (error,), given = told(text)
    assert says in error and "secret\n" not in error
    assert given["frontend_rtc_configuration"] == {"iceServers": [], "iceTransportPolicy": "all"}


def test_secrets_of_something_else_are_nobody_s_business(told) -> None:
    errors, given = told('[database]\nuser = "x"')
    assert errors == [] and given["frontend_rtc_configuration"]["iceServers"] == []
