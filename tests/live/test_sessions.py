import pytest

from emotion.errors import UserError
from emotion.live import sessions
from emotion.live.ice import ice_servers
from emotion.live.sessions import Places, sessions_at_most


def test_the_limit_is_the_cores_or_what_is_set(monkeypatch):
    monkeypatch.delenv("EMOTION_MAX_SESSIONS", raising=False)
    assert sessions_at_most() >= 1
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", " 7 ")
    assert sessions_at_most() == 7
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "²")
    with pytest.raises(UserError, match="Set a whole number"):
        sessions_at_most()
    for wrong in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("EMOTION_MAX_SESSIONS", wrong)
        with pytest.raises(UserError, match=f"“{wrong}”"):
            sessions_at_most()


def test_a_place_is_kept_given_back_and_freed_when_nothing_is_heard(monkeypatch):
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "2")
    clock = [0.0]
    monkeypatch.setattr(sessions, "monotonic", lambda: clock[0])
    places = Places()
    assert places.take("a") and places.take("b") and places.take("a") and not places.take("c")
    places.leave("b")
    places.leave("b")
    assert places.take("c") and places.taken == 2
    clock[0] = 40
    assert places.take("a")
    clock[0] = 80  # Of c nothing was heard for 80 seconds, of a for 40.
    assert places.take("d") and places.taken == 2 and not places.take("c")


@pytest.mark.parametrize(("cores", "people", "crowding"), [(2, 1, 1), (2, 2, 2), (8, 3, 1), (8, 8, 2), (1, 0, 1)])
def test_two_cores_carry_one_session(cores, people, crowding, monkeypatch):
    monkeypatch.setenv("EMOTION_MAX_SESSIONS", "8")
    monkeypatch.setattr(sessions, "_cores", lambda: cores)
    places = Places()
    for key in range(people):
        places.take(key)
    assert places.crowding == crowding


def test_without_settings_there_are_no_helpers():
    found = ice_servers(environment={})
    assert (found.browser, found.server, found.policy) == ([], [], "all")


def test_the_browser_is_told_all_and_the_server_only_turn():
    environment = {
        "EMOTION_STUN_URLS": "stun:a.example:3478, stun:b.example",
        "EMOTION_TURN_URLS": "turn:t.example:3478?transport=udp,turns:[::1]:5349",
        "EMOTION_TURN_USER": "anna",
        "EMOTION_TURN_PASSWORD": "secret",
    }
    found = ice_servers(environment=environment)
    turn = {"urls": ["turn:t.example:3478?transport=udp", "turns:[::1]:5349"], "username": "anna"}
    assert found.browser == [
        {"urls": ["stun:a.example:3478", "stun:b.example"]},
        {**turn, "credential": "secret"},
    ]
    assert found.server == found.browser[1:] and "secret" not in repr(found)
    assert ice_servers(environment={**environment, "EMOTION_TURN_ONLY": "1"}).policy == "relay"


def test_secrets_stand_back_behind_the_environment():
    secrets = {"turn_urls": ["turn:s.example"], "turn_user": "s", "turn_password": "p", "turn_only": True}
    found = ice_servers(secrets, {"EMOTION_TURN_USER": "e"})
    assert found.server == [{"urls": ["turn:s.example"], "username": "e", "credential": "p"}]
    assert found.policy == "relay"


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"EMOTION_STUN_URLS": "a.example:3478"}, "“a.example:3478” is no address of a stun server"),
        ({"EMOTION_STUN_URLS": "turn:a.example"}, "no address of a stun server"),
        ({"EMOTION_TURN_URLS": "turn:a b"}, "no address of a turn server"),
        ({"EMOTION_TURN_URLS": "turn:a.example"}, "no user and password"),
        ({"EMOTION_TURN_ONLY": "1"}, "no TURN server"),
        ({"EMOTION_TURN_ONLY": "perhaps"}, "“perhaps”. Set 1"),
    ],
)
def test_mistakes_are_explained(environment, says):
    with pytest.raises(UserError, match=says):
        ice_servers(environment=environment)


@pytest.mark.parametrize("secrets", ["turn:a.example", ["turn:a.example"], {"turn_url": "turn:a.example"}, 5])
def test_secrets_of_another_form_are_explained(secrets):
    with pytest.raises(UserError, match=r"in secrets\.toml is not understood. Write a table \[webrtc\] with stun_urls"):
        ice_servers(secrets, {})
