"""Why no video comes: advice on what the video component says, and a test of each step on the way."""

from typing import Any

import streamlit as st

from emotion.i18n import N_, _
from emotion.live.ice import IceServers
from emotion.ui.live.camera import servers

# Each step on the way of a video, as the browser sees it. The last one sends a word from one end of a connection to
# another through everything that a real video needs; with TURN alone, through that server.
_SCRIPT = """
export default function ({ data, parentElement, setStateValue }) {
  if (!data.run || parentElement.lastRun === data.run) return;
  parentElement.lastRun = data.run;
  const report = {};
  const tell = (step, found) => { report[step] = found; setStateValue("report", { run: data.run, ...report }); };
  const wait = (seconds, found) => new Promise((resolve) => setTimeout(() => resolve(found), seconds * 1000));

  const camera = async () => {
    if (!navigator.mediaDevices?.getUserMedia) return "Insecure";
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      stream.getTracks().forEach((track) => track.stop());
      return "ok";
    } catch (error) {
      return error.name;
    }
  };
  const candidates = async (configuration) => {
    const kinds = new Set();
    const peer = new RTCPeerConnection(configuration);
    const done = new Promise((resolve) => {
      peer.onicecandidate = ({ candidate }) => candidate ? kinds.add(candidate.type) : resolve();
    });
    peer.createDataChannel("test");
    await peer.setLocalDescription(await peer.createOffer());
    await Promise.race([done, wait(8)]);
    peer.close();
    return kinds;
  };
  const connection = async (configuration) => {
    const [left, right] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)];
    const opened = new Promise((resolve) => { left.createDataChannel("test").onopen = () => resolve("ok"); });
    left.onicecandidate = ({ candidate }) => candidate && right.addIceCandidate(candidate);
    right.onicecandidate = ({ candidate }) => candidate && left.addIceCandidate(candidate);
    await left.setLocalDescription(await left.createOffer());
    await right.setRemoteDescription(left.localDescription);
    await right.setLocalDescription(await right.createAnswer());
    await left.setRemoteDescription(right.localDescription);
    const found = await Promise.race([opened, wait(10, "timeout")]);
    left.close();
    right.close();
    return found;
  };
  const steps = async () => {
    tell("origin", window.isSecureContext ? "ok" : "Insecure");
    tell("camera", await Promise.race([camera(), wait(30, "NoAnswer")]));
    if (!window.RTCPeerConnection) return tell("connection", "missing");
    if (data.stun || data.turn) {
      const kinds = await candidates(data.configuration);
      // Where only TURN may be used, the browser does not ask the STUN server.
      if (data.stun && !data.only) tell("stun", kinds.has("srflx") ? "ok" : "none");
      if (data.turn) tell("turn", kinds.has("relay") ? "ok" : "none");
    }
    tell("connection", await connection(data.configuration));
  };
  steps().catch((error) => tell("connection", String(error)));
}
"""
_component = st.components.v2.component("emotion_live_selftest", js=_SCRIPT)

_STEPS = {
    "origin": N_("The page may use the camera (https or localhost)"),
    "camera": N_("The camera gives a picture"),
    "stun": N_("The STUN server answers"),
    "turn": N_("The TURN server answers"),
    "connection": N_("The browser makes a video connection"),
}
_ADVICE = {
    "Insecure": N_(
        "Browsers give the camera only to pages with https and to localhost. Open the app as localhost on the "
        "computer it runs on, put it behind https – or choose the built-in clip above."
    ),
    "NotAllowedError": N_(
        "The browser did not get the camera. Click the camera or lock sign in the address bar, allow the camera, "
        "then press START again – or choose the built-in clip above."
    ),
    "NotFoundError": N_("No camera was found. Connect one and press START again, or choose the built-in clip above."),
    "NotReadableError": N_(
        "The camera is busy. Close other programs that use it (Zoom, Teams, another tab) and press START again."
    ),
    "NoAnswer": N_("The browser still asks whether the page may use the camera. Look for its question and allow it."),
}
_NO_CONNECTION = {
    "stun": N_(
        "No answer came. Check the address in EMOTION_STUN_URLS, and that the network lets UDP out. Within one "
        "network the video works without it."
    ),
    "turn": N_(
        "No answer came, or user and password are wrong. Check EMOTION_TURN_URLS, EMOTION_TURN_USER and "
        "EMOTION_TURN_PASSWORD, and that its port is open; turns: with port 443 passes most firewalls."
    ),
    "connection": N_(
        "The browser could not connect even to itself (ICE). An add-on, a VPN or a policy may block WebRTC: try "
        "another browser or a private window; where UDP is blocked, set up a TURN server (see the README)."
    ),
}
# Parts of the component's error messages → which advice.
_SIGNS = {"NotAllowed": "NotAllowedError", "NotFound": "NotFoundError", "NotReadable": "NotReadableError",
          "mediaDevices": "Insecure"}  # fmt: skip


def show_trouble(trouble: str) -> None:
    """Say in a sentence what the error that the video component shows means, and what to do."""
    if not trouble:
        return
    if "Connection" in trouble:
        text = _(
            "The connection takes long. Press STOP, then START again; from another computer the network may block it: "
            "“No video?” under “Camera” finds out where."
        )
    else:
        sign = next((name for part, name in _SIGNS.items() if part in trouble), "")
        text = (
            _(_ADVICE[sign])
            if sign
            else _("The video could not start. Press START again or choose the built-in clip above.")
        )
    st.warning(text, icon="📷")


def show() -> None:
    """A button that tests each step in the reader's browser; what fails, and what to do about it."""
    st.caption(
        _(
            "No video, or only a spinning wheel? This tries each step between your camera and the server, in your own "
            "browser, in a few seconds."
        )
    )
    if st.button(_("Test the connection"), key="live.selftest.start", icon=":material/network_check:"):
        st.session_state["live.selftest.run"] = st.session_state.get("live.selftest.run", 0) + 1
    run = st.session_state.get("live.selftest.run", 0)
    ice = servers()
    urls = [url for server in ice.browser for url in server["urls"]]
    data = {
        "run": run,
        "configuration": {"iceServers": ice.browser, "iceTransportPolicy": ice.policy},
        "stun": any(url.startswith("stun") for url in urls),
        "turn": any(url.startswith("turn") for url in urls),
        "only": ice.policy == "relay",
    }
    report = dict(_component(key="live.selftest", data=data, on_report_change=lambda: None).report or {})
    if run and report.get("run") == run:
        _show_report(report, ice)
    elif run:
        st.caption(_("Testing …"))


def _show_report(report: dict[str, Any], ice: IceServers) -> None:
    for step, name in _STEPS.items():
        if step in report:
            good = report[step] == "ok"
            mark = ":green[:material/check_circle:]" if good else ":red[:material/error:]"
            st.markdown(" ".join([mark, _(name)]))
            if not good:
                st.warning(_advice(step, str(report[step])))
    if "connection" not in report:
        st.caption(_("Testing …"))
    elif all(found == "ok" for step, found in report.items() if step != "run"):
        st.success(_("Everything works in this browser: press START."))
        if not ice.server:
            st.caption(
                _("If no video comes from another computer, the network between blocks it: set up a TURN server.")
            )


def _advice(step: str, found: str) -> str:
    if step in _NO_CONNECTION:
        return _(_NO_CONNECTION[step])
    return _(_ADVICE.get(found, N_("The camera could not start. Take it out, plug it in again, and test once more.")))
