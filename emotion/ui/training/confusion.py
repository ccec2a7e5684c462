"""The validation confusion matrix of every epoch, as a picture that plays."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from emotion.i18n import _

_CSS = """
.confusion { font: 13px var(--st-font); color: var(--st-text-color); }
.controls { display: flex; align-items: center; gap: 10px; margin-bottom: 8px; }
.controls button {
  width: 34px; height: 34px; border-radius: 50%; border: 1px solid var(--st-border-color); cursor: pointer;
  background: var(--st-secondary-background-color); color: var(--st-text-color); font-size: 13px; flex: none;
}
.controls button:hover, .controls button:focus-visible { border-color: var(--st-primary-color); outline: none; }
.controls input { flex: 1; min-width: 60px; accent-color: var(--st-primary-color); }
.controls output { font-variant-numeric: tabular-nums; white-space: nowrap; }
.grid { display: grid; gap: 2px; }
.grid div { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.name { font-size: 12px; align-self: center; text-align: right; padding-right: 6px; white-space: nowrap; }
.name.top { text-align: center; padding: 0 0 2px; font-size: 11px; letter-spacing: -0.02em; }
.cell {
  display: grid; place-items: center; min-height: 30px; border-radius: 4px; font-variant-numeric: tabular-nums;
  transition: background-color 0.45s; border: 1px solid color-mix(in srgb, var(--st-border-color) 60%, transparent);
}
.cell.right { border-color: var(--st-text-color); }
.axes { font-size: 12px; opacity: 0.75; margin: 0 0 4px; text-align: right; }
"""

# Called at every poll while the run is watched: what plays goes on, and a new epoch only makes the slider longer.
_JS = """
const make = (tag, name, text) => {
  const element = document.createElement(tag);
  element.className = name;
  if (text) element.textContent = text;
  return element;
};

function build(root, data) {
  const box = make("div", "confusion"), controls = make("div", "controls"), grid = make("div", "grid");
  const play = make("button", "play"), slider = make("input", "epoch"), label = make("output", "label");
  slider.type = "range";
  slider.min = 0;
  slider.setAttribute("aria-label", data.words.epoch);
  controls.append(play, slider, label);
  box.append(controls, make("div", "axes", data.words.axes), grid);
  grid.style.gridTemplateColumns = `minmax(0, max-content) repeat(${data.names.length}, minmax(0, 1fr))`;
  grid.append(make("div", "name"));
  for (const name of data.names) grid.append(Object.assign(make("div", "top name", name), { title: name }));
  const cells = data.names.map((name, row) => {
    grid.append(Object.assign(make("div", "name", name), { title: name }));
    return data.names.map((_, column) => {
      const cell = make("div", row === column ? "cell right" : "cell");
      grid.append(cell);
      return cell;
    });
  });
  const old = root.querySelector(".confusion");
  old ? old.replaceWith(box) : root.append(box);
  return { play, slider, label, cells, place: -1, timer: 0, follow: true };
}

function draw(view, place) {
  const { data } = view, counts = data.counts[place];
  view.place = place;
  view.slider.value = place;
  const kept = data.epochs[place] === data.kept ? ` · ${data.words.kept}` : "";
  view.label.textContent = `${data.words.epoch} ${data.epochs[place]}${kept}`;
  view.cells.forEach((cells, row) => {
    const all = counts[row].reduce((sum, count) => sum + count, 0);
    cells.forEach((cell, column) => {
      const share = all ? counts[row][column] / all : 0, percent = Math.round(100 * share);
      cell.style.backgroundColor = `color-mix(in srgb, #2F8FD8 ${percent}%, transparent)`;
      cell.style.color = share > 0.55 ? "#FFFFFF" : "";
      cell.textContent = percent || "";
      cell.title = `${data.names[row]} → ${data.names[column]}: ${counts[row][column]} / ${all}`;
    });
  });
}

function stop(view) {
  clearInterval(view.timer);
  view.timer = 0;
  view.play.textContent = "▶";
  view.play.setAttribute("aria-label", view.data.words.play);
}

function start(view, root) {
  const step = () => {
    const last = view.data.epochs.length - 1;
    if (!root.isConnected || view.place >= last) return stop(view);
    draw(view, view.place + 1);
    view.follow = view.place === last;
  };
  if (view.follow || view.place >= view.data.epochs.length - 1) draw(view, 0);
  view.follow = false;
  view.play.textContent = "❚❚";
  view.play.setAttribute("aria-label", view.data.words.pause);
  view.timer = setInterval(step, Math.max(150, Math.min(700, 8000 / view.data.epochs.length)));
}

export default function ({ data, parentElement: root }) {
  const shape = JSON.stringify([data.run, data.names, data.words]);
  const state = shape + data.epochs.length + ":" + data.epochs.at(-1) + ":" + data.kept;
  if (root.state === state) return;
  if (root.shape !== shape) {
    if (root.view) clearInterval(root.view.timer);
    const view = (root.view = build(root, data));
    view.slider.oninput = () => {
      stop(view);
      draw(view, Number(view.slider.value));
      view.follow = view.place === view.data.epochs.length - 1;
    };
    view.play.onclick = () => (view.timer ? stop(view) : start(view, root));
  }
  Object.assign(root, { state, shape });
  const view = root.view, last = data.epochs.length - 1;
  view.data = data;
  view.slider.max = last;
  if (!view.timer) stop(view);
  if (view.timer && view.place <= last) return;
  const newest = data.kept ? data.epochs.indexOf(data.kept) : last;
  draw(view, view.follow ? newest : Math.min(view.place, last));
}
"""

_AT_MOST = 120
"""Epochs that are played, evenly picked of more: the browser gets all of them at every look."""
_player = st.components.v2.component("training_confusion", css=_CSS, js=_JS)


def player(
    run: str, names: Sequence[str], confusions: Mapping[int, np.ndarray], key: str, kept: int | None = None
) -> None:
    """Show the matrices of ``Run.confusions``, the newest first until somebody moves the slider; Play begins anew.

    Of a run that has ended that of the epoch whose weights were ``kept`` comes first. ``names`` are the classes as
    people read them. A cell's colour and number are the share of its row in percent.
    """
    epochs = [epoch for epoch in sorted(confusions) if confusions[epoch].shape == (len(names), len(names))]
    if not epochs:
        return
    picked = {*epochs[:: -(-len(epochs) // _AT_MOST)], epochs[-1], kept}
    epochs = [epoch for epoch in epochs if epoch in picked]
    words = {
        "epoch": _("Epoch"),
        "kept": _("kept"),
        "play": _("Play"),
        "pause": _("Pause"),
        "axes": _("down: true class · across: the network’s answer · % of the row"),
    }
    counts = [confusions[epoch].tolist() for epoch in epochs]
    data = {"run": run, "names": list(names), "epochs": epochs, "counts": counts, "words": words}
    _player(key=key, data=data | {"kept": kept if kept in epochs else None})
