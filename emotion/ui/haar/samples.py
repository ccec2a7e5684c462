"""The samples of AdaBoost as the pictures they are, each as large as its weight; they grow and shrink by and by."""

import base64

import cv2
import numpy as np
import streamlit as st

from emotion.haar.patches import Patches
from emotion.i18n import _

_CSS = """
.samples { font: 13px var(--st-font); color: var(--st-text-color); }
.samples .name { margin: 6px 0 4px; opacity: 0.75; }
.samples .group { display: flex; flex-wrap: wrap; gap: 3px; align-items: center; }
.samples .patch {
  flex: none; width: 30px; height: 30px; border-radius: 4px; box-sizing: border-box; image-rendering: pixelated;
  border: 1px solid transparent; background-repeat: no-repeat; transition: width 0.5s, height 0.5s, border-color 0.3s;
}
.samples .patch.wrong { border: 3px solid #D55E00; }
"""

_JS = """
function build(root, data) {
  const box = document.createElement("div");
  box.className = "samples";
  root.patches = [];
  for (const [number, group] of data.groups.entries()) {
    const name = document.createElement("div"), place = document.createElement("div");
    name.className = "name";
    name.textContent = data.names[number];
    place.className = "group";
    for (let count = 0; count < group; count++) {
      const patch = document.createElement("div"), at = root.patches.length;
      patch.className = "patch";
      patch.setAttribute("role", "img");
      patch.style.backgroundImage = `url(${data.sprite})`;
      patch.style.backgroundSize = `100% ${100 * data.weights.length}%`;
      patch.style.backgroundPosition = `0 ${(100 * at) / Math.max(data.weights.length - 1, 1)}%`;
      root.patches.push(patch);
      place.append(patch);
    }
    box.append(name, place);
  }
  const old = root.querySelector(".samples");
  old ? old.replaceWith(box) : root.append(box);
  root.sprite = data.sprite;
}

export default function ({ data, parentElement: root }) {
  if (root.sprite !== data.sprite || !root.querySelector(".samples")) build(root, data);
  root.querySelectorAll(".name").forEach((name, number) => (name.textContent = data.names[number]));
  for (const [number, patch] of root.patches.entries()) {
    // The area is the weight: as one sample gains, the others lose, and all together stay as large as they are.
    const side = Math.min(Math.max(30 * Math.sqrt(data.weights[number] * data.weights.length), 4), 120);
    patch.style.width = patch.style.height = `${side}px`;
    patch.classList.toggle("wrong", data.wrong[number]);
    patch.title = `${(100 * data.weights[number]).toFixed(2)}%`;
    patch.setAttribute("aria-label", patch.title);
  }
}
"""

_samples = st.components.v2.component("boosting_samples", css=_CSS, js=_JS)


def show(patches: Patches, faces: np.ndarray, weights: np.ndarray, wrong: np.ndarray) -> None:
    """The patches, the faces (``faces`` bool (N,)) first; ``weights`` float (N,) sum up to 1, ``wrong`` bool (N,)."""
    count = int(faces.sum())
    order = np.argsort(~faces, kind="stable")
    strip = cv2.imencode(".png", patches.gray[order].reshape(-1, patches.shape[1]))[1]
    _samples(
        key="haar.samples",
        data={
            "sprite": f"data:image/png;base64,{base64.b64encode(strip.tobytes()).decode()}",
            "groups": [count, len(faces) - count],
            "names": [_("Faces"), _("Other patches")],
            "weights": weights[order].tolist(),
            "wrong": wrong[order].tolist(),
        },
    )
