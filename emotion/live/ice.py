"""The STUN and TURN servers by which a browser and this server find each other through a network.

On one machine none is needed. Set them in the environment, or under ``[webrtc]`` in Streamlit's ``secrets.toml``:

====================  ==========================================================================
EMOTION_STUN_URLS     ``stun:host:3478``; several with commas
EMOTION_TURN_URLS     ``turn:host:3478?transport=udp, turns:host:5349``; several with commas
EMOTION_TURN_USER     the TURN server's user
EMOTION_TURN_PASSWORD and its password
EMOTION_TURN_ONLY     ``1``: every picture goes through the TURN server, no address is shown
====================  ==========================================================================

In ``secrets.toml`` the names are ``stun_urls``, ``turn_urls``, ``turn_user``, ``turn_password`` and ``turn_only``; the
environment comes first, setting by setting.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emotion.errors import UserError

_SERVER = re.compile(r"(stuns?|turns?):(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?")


@dataclass(frozen=True)
class IceServers:
    """What each side is told, as ``RTCConfiguration`` wants it: ``browser`` and ``server`` are lists of servers.

    ``policy`` is the browser's: ``all``, or ``relay`` for TURN alone. The password stays out of ``repr``.
    """

    browser: list[dict[str, Any]] = field(default_factory=list, repr=False)
    server: list[dict[str, Any]] = field(default_factory=list, repr=False)
    policy: str = "all"


def ice_servers(secrets: object = None, environment: Mapping[str, str] | None = None) -> IceServers:
    """The servers that are set up; none where nothing is.

    The browser is told all. The server is told the TURN servers only: its own address is known, and a STUN server that
    does not answer would cost it five seconds at each start. ``secrets`` is what stands under ``webrtc``. Raises
    UserError for an address that is none, for a TURN server without user and password, and for secrets of another form.
    """
    table, environment = _table(secrets), os.environ if environment is None else environment
    found = {name: _setting(name, table, environment) for name in _NAMES}
    stun, turn = _addresses("stun", found["stun_urls"]), _addresses("turn", found["turn_urls"])
    if turn and not (found["turn_user"] and found["turn_password"]):
        raise UserError(
            "A TURN server is set, but no user and password for it. Set EMOTION_TURN_USER and EMOTION_TURN_PASSWORD."
        )
    relays = [{"urls": turn, "username": found["turn_user"], "credential": found["turn_password"]}] if turn else []
    only = _switch(found["turn_only"])
    if only and not turn:
        raise UserError("EMOTION_TURN_ONLY is set, but no TURN server. Set EMOTION_TURN_URLS, or take it away.")
    return IceServers([{"urls": stun}] * bool(stun) + relays, relays, "relay" if only else "all")


_NAMES = ("stun_urls", "turn_urls", "turn_user", "turn_password", "turn_only")
_ON, _OFF = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def _table(secrets: object) -> Mapping[str, Any]:
    """The secrets, where they are a table with names that are known: a slip in one would else go unnoticed."""
    if secrets is None:
        return {}
    wrong = "webrtc" if not isinstance(secrets, Mapping) else next((str(n) for n in secrets if n not in _NAMES), None)
    if wrong or not isinstance(secrets, Mapping):
        raise UserError(
            "“{found}” in secrets.toml is not understood. Write a table [webrtc] with {names}.",
            found=wrong,
            names=", ".join(_NAMES),
        )
    return secrets


def _switch(text: str) -> bool:
    if text.lower() not in _ON | _OFF:
        raise UserError("EMOTION_TURN_ONLY is “{found}”. Set 1 for TURN alone, or 0.", found=text)
    return text.lower() in _ON


def _setting(name: str, secrets: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    value = environment.get(f"EMOTION_{name.upper()}") or secrets.get(name, "")
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value).strip()


def _addresses(kind: str, text: str) -> list[str]:
    addresses = [part.strip() for part in text.split(",") if part.strip()]
    for address in addresses:
        if not _SERVER.fullmatch(address) or not address.startswith(kind):
            raise UserError(
                "“{found}” is no address of a {kind} server. Write it like {kind}:example.org:3478.",
                found=address,
                kind=kind,
            )
    return addresses
