"""The scanning window at work, as a picture that plays: layer after layer, a colour for how deep each window came."""

import base64
import math

import streamlit as st

from emotion.haar.scan import Scan
from emotion.i18n import _
from emotion.plots.cascade_pictures import depth_colours
from emotion.ui.haar.spot import jpeg

_AT_MOST = 40_000  # Windows that are played, evenly picked of more: nobody watches half a million.
_CSS = """
.scan { font: 13px var(--st-font); color: var(--st-text-color); }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; margin-bottom: 8px; }
.controls button {
  width: 38px; height: 38px; border-radius: 50%; border: 1px solid var(--st-border-color); cursor: pointer;
  background: var(--st-secondary-background-color); color: var(--st-text-color); font-size: 14px; flex: none;
}
.controls button:hover, .controls button:focus-visible { border-color: var(--st-primary-color); outline: none; }
.controls .place { flex: 4; min-width: 120px; accent-color: var(--st-primary-color); }
.controls .speed { width: 90px; accent-color: var(--st-primary-color); }
.controls label { display: flex; align-items: center; gap: 6px; }
.scan output { font-variant-numeric: tabular-nums; display: block; margin: 6px 0; min-height: 1.4em; }
.scan canvas { width: 100%; display: block; border-radius: 8px; }
.scan canvas.pyramid { margin-top: 4px; border-radius: 0; }
"""

# The trail is a canvas of its own with a pixel for each window: enlarged, it lies on the photo as the windows' middles.
_JS = """
const SPEEDS = [1, 4, 16, 64, 256];
const make = (tag, name, more) => Object.assign(document.createElement(tag), { className: name, ...more });
const css = (rgb) => `rgb(${rgb.join(",")})`;

function build(root, data) {
  const box = make("div", "scan"), controls = make("div", "controls");
  const view = {
    data, at: 0, timer: 0,
    play: make("button", "play"),
    slider: make("input", "place", { type: "range", min: 0, max: data.count - 1, value: 0 }),
    speed: make("input", "speed", { type: "range", min: 0, max: SPEEDS.length - 1, value: 2 }),
    label: make("output", "label"),
    canvas: make("canvas", "photo", { width: data.width, height: data.height }),
    strip: make("canvas", "pyramid"),
    image: new Image(),
    trail: document.createElement("canvas"),
  };
  let first = 0;
  view.layers = data.layers.map((layer) => {
    const cells = new Int16Array(Uint8Array.from(atob(layer.reached), (letter) => letter.charCodeAt(0)).buffer);
    const made = { ...layer, cells, first };
    first += cells.length;
    return made;
  });
  const label = make("label", "", { textContent: data.words.speed });
  label.append(view.speed);
  view.slider.setAttribute("aria-label", data.words.place);
  controls.append(view.play, view.slider, label);
  box.append(controls, view.canvas, view.label, view.strip);
  const old = root.querySelector(".scan");
  old ? old.replaceWith(box) : root.append(box);
  view.image.onload = () => draw(view);
  view.image.src = data.source;
  return view;
}

const layerAt = (view) => view.layers.findLast((layer) => layer.first <= view.at);

function paint(view, layer) {
  const trail = view.trail, done = view.at - layer.first;
  if (view.painted !== layer) Object.assign(trail, { width: layer.columns, height: layer.rows });
  const context = trail.getContext("2d");
  let from = view.painted === layer ? view.until : 0;
  if (done < from) {
    context.clearRect(0, 0, trail.width, trail.height);
    from = 0;
  }
  for (let cell = from; cell <= done; cell++) {
    context.fillStyle = css(view.data.colours[layer.cells[cell] + 1]);
    context.fillRect(cell % layer.columns, Math.floor(cell / layer.columns), 1, 1);
  }
  Object.assign(view, { painted: layer, until: done + 1 });
}

function draw(view) {
  const { data, canvas } = view, layer = layerAt(view), context = canvas.getContext("2d");
  const done = view.at - layer.first, depth = layer.cells[done];
  const x = (done % layer.columns) * layer.step, y = Math.floor(done / layer.columns) * layer.step;
  paint(view, layer);
  context.drawImage(view.image, 0, 0, data.width, data.height);
  context.fillStyle = "rgba(0,0,0,0.35)";
  context.fillRect(0, 0, data.width, data.height);
  context.globalAlpha = 0.65;
  context.imageSmoothingEnabled = false;
  context.drawImage(view.trail, layer.width / 2 - layer.step / 2, layer.height / 2 - layer.step / 2,
                    layer.columns * layer.step, layer.rows * layer.step);
  context.globalAlpha = 1;
  for (const [colour, width] of [["#fff", 6], [css(data.colours[depth + 1]), 3]]) {
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.strokeRect(x, y, layer.width, layer.height);
  }
  const number = view.layers.indexOf(layer);
  view.slider.value = view.at;
  view.label.textContent = data.words.label
    .replace("{layer}", number + 1).replace("{layers}", view.layers.length)
    .replace("{size}", `${Math.round(layer.width)} × ${Math.round(layer.height)}`) + " · " + said(data, depth);
  drawPyramid(view, number, x, y);
}

function said(data, depth) {
  if (depth < 0) return data.words.flat;
  return depth >= data.stages ? data.words.accepted : data.words.rejected.replace("{stage}", depth + 1);
}

function drawPyramid(view, current, x, y) {
  const { data, strip } = view, gap = 6, shown = view.layers.map((layer) => 1 / layer.scale);
  const whole = shown.reduce((sum, scale) => sum + data.width * scale + gap, 0);
  const scale = Math.min(0.3, data.width / whole);
  const height = Math.ceil(data.height * shown[0] * scale) + 4;
  Object.assign(strip, { width: data.width, height });
  const context = strip.getContext("2d");
  let left = 0;
  view.layers.forEach((layer, number) => {
    const part = shown[number] * scale, width = data.width * part, tall = data.height * part;
    context.globalAlpha = number === current ? 1 : 0.35;
    context.drawImage(view.image, left, height - tall - 2, width, tall);
    if (number === current) {
      Object.assign(context, { strokeStyle: "#E69F00", lineWidth: 2 });
      context.strokeRect(left + x * part, height - tall - 2 + y * part, layer.width * part, layer.height * part);
    }
    left += width + gap * scale;
  });
  context.globalAlpha = 1;
}

function stop(view) {
  cancelAnimationFrame(view.timer);
  view.timer = 0;
  view.play.textContent = "▶";
  view.play.setAttribute("aria-label", view.data.words.play);
}

function start(view, root) {
  const last = view.data.count - 1;
  if (view.at >= last) view.at = 0;
  view.play.textContent = "❚❚";
  view.play.setAttribute("aria-label", view.data.words.pause);
  const step = () => {
    if (!root.isConnected || view.at >= last) return stop(view);
    const layer = layerAt(view), end = layer.first + layer.cells.length - 1;
    // A layer is seen to its end before the next begins.
    view.at = Math.min(view.at + SPEEDS[view.speed.value], view.at < end ? end : end + 1);
    draw(view);
    view.timer = requestAnimationFrame(step);
  };
  view.timer = requestAnimationFrame(step);
}

export default function ({ data, parentElement: root }) {
  const state = data.key + JSON.stringify(data.words);
  if (root.state === state) return;
  if (root.view) stop(root.view);
  root.state = state;
  const view = (root.view = build(root, data));
  stop(view);
  view.slider.oninput = () => {
    stop(view);
    view.at = Number(view.slider.value);
    draw(view);
  };
  view.play.onclick = () => (view.timer ? stop(view) : start(view, root));
}
"""

_player = st.components.v2.component("haar_player", css=_CSS, js=_JS)


def player(scan: Scan, name: str, key: str) -> None:
    """Show a scan, that ``name`` tells from others, window by window; Play begins."""
    every = max(1, math.ceil(math.sqrt(len(scan.reached) / _AT_MOST)))
    layers = _layers(scan, every)
    words = {
        "play": _("Play"),
        "pause": _("Pause"),
        "speed": _("Speed"),
        "place": _("Window"),
        "label": _("round {layer} of {layers}: a window of {size} pixels"),
        "flat": _("too little contrast"),
        "accepted": _("accepted by every stage"),
        "rejected": _("rejected by stage {stage}"),
    }
    data = {
        "key": name, "source": jpeg(scan.gray), "width": scan.gray.shape[1], "height": scan.gray.shape[0],
        "layers": layers, "count": sum(layer["rows"] * layer["columns"] for layer in layers),
        "stages": len(scan.thresholds), "colours": depth_colours(len(scan.thresholds)).tolist(), "words": words,
    }  # fmt: skip
    _player(key=key, data=data)
    if every > 1:
        st.caption(_("Of each row and column, one window in {n} is played.").format(n=every))


def _layers(scan: Scan, every: int) -> list[dict]:
    """Each layer's windows, one in ``every`` across and down, with their size and distance in the picture."""
    found = []
    for layer, grid in zip(scan.layers, scan.grids, strict=True):
        thin, scale = grid[::every, ::every].astype("<i2"), float(layer.scale)
        found.append({
            "rows": thin.shape[0], "columns": thin.shape[1], "step": layer.step * every * scale, "scale": scale,
            "width": layer.window[0] * scale, "height": layer.window[1] * scale,
            "reached": base64.b64encode(thin.tobytes()).decode(),
        })  # fmt: skip
    return found
