"""A picture that answers where it was clicked."""

import base64
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import streamlit as st

from emotion.i18n import _

_CSS = """
.spot { position: relative; cursor: crosshair; line-height: 0; border-radius: 8px; overflow: hidden; outline: none; }
.spot:focus-visible { box-shadow: 0 0 0 3px var(--st-primary-color); }
.spot img { width: 100%; display: block; }
.spot svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.spot rect { fill: none; vector-effect: non-scaling-stroke; }
.spot .under { stroke: #000; stroke-width: 5; }
.spot .over { stroke: #fff; stroke-width: 2.5; }
.spot circle { fill: #fff; stroke: #000; vector-effect: non-scaling-stroke; stroke-width: 1.5; }
"""

# The arrow keys move the place too, by a fiftieth of the picture.
_JS = """
const SVG = "http://www.w3.org/2000/svg";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function add(svg, tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  svg.append(element);
  return element;
}

export default function ({ data, parentElement, setStateValue }) {
  const old = parentElement.querySelector(".spot");
  const spot = document.createElement("div");
  // The same picture is taken over: a new one would flicker while it loads.
  const image = old?.querySelector("img") ?? document.createElement("img");
  const svg = document.createElementNS(SVG, "svg");
  spot.className = "spot";
  spot.tabIndex = 0;
  spot.setAttribute("role", "button");
  spot.setAttribute("aria-label", data.words);
  image.alt = data.words;
  if (image.src !== data.source) image.src = data.source;
  spot.style.aspectRatio = `${data.width} / ${data.height}`;
  svg.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
  for (const [x0, y0, x1, y1] of data.boxes)
    for (const name of ["under", "over"])
      add(svg, "rect", { class: name, x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
  let [x, y] = data.place;
  const dot = add(svg, "circle", { cx: x, cy: y, r: data.width / 110 });
  const go = (right, down) => {
    x = Math.round(Math.min(Math.max(right, 0), data.width - 1));
    y = Math.round(Math.min(Math.max(down, 0), data.height - 1));
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y);
    setStateValue("place", [x, y]);
  };
  spot.onclick = (event) => {
    const frame = spot.getBoundingClientRect();
    go(((event.clientX - frame.left) / frame.width) * data.width,
       ((event.clientY - frame.top) / frame.height) * data.height);
  };
  spot.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    go(x + (step[0] * data.width) / 50, y + (step[1] * data.width) / 50);
  };
  spot.append(image, svg);
  const focused = old && (old.getRootNode().activeElement === old);
  old ? old.replaceWith(spot) : parentElement.append(spot);
  if (focused) spot.focus({ preventScroll: true });
}
"""

_spot = st.components.v2.component("haar_spot", css=_CSS, js=_JS)


def spot(
    rgb: np.ndarray,
    boxes: Sequence[Sequence[int]],
    place: tuple[int, int],
    key: str,
    clicked: Callable[[int, int], None],
) -> None:
    """A picture, rgb uint8 (H, W, 3), with ``boxes`` (``xyxy``) and a ``place`` (x, y) on it.

    ``clicked`` is told (x, y) in the picture's pixels when another place is clicked.
    """
    data = {
        "source": jpeg(rgb),
        "width": rgb.shape[1],
        "height": rgb.shape[0],
        "boxes": [list(box) for box in boxes],
        "place": list(place),
        "words": _("The photo: click a place to see which window stands there"),
    }

    def tell() -> None:
        if found := (st.session_state.get(key) or {}).get("place"):
            clicked(*(int(value) for value in found))

    _spot(key=key, data=data, on_place_change=tell)


def jpeg(rgb: np.ndarray) -> str:
    """A picture, rgb or gray uint8, as the address of a picture that a browser shows."""
    picture = rgb if rgb.ndim == 2 else cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
