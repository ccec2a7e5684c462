"""What only the browser knows of the video: the ESC key, and why a camera did not start."""

from typing import Any

import streamlit as st

# After a click on START the focus is inside the component's iframe, so that the page's own document never hears ESC.
# The iframe is of the same origin: its document is listened to as well, and the error it shows is read from it.
_SCRIPT = """
export default function ({ parentElement, setTriggerValue, setStateValue }) {
  if (parentElement.stopWatching) parentElement.stopWatching();  // Called again at every rerun of the page.
  const heard = new Set();
  let trouble = "";

  const onKey = (event) => {
    // ESC that closes an open list, dialog or menu is not meant for the video.
    const open = document.querySelector('[role="listbox"], [role="dialog"], [data-baseweb="popover"]');
    if (event.key === "Escape" && !event.repeat && !open) setTriggerValue("key", "Escape");
  };
  const listen = (target) => {
    if (heard.has(target)) return;
    heard.add(target);
    target.addEventListener("keydown", onKey, true);
  };
  const look = () => {
    let found = "";
    for (const frame of document.querySelectorAll('iframe[src*="streamlit_webrtc"]')) {
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
    heard.forEach((target) => target.removeEventListener("keydown", onKey, true));
  };
  return parentElement.stopWatching;
}
"""

_component = st.components.v2.component("emotion_live_watch", js=_SCRIPT)


def watch_browser(key: str, on_escape: Any) -> str:
    """Call ``on_escape`` when ESC is pressed on the page; return the error that the video component shows, or ""."""
    result = _component(key=key, on_key_change=on_escape, on_trouble_change=lambda: None, height=1)
    return str(result.trouble or "")
