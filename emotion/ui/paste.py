"""A box into which a picture is pasted from the clipboard, which Streamlit's own boxes do not take."""

import base64

import streamlit as st

from emotion.i18n import _

_CSS = """
.paste {
  display: grid; place-items: center; gap: 4px; min-height: 88px; padding: 12px; border-radius: 8px; cursor: pointer;
  border: 1px dashed var(--st-border-color); background: var(--st-secondary-background-color);
  color: var(--st-text-color); font: 14px var(--st-font); text-align: center;
}
.paste:hover, .paste:focus { border-color: var(--st-primary-color); outline: none; }
.paste small { opacity: 0.75; }
"""

# The browser makes large pictures smaller, or a screenshot of 20 megabytes would go through the page's connection.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector(".paste");
  if (!box) {
    box = document.createElement("div");
    box.className = "paste";
    box.tabIndex = 0;
    box.append(document.createElement("div"), document.createElement("small"));
    parentElement.append(box);
  }
  box.firstChild.textContent = data.title;
  box.lastChild.textContent = data.hint;
  const say = (text) => { box.lastChild.textContent = text; };

  const send = async (blob) => {
    try {
      const picture = await createImageBitmap(blob);
      const scale = Math.min(1, data.longest / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      say(data.hint);
      setTriggerValue("pasted", canvas.toDataURL("image/png").split(",")[1]);
    } catch {
      say(data.none);
    }
  };
  const onPaste = (event) => {
    const typing = event.target.closest?.("input, textarea, [contenteditable=true]");
    const item = [...(event.clipboardData?.items ?? [])].find((item) => item.type.startsWith("image/"));
    if (item) send(item.getAsFile());
    else if (!typing) say(data.none);
  };
  const onClick = async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((type) => type.startsWith("image/"));
        if (type) return send(await item.getType(type));
      }
      say(data.none);
    } catch {
      say(data.hint);  // Not every browser lets a page read the clipboard; the keys always work.
    }
  };
  document.addEventListener("paste", onPaste);
  box.onclick = onClick;
  return () => document.removeEventListener("paste", onPaste);
}
"""

_paste = st.components.v2.component("paste_picture", css=_CSS, js=_JS)


def paste_box(key: str, longest: int) -> bytes | None:
    """A box that takes a picture from the clipboard; its PNG bytes in the run that it was pasted in, else None.

    A picture with more than ``longest`` pixels along its longer side is made smaller.
    """
    data = {
        "title": _("Paste a picture: Ctrl + V"),
        "hint": _("Copy a picture anywhere first. On a Mac: ⌘ + V. A click on this box pastes too."),
        "none": _("There is no picture in the clipboard. Copy one, then paste again."),
        "longest": longest,
    }
    pasted = _paste(key=key, data=data, on_pasted_change=lambda: None).pasted
    return base64.b64decode(pasted) if pasted else None
