"""What only the browser knows of the video: the keys ESC and SPACE, and why a camera did not start."""

from collections.abc import Callable

import streamlit as st

# After a click on START the focus is inside the component's iframe, so that the page's own document never hears a key.
# The iframe is of the same origin: its document is listened to as well, and the error it shows is read from it.
_SCRIPT = """
export default function ({ parentElement, setTriggerValue, setStateValue }) {
  if (parentElement.stopWatching) parentElement.stopWatching();  // Called again at every rerun of the page.
  const heard = new Set();
  let trouble = "";

  const frames = () => [...document.querySelectorAll('iframe[src*="streamlit_webrtc"]')];
  const plays = () => frames().some((frame) => frame.contentDocument?.querySelector("video")?.videoWidth);
  // SPACE that presses a button of the page or writes is not meant for the video. Within the iframe it is: there the
  // focus is on STOP, which nobody means to press.
  const isBusy = (target) => target.ownerDocument === document &&
    target.closest?.('input, textarea, select, button, a, summary, [contenteditable=true], [role=slider], [role=tab]');
  const isSnapshot = (event) => event.key === " " && !isBusy(event.target) && plays();

  const onKey = (event) => {
    // ESC that closes an open list, dialog or menu is not meant for the video.
    const open = document.querySelector('[role="listbox"], [role="dialog"], [data-baseweb="popover"]');
    if (event.key === "Escape" && !event.repeat && !open) setTriggerValue("escape", true);
    if (isSnapshot(event)) {
      event.preventDefault();  // It would scroll the page.
      if (!event.repeat) setTriggerValue("space", true);
    }
  };
  const onKeyUp = (event) => {
    if (isSnapshot(event)) event.preventDefault();  // On this a focused button counts as pressed.
  };
  const listen = (target) => {
    if (heard.has(target)) return;
    heard.add(target);
    target.addEventListener("keydown", onKey, true);
    target.addEventListener("keyup", onKeyUp, true);
  };
  const look = () => {
    let found = "";
    for (const frame of frames()) {
      const inside = frame.contentDocument;
      if (!inside) continue;
      listen(inside);
      const alert = inside.querySelector('[role="alert"]');
      if (alert) found = alert.textContent;
    }
    if (found !== trouble) setStateValue("trouble", (trouble = found));
  };
  listen(document);
  look();
  const timer = setInterval(look, 400);  // The iframe comes, goes and reloads without telling.
  parentElement.stopWatching = () => {
    clearInterval(timer);
    for (const target of heard) {
      target.removeEventListener("keydown", onKey, true);
      target.removeEventListener("keyup", onKeyUp, true);
    }
  };
  return parentElement.stopWatching;
}
"""

_component = st.components.v2.component("emotion_live_watch", js=_SCRIPT)


def watch_browser(key: str, on_escape: Callable[[], None], on_space: Callable[[], None]) -> str:
    """Call back when ESC or SPACE is pressed on the page; return the error that the video component shows, or ""."""
    result = _component(
        key=key,
        on_escape_change=on_escape,
        on_space_change=on_space,
        on_trouble_change=lambda: None,
        height=1,
    )
    return str(result.trouble or "")
