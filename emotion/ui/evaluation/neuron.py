"""One neuron of the first convolution, worked out number by number."""

import numpy as np
import streamlit as st

from emotion.cnn import inside
from emotion.cnn.bundle import Bundle
from emotion.cnn.inside import Neuron
from emotion.i18n import _, minus
from emotion.plots.inside import framed, numbers_figure
from emotion.ui import chart
from emotion.ui.evaluation.asking import asked, face_key


def show(bundle: Bundle, face: np.ndarray) -> None:
    """The place on the ``face`` uint8 (H, W), the three tables, and the sum written out."""
    layers = asked(bundle, "layers", lambda told: inside.layers(bundle, told))
    if layers is None:
        return
    maps = next((layer.shape for layer in layers if layer.kind == "Conv2D"), None)
    if maps is None:
        st.info(_("This network has no convolution to work out."))
        return
    st.caption(
        _(
            "A neuron looks at a few pixels only. It multiplies each with a weight, adds it all up, and passes on what "
            "is above 0. The same weights look at every place: that is a convolution."
        )
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        place = st.empty()
        row, column, kernel = _choose(maps)
    found = asked(
        bundle,
        f"neuron:{face_key(face)}:{row}:{column}:{kernel}",
        lambda told: inside.neuron(bundle, face, row, column, kernel, told),
    )
    if found is None:
        return
    looked_at = framed(face, *found.corner, *found.weights.shape)
    place.image(looked_at, width="stretch", caption=_("What this neuron looks at"))
    with right:
        _tables(found)
        _sum(found)


def _choose(maps: tuple[int, ...]) -> tuple[int, int, int]:
    """Row, column and kernel, each from 0, that the reader picks; shown from 1."""
    height, width, count = maps
    sliders = (
        ("row", _("Row"), height, height // 2),
        ("column", _("Column"), width, width // 2),
        ("kernel", _("Kernel"), count, 1),
    )
    found = []
    for name, label, most, first in sliders:
        key = f"evaluation.neuron.{name}"
        st.session_state[key] = min(st.session_state.get(key, first), most)
        found.append(st.slider(label, 1, most, key=key, persist_state="session") - 1)
    return found[0], found[1], found[2]


def _tables(found: Neuron) -> None:
    pixels, weights, products = st.columns(3)
    with pixels:
        chart.show(numbers_figure(found.patch, _("what it sees"), found.ends), "evaluation.neuron.pixels")
        if found.ends != (0, 255):
            low, high = (minus(f"{end:.4g}") for end in found.ends)
            st.caption(_("Gray values 0 to 255 become numbers from {low} to {high}.").format(low=low, high=high))
    with weights:
        chart.show(numbers_figure(found.weights, _("× weights")), "evaluation.neuron.weights")
    with products:
        chart.show(numbers_figure(found.products, _("= products")), "evaluation.neuron.products")


def _sum(found: Neuron) -> None:
    """The rest of the way, a line for each step."""
    products = found.products.sum(dtype=np.float64)
    lines = [
        (_("Sum of the products"), f"{products:.4f}", f"{products:.4f}"),
        (_("plus the bias"), f"{products:.4f} {_signed(found.bias)}", f"{found.total:.4f}"),
    ]
    if norm := found.normalisation:
        text = (
            f"{norm.gamma:.3f} · ({found.total:.4f} {_signed(-norm.mean)}) / √({norm.variance:.5f} + {norm.epsilon:g})"
        )
        lines.append((_("batch normalisation"), f"{text} {_signed(norm.beta)}", f"{found.normalised:.4f}"))
    if found.relu:
        lines.append((_("ReLU: nothing below 0"), f"max(0, {found.normalised:.4f})", f"{found.output:.4f}"))
    rows = "\n".join(f"| {name} | `{minus(text)}` | **{minus(value)}** |" for name, text, value in lines)
    head = " | ".join((_("Step"), _("Worked out"), _("Result")))
    st.markdown(f"| {head} |\n|:--|:--|--:|\n{rows}")
    said = _("Keras itself says {expected}.").format(expected=minus(f"{found.expected:.4f}"))
    if np.isclose(found.output, found.expected, rtol=1e-3, atol=1e-4):
        st.success(said, icon=":material/check_circle:")
    else:
        more = _("This network does something here that the steps above leave out.")
        st.warning(f"{said}\n\n{more}", icon=":material/warning:")


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'} {abs(value):.4f}"
