"""Charts of AdaBoost that grow with its rounds, as Vega-Lite (see ``growing``)."""

from typing import Any

import numpy as np

from emotion.haar.adaboost import Roc
from emotion.i18n import _
from emotion.plots.growing import Chart
from emotion.plots.theme import BLUE, ORANGE

_AXIS = {"grid": True, "tickCount": 5}


def errors_chart(errors: np.ndarray) -> Chart:
    """The strong classifier's error after each round, float (R, 2), on training and on held-out patches."""
    names = _names()
    points = [
        (number, float(error), name)
        for place, name in enumerate(names)
        for number, error in enumerate(errors[:, place], 1)
    ]
    largest = max(0.1, float(errors.max(initial=0)))
    encoding = {
        "x": {
            "field": "round", "type": "quantitative", "title": _("rounds"),
            "axis": {"tickMinStep": 1, "grid": False},
            "scale": {"domain": [0.9, max(10, len(errors)) + 0.1], "nice": False},
        },
        "y": _axis("error", None, [0, largest]),
        "color": _colour(names),
        "tooltip": [_tip("part", " "), _tip("round", _("round")), _tip("error", _("wrong"), ".1%")],
    }  # fmt: skip
    mark = {"type": "line", "strokeWidth": 2.5, "point": {"size": 40, "filled": True}}
    return _chart(_("Wrong answers of the strong classifier"), mark, encoding, points, ("round", "error", "part"))


def roc_chart(rocs: tuple[Roc, Roc]) -> Chart:
    """The ROC of the strong classifier on training and on held-out patches: the nearer to the upper left the better."""
    names = _names()
    points = [
        (float(false), float(true), name, place)
        for name, roc in zip(names, rocs, strict=True)
        for place, (false, true) in enumerate(zip(roc.false_positives, roc.true_positives, strict=True))
    ]
    encoding = {
        "x": _axis("false", _("other patches taken for faces"), [0, 1]),
        "y": _axis("true", _("faces found"), [0, 1]),
        "color": _colour(names),
        "order": {"field": "place", "type": "quantitative"},
        "tooltip": [_tip("part", " "), _tip("false", _("false alarms"), ".1%"), _tip("true", _("found"), ".1%")],
    }
    mark = {"type": "line", "strokeWidth": 2.5, "point": {"size": 20, "filled": True}}
    return _chart(_("ROC: found against false alarms"), mark, encoding, points, ("false", "true", "part", "place"))


def _names() -> tuple[str, str]:
    return _("training"), _("held out")


def _axis(field: str, title: str | None, domain: list[float]) -> dict[str, Any]:
    scale = {"domain": domain, "nice": False}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, "axis": _AXIS | {"format": ".0%"}}


def _colour(names: tuple[str, str]) -> dict[str, Any]:
    legend = {"orient": "bottom", "title": None}
    scale = {"domain": list(names), "range": [BLUE, ORANGE]}
    return {"field": "part", "type": "nominal", "scale": scale, "legend": legend}


def _tip(field: str, title: str, number: str = "") -> dict[str, Any]:
    kind = "nominal" if field == "part" else "quantitative"
    return {"field": field, "type": kind, "title": title} | ({"format": number} if number else {})


def _chart(
    title: str, mark: dict[str, Any], encoding: dict[str, Any], points: list[tuple], columns: tuple[str, ...]
) -> Chart:
    spec = {
        "height": 340,
        "title": {"text": title, "anchor": "middle", "fontSize": 14},
        "mark": mark,
        "encoding": encoding,
    }
    return Chart(spec, {column: [point[place] for point in points] for place, column in enumerate(columns)})
