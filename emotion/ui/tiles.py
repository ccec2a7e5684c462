"""A wall of small pictures that can be clicked."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape

import streamlit as st

_CSS = """
.wall { display: grid; gap: 6px; grid-template-columns: repeat(auto-fill, minmax(var(--side), 1fr)); }
.tile {
  position: relative; display: flex; flex-direction: column; padding: 0; border: 2px solid transparent;
  border-radius: 8px; overflow: hidden; background: var(--st-secondary-background-color);
  color: var(--st-text-color); font: 12px var(--st-font); text-align: center;
}
button.tile { cursor: pointer; }
button.tile:hover, button.tile:focus-visible { border-color: var(--st-primary-color); outline: none; }
.tile.picked { border-color: var(--st-primary-color); box-shadow: 0 0 0 2px var(--st-primary-color); }
.tile img { width: 100%; aspect-ratio: 1; object-fit: contain; display: block; }
.tile img.small { image-rendering: pixelated; }
.tile .broken { display: grid; place-items: center; width: 100%; aspect-ratio: 1; font-size: 24px; opacity: 0.6; }
.tile .caption { padding: 2px 4px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.groups { display: flex; flex-wrap: wrap; gap: 12px; }
.group {
  display: flex; flex-wrap: wrap; gap: 4px; padding: 5px; border: 1px solid var(--st-border-color); border-radius: 10px;
}
.group .tile { width: var(--side); }
.tile .stripe { height: 4px; width: 100%; flex: none; }
"""

# Texts go in as text and attributes, never as HTML: names of files and classes may hold anything.
_JS = """
export default function ({ data, parentElement, setStateValue }) {
  const old = parentElement.querySelector(".wall, .groups");
  const wall = document.createElement("div");
  wall.className = data.groups ? "groups" : "wall";
  wall.style.setProperty("--side", `${data.side}px`);
  const ends = data.groups ? [...data.groups] : [];
  let place = wall;
  for (const [number, tile] of data.tiles.entries()) {
    if (data.groups && (number === 0 || number === ends[0])) {
      if (number) ends.shift();
      place = document.createElement("div");
      place.className = "group";
      wall.append(place);
    }
    const element = document.createElement(data.clickable ? "button" : "div");
    element.className = "tile";
    element.title = tile.tip;
    if (data.clickable) element.setAttribute("aria-label", tile.tip);
    if (tile.name === data.picked) element.classList.add("picked");
    let picture;
    if (tile.source) {
      picture = document.createElement("img");
      picture.alt = tile.tip;
      picture.src = tile.source;
      picture.onload = () => picture.classList.toggle("small", picture.naturalWidth <= 64);
    } else {
      picture = document.createElement("div");
      picture.className = "broken";
      picture.textContent = "⚠";
    }
    element.append(picture);
    if (tile.caption) {
      const caption = document.createElement("div");
      caption.className = "caption";
      caption.textContent = tile.caption;
      element.append(caption);
    }
    const stripe = document.createElement("div");
    stripe.className = "stripe";
    stripe.style.background = tile.colour;
    element.append(stripe);
    if (data.clickable) element.onclick = () => {
      wall.querySelector(".picked")?.classList.remove("picked");
      element.classList.add("picked");
      setStateValue("picked", tile.name);
    };
    place.append(element);
  }
  old ? old.replaceWith(wall) : parentElement.append(wall);
}
"""

_wall = st.components.v2.component("image_tiles", css=_CSS, js=_JS)


@dataclass(frozen=True)
class Tile:
    """A picture: what ``wall`` answers when it is clicked, its encoded bytes (b"" shows a warning sign), the tip that
    hovering shows, the colour of its stripe, and a caption if any."""

    name: int
    picture: bytes
    tip: str
    colour: str
    caption: str = ""


def wall(
    tiles: Sequence[Tile],
    key: str,
    side: int = 64,
    clickable: bool = True,
    groups: Sequence[int] | None = None,
) -> int | None:
    """Show ``tiles``, each at least ``side`` pixels wide; the name of the one that was clicked last, if it is there.

    ``groups`` are the positions where groups end, to be framed together; the last is the number of tiles.
    """
    picked = (st.session_state.get(key) or {}).get("picked")
    data = {
        "tiles": [_as_data(tile) for tile in tiles],
        "side": side,
        "picked": picked,
        "clickable": clickable,
        "groups": None if groups is None else list(groups),
    }
    state = _wall(key=key, data=data, on_picked_change=lambda: None)
    return next((tile.name for tile in tiles if tile.name == state.picked), None)


def legend(meanings: Sequence[tuple[str, str]]) -> None:
    """What the colours of stripes mean, in a line: (name, colour) of each."""
    square = '<i style="display:inline-block;width:10px;height:10px;border-radius:2px;background:{}"></i>'
    named = (f"<span>{square.format(colour)} {escape(name)}</span>" for name, colour in meanings)
    style = "display:flex;flex-wrap:wrap;gap:2px 14px;font-size:14px"
    st.html(f'<div style="{style}">{"".join(named)}</div>')


def _as_data(tile: Tile) -> dict[str, object]:
    kind = "png" if tile.picture[:1] == b"\x89" else "jpeg"
    source = f"data:image/{kind};base64,{base64.b64encode(tile.picture).decode()}" if tile.picture else ""
    return {**asdict(tile), "picture": None, "source": source}
