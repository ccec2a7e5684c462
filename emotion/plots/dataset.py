"""Figures of a dataset."""

import numpy as np
import plotly.graph_objects as go

from emotion.dataset.folder import Dataset, Images
from emotion.i18n import _, language
from emotion.labels import label_of
from emotion.plots.theme import finish

GRID_COLUMNS = 5
_PATTERNS = {"train": "", "validation": "/", "test": "."}


def split_name(split: str) -> str:
    """The name of a split in the reader's language."""
    return {"train": _("train"), "validation": _("validation"), "test": _("test")}[split]


def class_counts(dataset: Dataset) -> go.Figure:
    """Images per class, a bar for each split, in the classes' colours."""
    labels = [label_of(key, position) for position, key in enumerate(dataset.classes)]
    names = [label.name(language()) for label in labels]
    bars = [
        go.Bar(
            name=split_name(split),
            x=names,
            y=counts,
            marker={"color": [label.colour for label in labels], "pattern": {"shape": _PATTERNS[split]}},
            text=counts,
            texttemplate="%{text:,}",
            hovertemplate=f"%{{x}} · {split_name(split)}: " + _("%{y:,} images") + "<extra></extra>",
        )
        for split, counts in dataset.counts().items()
    ]
    figure = go.Figure(bars).update_layout(barmode="group", bargap=0.25, yaxis_title=_("images"))
    # The legend tells the patterns apart; a colour in it would be the first class's.
    return finish(figure, 320).update_layout(legend_itemsizing="constant")


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
            text=f"<b>{known.name(language())}</b>",
            font={"color": known.colour, "size": 14},
            xanchor="right",
            showarrow=False,
        )
    figure.update_xaxes(visible=False, fixedrange=True, range=[-width * 1.6, canvas.shape[1]], constrain="domain")
    figure.update_yaxes(visible=False, fixedrange=True, scaleanchor="x", autorange="reversed")
    return finish(figure, 84 * len(classes)).update_layout(margin={"l": 0, "r": 0, "t": 8, "b": 8})


def grid_rows(labels: np.ndarray, seed: int) -> np.ndarray:
    """Rows of ``labels`` for the grid: up to five of each class, drawn with ``seed``."""
    random = np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(labels == label))[:GRID_COLUMNS] for label in np.unique(labels)]
    return np.concatenate(chosen)
