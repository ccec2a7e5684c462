"""Inside the CNN: its first kernels beside the Haar features, what each layer makes of a face, one neuron by hand."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from emotion.cnn import inside
from emotion.cnn.bundle import NETWORK, Bundle
from emotion.cnn.inside import FeatureMap
from emotion.cnn.likeness import KINDS, Likeness, by_chance, likeness
from emotion.dataset.pixels import fit
from emotion.dataset.splits import SPLITS
from emotion.dataset.thumbnails import encode
from emotion.haar.crop import crop_face
from emotion.haar.photos import astronaut
from emotion.i18n import N_, _, minus
from emotion.labels import PALETTE
from emotion.plots.inside import haar_picture, kernel_picture, map_picture, maps_picture
from emotion.ui.dataset.common import picture_wall
from emotion.ui.evaluation import neuron
from emotion.ui.evaluation.asking import asked, face_key
from emotion.ui.evaluation.common import face_of
from emotion.ui.evaluation.one_file import FACE
from emotion.ui.guards import current_dataset, ensure_model
from emotion.ui.tiles import Tile, legend, wall

_FIRST = 24
"""Kernels and maps that are shown at once."""
_FACES = 14
_KINDS = {
    "Conv": (N_("convolution"), PALETTE["blue"]),
    "Normalization": (N_("normalisation"), PALETTE["sky blue"]),
    "Activation": (N_("activation"), PALETTE["orange"]),
    "LU": (N_("activation"), PALETTE["orange"]),
    "Pooling": (N_("pooling"), PALETTE["green"]),
    "Dense": (N_("dense layer"), PALETTE["purple"]),
}
"""Part of a Keras layer's kind → what people call it, and the colour of its tile."""
_OTHER = N_("other"), "#8A8A8A"


def show() -> None:
    """The whole view."""
    st.caption(
        _(
            "A convolution slides small kernels over the face. Nobody designed them: training found them. See what "
            "they look for, layer by layer."
        )
    )
    bundle = ensure_model().bundle
    views = {
        "kernels": _("Kernels and Haar features"), "maps": _("Layer by layer"), "neuron": _("One neuron by hand"),
    }  # fmt: skip
    view = st.segmented_control(
        _("What to look at"), list(views), default="kernels", format_func=views.__getitem__, key="evaluation.inside",
        label_visibility="collapsed", required=True, persist_state="session",
    )  # fmt: skip
    if not (bundle.path / NETWORK).exists():
        st.info(_("This model is a small head on another model’s network. Choose that model to look inside."))
        return
    if view == "kernels":
        _kernels(bundle)
        return
    face = _face(bundle)
    if face is None:
        return
    if view == "maps":
        _maps(bundle, face)
    else:
        neuron.show(bundle, face)


def _kernels(bundle: Bundle) -> None:
    """The kernels of the first convolution, where Haar features can be laid on them."""
    kernels = asked(bundle, "kernels", lambda told: inside.kernels(bundle, told))
    if kernels is None:
        return
    height, width = kernels.shape[:2]
    if height == width >= 3:
        _beside_haar(kernels)
        return
    text = _(
        "The kernels of this network’s first convolution are {height} × {width}. Haar features are compared with "
        "squares of 3 × 3 or more: choose another model, or look at this one layer by layer."
    )
    st.info(text.format(height=height, width=width))


def _beside_haar(kernels: np.ndarray) -> None:
    """Each of the ``kernels`` float32 (k, k, 1, N) framed together with the Haar feature that it resembles most."""
    found = [likeness(kernels[:, :, 0, number]) for number in range(kernels.shape[3])]
    order = sorted(range(len(found)), key=lambda number: -found[number].correlation)
    side, mean = len(kernels), np.mean([one.correlation for one in found])
    st.markdown(
        _("The **{n} kernels** of the first convolution, {side} × {side} weights each, and the **Haar feature** that "
          "each resembles most.").format(n=len(found), side=side)
    )  # fmt: skip
    st.caption(
        _(
            "Left, the kernel: orange adds the pixel, blue takes it away. Right, the Haar feature of Viola and Jones: "
            "black adds, white takes away. The percentage says how alike they are (correlation)."
        )
    )
    shown = order if st.toggle(_("Show all"), key="evaluation.all_kernels") else order[:_FIRST]
    tiles = [tile for number in shown for tile in _pair(kernels[:, :, 0, number], found[number], number)]
    ends = [2 * (place + 1) for place in range(len(shown))]
    wall(tiles, f"evaluation.kernels.{len(shown)}", 56, clickable=False, groups=ends)
    st.info(
        _("On average all {n} pairs are {share} alike. Kernels of random numbers would reach {chance}, for {cells} "
          "cells are few: what goes beyond that is what training has found by itself, and Viola and Jones drew by "
          "hand.").format(
            n=len(found), share=f"{mean:.0%}", chance=f"{by_chance(side):.0%}", cells=side * side
        ),
        icon=":material/lightbulb:",
    )  # fmt: skip


def _pair(kernel: np.ndarray, like: Likeness, number: int) -> tuple[Tile, Tile]:
    name = _(KINDS[like.pattern.kind])
    tip = _("Kernel {number}: {name}").format(number=number + 1, name=name)
    return (
        Tile(2 * number, encode(kernel_picture(kernel)), tip, PALETTE["orange"], str(number + 1)),
        Tile(2 * number + 1, encode(haar_picture(like.pattern.black)), tip, "#8A8A8A", f"{like.correlation:.0%}"),
    )


def _face(bundle: Bundle) -> np.ndarray | None:
    """The face to look at, uint8 (H, W) in the network's size: of the picture's view, or an image of the dataset.

    None, and the page says why, where that can't be read any more.
    """
    spec, dataset = bundle.card.input, current_dataset()
    sources = {"picture": _("The face of “One picture”"), "dataset": _("An image of the dataset")}
    source = dataset and st.segmented_control(
        _("Face"), list(sources), default="picture", format_func=sources.__getitem__,
        key="evaluation.face_from", label_visibility="collapsed", required=True, persist_state="session",
    )  # fmt: skip
    if dataset and source == "dataset":
        # Faces that the network has not learned from, if there are any.
        by_split = [np.flatnonzero(dataset.split_of == SPLITS.index(name)) for name in ("validation", "train", "test")]
        rows = next(rows for rows in by_split if len(rows))
        rows = rows[np.linspace(0, len(rows) - 1, min(_FACES, len(rows))).astype(int)]
        clicked = picture_wall(dataset, rows, "evaluation.faces", 56)
        return face_of(dataset, bundle, int(rows[0]) if clicked is None else clicked)
    if (face := st.session_state.get(FACE)) is not None:
        return fit(face, (spec.height, spec.width))
    return crop_face(astronaut().mean(axis=2).astype(np.uint8), (165, 60, 280, 175), spec.height)


def _maps(bundle: Bundle, face: np.ndarray) -> None:
    """A tile for each layer with its strongest map; the chosen layer's maps large."""
    found = asked(bundle, f"maps:{face_key(face)}", lambda told: inside.feature_maps(bundle, face, told))
    if found is None:
        return
    st.markdown(_("**The way of the face through the network.** Each tile is a layer; click one."))
    legend([(_(name), colour) for name, colour in dict.fromkeys((*_KINDS.values(), _OTHER))])
    tiles = [
        Tile(number, _strongest(one), f"{one.kind} · {one.name}", _colour(one), _shape(one))
        for number, one in enumerate(found)
    ]
    clicked = wall([Tile(-1, encode(face), _("Input"), "#8A8A8A", _("Input")), *tiles], "evaluation.layers", 64)
    number = clicked if clicked is not None and clicked >= 0 else 0
    _layer(found[min(number, len(found) - 1)], number, len(found))


def _colour(layer: FeatureMap) -> str:
    return next((colour for part, (_name, colour) in _KINDS.items() if part in layer.kind), _OTHER[1])


def _strongest(layer: FeatureMap) -> bytes:
    """The layer's liveliest map; numbers without places as a square."""
    values = _without_places(_from_black(layer))
    if values.ndim == 1:
        return encode(map_picture(_square(values), float(values.max())))
    best = values.clip(min=0).std(axis=(0, 1)).argmax()
    return encode(map_picture(values[:, :, best], float(values[:, :, best].max())))


def _from_black(layer: FeatureMap) -> np.ndarray:
    """The layer's values; of scaled gray values how far each is from black."""
    return np.abs(layer.values - layer.ends[0]) if layer.ends else layer.values


def _without_places(values: np.ndarray) -> np.ndarray:
    """Maps of a single pixel (1, 1, D) as numbers (D,); all others as they are."""
    return values.ravel() if values.shape[:-1] == (1, 1) else values


def _square(values: np.ndarray) -> np.ndarray:
    """Numbers (D,) as a square, the rest filled with zeros."""
    side = int(np.ceil(np.sqrt(len(values))))
    return np.pad(values, (0, side * side - len(values))).reshape(side, side)


def _shape(layer: FeatureMap) -> str:
    return "×".join(str(length) for length in layer.values.shape)


def _layer(layer: FeatureMap, number: int, count: int) -> None:
    """What the layer does, and its maps in a grid."""
    title = _("**Layer {number} of {count}: {kind}** · {shape}")
    st.markdown(title.format(number=number + 1, count=count, kind=layer.kind, shape=_shape(layer)))
    st.caption(_meaning(layer))
    values = _without_places(_from_black(layer))
    if values.ndim == 1:
        grid = values[np.newaxis] if len(values) < 12 else _square(values)
        st.image(maps_picture(grid[..., np.newaxis], 1, 320), width=320)
        return
    maps = values.shape[2]
    first = 0
    if maps > _FIRST:
        starts: Sequence[int] = range(0, maps, _FIRST)
        first = st.select_slider(
            _("Maps"), starts, format_func=lambda start: f"{start + 1} – {min(start + _FIRST, maps)}",
            key=f"evaluation.maps.{maps}", persist_state="session",
        )  # fmt: skip
    shown = values[:, :, first : first + _FIRST]
    st.image(maps_picture(shown), width="stretch" if shown.shape[2] > 3 else 320)
    if "Conv" in layer.kind:
        st.caption(_("Yellow: here the kernel found what it looks for. Dark: nothing of it, or the opposite."))
    elif layer.ends:
        st.caption(_("Yellow: bright pixels. Dark: dark ones."))
    else:
        st.caption(_("Yellow: large numbers. Dark: zero or negative ones."))


def _meaning(layer: FeatureMap) -> str:
    """What a layer of Keras' kind does, in a sentence."""
    if layer.ends:
        low, high = (minus(f"{end:.4g}") for end in layer.ends)
        return _("Gray values 0 to 255 become numbers from {low} to {high}.").format(low=low, high=high)
    meanings = {
        "Rescaling": _("Every number is multiplied by one number, and another one is added."),
        "Conv2D": _("Each map is one kernel slid over all maps before: bright where its pattern is found."),
        "SeparableConv2D": _("A convolution in two cheap steps: within each map, then across the maps."),
        "DepthwiseConv2D": _("A kernel of its own slides over each map."),
        "BatchNormalization": _("Shifts and stretches each map, so that all have a similar scale."),
        "Activation": _("ReLU: what is negative becomes 0. Only what was found goes on."),
        "ReLU": _("ReLU: what is negative becomes 0. Only what was found goes on."),
        "MaxPooling2D": _("Of every 2 × 2 pixels the largest one stays: half as wide, half as high."),
        "GlobalAveragePooling2D": _("Of every map only its mean is left."),
        "Flatten": _("All maps in one long row of numbers: places are forgotten from here on."),
        "Dense": _("Every number is a weighted sum of all numbers before; the last layer has one for each class."),
        "Add": _("A shortcut: what came in is added to what was made of it."),
    }
    return meanings.get(layer.kind, _("One of Keras’ other layers."))
