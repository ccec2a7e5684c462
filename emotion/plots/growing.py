"""Charts that grow while a network learns, as Vega-Lite: Streamlit gives such a chart new data and leaves it standing.

A Plotly figure of more data is another figure to it: the browser takes the old one down and draws the new one each
second, which flickers and forgets how far the reader has zoomed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emotion.cnn.config import CURVE_TITLES
from emotion.i18n import _
from emotion.plots.theme import BLUE, GRAY, ORANGE

Rows = Sequence[Mapping[str, float]]
_GUESS = "guess"
_MORE = 1.02
"""An axis goes on a little, so that the last point is whole."""


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite ``spec``, the same as long as a run goes on, and the ``data`` that grows: columns of equal length."""

    spec: dict[str, Any]
    data: dict[str, list[Any]]


def curve(name: str, metrics: Rows, progress: Rows, epochs: int, guess: float | None = None) -> Chart:
    """``"loss"`` or ``"accuracy"`` over the epochs: within the epoch as a thin line, after each epoch as points.

    ``metrics`` and ``progress`` are those of ``emotion.cnn.runs.Run``; a dashed line stands at ``guess``. The columns
    of the data are epoch, value, part (training, validation, "guess", or "" within the epoch), and stretch, which tells
    the pieces of the thin line apart.
    """
    names = {name: _("training"), f"val_{name}": _("validation")}
    points = [
        (row["epoch"], row[column], part, 0) for column, part in names.items() for row in metrics if column in row
    ]
    points += _within_epochs(progress, name)
    if guess is not None:
        points += [(0, guess, _GUESS, 0), (_MORE * epochs, guess, _GUESS, 0)]
    number = ".3f" if name == "loss" else ".1%"
    y = {"zero": True} if name == "loss" else {"domain": [0, _MORE], "nice": False}
    encoding = _encoding(epochs, y, ".3~g" if name == "loss" else ".0%")
    thin = {
        "transform": [{"filter": "datum.part == ''"}],
        "mark": {"type": "line", "color": BLUE, "strokeWidth": 1.5, "opacity": 0.45, "clip": True},
        "encoding": encoding | {"detail": {"field": "stretch", "type": "nominal"}},
    }
    layers = [thin, *_guessed(encoding), _thick(encoding, list(names.values()), number)]
    spec = _spec(_(CURVE_TITLES[name]), 320) | {"layer": layers}
    columns = ("epoch", "value", "part", "stretch")
    return Chart(spec, {column: [point[place] for point in points] for place, column in enumerate(columns)})


def rates(metrics: Rows, epochs: int) -> Chart:
    """The learning rate of each epoch."""
    rows = [row for row in metrics if "learning_rate" in row]
    encoding = _encoding(epochs, {"zero": True}, ".8~f", ticks=2)
    mark = {"type": "line", "interpolate": "step-before", "color": BLUE, "strokeWidth": 2, "point": {"color": BLUE}}
    spec = _spec(_("Learning rate"), 190) | {"mark": mark, "encoding": encoding | _tip(".8~f")}
    values = {"epoch": [row["epoch"] for row in rows], "value": [row["learning_rate"] for row in rows]}
    return Chart(spec, values)


def _spec(title: str, height: int) -> dict[str, Any]:
    return {"height": height, "title": {"text": title, "anchor": "middle", "fontSize": 14}}


def _encoding(epochs: int, scale: dict[str, Any], number: str, ticks: int = 5) -> dict[str, Any]:
    whole = {"tickMinStep": 1, "grid": False}
    return {
        "x": {
            "field": "epoch", "type": "quantitative", "title": _("epoch"), "axis": whole,
            "scale": {"domain": [0, _MORE * epochs], "nice": False},
        },
        "y": {
            "field": "value", "type": "quantitative", "title": None, "scale": scale,
            "axis": {"format": number, "tickCount": ticks, "labelExpr": "datum.value ? datum.label : '0'"},
        },
    }  # fmt: skip


def _thick(encoding: dict[str, Any], parts: list[str], number: str) -> dict[str, Any]:
    """The lines with a point for each epoch; dragging moves the chart, the wheel zooms while Shift is held."""
    colour = {
        "field": "part",
        "type": "nominal",
        "scale": {"domain": parts, "range": [BLUE, ORANGE]},
        "legend": {"orient": "bottom", "title": None, "offset": 2},
    }
    # Without Shift the wheel, and without a drag a finger, scrolls the page as everywhere.
    zoom = {"type": "interval", "zoom": "wheel![event.shiftKey]"}
    return {
        "transform": [{"filter": f"datum.part != '' && datum.part != '{_GUESS}'"}],
        "params": [{"name": "zoom", "select": zoom, "bind": "scales"}],
        "mark": {"type": "line", "strokeWidth": 2.5, "clip": True, "point": {"size": 45, "filled": True}},
        "encoding": encoding | {"color": colour} | _tip(number, part=True),
    }


def _guessed(encoding: dict[str, Any]) -> list[dict[str, Any]]:
    """The dashed line of an answer that is always the same, and what it is."""
    ends = [{"filter": f"datum.part == '{_GUESS}'"}]
    line = {"type": "line", "color": GRAY, "strokeDash": [5, 4], "strokeWidth": 1.5, "clip": True}
    words = {"type": "text", "color": GRAY, "align": "right", "baseline": "top", "dy": 3, "fontSize": 12, "clip": True}
    text = {"text": {"value": _("always the same answer")}}
    return [
        {"transform": ends, "mark": line, "encoding": encoding},
        {"transform": [*ends, {"filter": "datum.epoch > 0"}], "mark": words, "encoding": encoding | text},
    ]


def _tip(number: str, part: bool = False) -> dict[str, Any]:
    shown: list[dict[str, Any]] = [
        {"field": "epoch", "type": "quantitative", "title": _("epoch")},
        {"field": "value", "type": "quantitative", "title": _("value"), "format": number},
    ]
    return {"tooltip": [{"field": "part", "type": "nominal", "title": " "}, *shown] if part else shown}


def _within_epochs(progress: Rows, name: str) -> list[tuple[float, float, str, int]]:
    """The points within the epochs; a new stretch begins with every epoch, and where a resumed run repeats one."""
    points, stretch, before = [], 0, 0.0
    for point in (point for point in progress if name in point):
        epoch = point["epoch"]
        # The last batch of an epoch stands at a whole number, and belongs to it.
        if epoch < before or int(epoch - 1e-9) != int(before - 1e-9):
            stretch += 1
        points.append((epoch, point[name], "", stretch))
        before = epoch
    return points
