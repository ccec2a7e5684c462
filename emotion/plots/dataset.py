"""Figures of a dataset."""

from html import escape

import numpy as np
import plotly.graph_objects as go

from emotion.dataset.folder import Dataset
from emotion.dataset.importers.votes import CLASS_OF
from emotion.dataset.pixels import Images
from emotion.i18n import _, language
from emotion.labels import EMOTIONS, label_of
from emotion.plots.theme import GRAY, NAMES, finish

GRID_COLUMNS = 5
ROW_HEIGHT = 78  # Pixels.
_OPACITY = {"train": 1.0, "validation": 0.55, "test": 0.3}


def split_name(split: str) -> str:
    """The name of a split in the reader's language."""
    return {"train": _("train"), "validation": _("validation"), "test": _("test")}[split]


def class_counts(dataset: Dataset) -> go.Figure:
    """Images per class: a row for each class in its colour, as in ``sample_grid``, the splits one after the other."""
    labels = [label_of(key, position) for position, key in enumerate(dataset.classes)]
    names = [f"<b>{escape(label.name(language()))}</b>" for label in labels]
    counts = dataset.counts()
    figure = go.Figure()
    for split, shown in counts.items():
        style = {"opacity": _OPACITY[split], "legendgroup": split, "name": split_name(split)}
        tip = f"{split_name(split)}: " + _("%{x:,} images") + "<extra>%{y}</extra>"
        colours = [label.colour for label in labels]
        figure.add_bar(
            x=shown, y=names, orientation="h", marker_color=colours, hovertemplate=tip, showlegend=False, **style
        )
        figure.add_bar(x=[None], y=[names[0]], orientation="h", marker_color=GRAY, **style)
    totals = np.sum(list(counts.values()), axis=0)
    figure.add_scatter(
        x=totals, y=names, mode="text", text=[f" {n:,}" for n in totals], textposition="middle right", hoverinfo="skip",
        showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(title=_("images"), range=[0, max(totals.max(), 1) * 1.15], fixedrange=True)
    figure.update_yaxes(NAMES, autorange="reversed", fixedrange=True)
    figure.update_layout(barmode="stack", bargap=0.35)
    return finish(figure, max(ROW_HEIGHT * len(labels), 330))


def sample_grid(images: Images, classes: tuple[str, ...]) -> go.Figure:
    """Faces uint8 (N, H, W) in the deck's grid: a row for each class, its faces side by side, its name at the left."""
    height, width = images.pixels.shape[1:]
    gap = max(height // 8, 4)
    canvas = np.zeros((len(classes) * (height + gap), GRID_COLUMNS * (width + gap), 4), np.uint8)
    for label in range(len(classes)):
        for column, face in enumerate(images.pixels[images.labels == label][:GRID_COLUMNS]):
            top, left = label * (height + gap), column * (width + gap)
            canvas[top : top + height, left : left + width] = np.dstack([face] * 3 + [np.full_like(face, 255)])
    figure = go.Figure(go.Image(z=canvas, colormodel="rgba", hoverinfo="skip"))
    for position, key in enumerate(classes):
        known = label_of(key, position)
        figure.add_annotation(
            x=-gap,
            y=position * (height + gap) + height / 2,
            text=f"<b>{escape(known.name(language()))}</b>",
            font={"color": known.colour, "size": 14},
            xanchor="right",
            showarrow=False,
        )
    figure.update_xaxes(
        visible=False,
        fixedrange=True,
        range=[-width * 1.6, canvas.shape[1]],
        constrain="domain",
        constraintoward="left",
    )
    figure.update_yaxes(
        constrain="domain", visible=False, fixedrange=True, scaleanchor="x", autorange="reversed", constraintoward="top"
    )
    return finish(figure, ROW_HEIGHT * len(classes)).update_layout(margin={"l": 0, "r": 0, "t": 8, "b": 8})


def grid_rows(labels: np.ndarray, seed: int) -> np.ndarray:
    """Rows of ``labels`` for the grid: up to five of each class, drawn with ``seed``."""
    random = np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(labels == label))[:GRID_COLUMNS] for label in np.unique(labels)]
    return np.concatenate(chosen)


def vote_bars(counts: dict[str, int]) -> go.Figure:
    """FER+ votes of one image: a bar for each name with votes, in the emotion's colour where it is one."""
    shown = {name: count for name, count in counts.items() if count}
    emotions = {label.key: label for label in EMOTIONS}
    labels = [emotions.get(CLASS_OF.get(name, name)) for name in shown]
    others = {"contempt": _("contempt"), "unknown": _("unknown"), "NF": _("no face")}
    bars = go.Bar(
        x=list(shown.values()),
        y=[label.name(language()) if label else others[name] for name, label in zip(shown, labels, strict=True)],
        orientation="h",
        marker_color=[label.colour if label else GRAY for label in labels],
        hovertemplate="%{y}: %{x}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(range=[0, 10], dtick=2, fixedrange=True, title=_("votes"))
    figure.update_yaxes(NAMES, autorange="reversed", fixedrange=True)
    return finish(figure, 70 + 26 * len(shown)).update_layout(showlegend=False, margin={"t": 8})
