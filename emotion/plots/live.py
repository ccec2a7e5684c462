"""Charts beside the live video, as Vega-Lite: they stand still, and only bars and areas move (see ``growing``).

``probabilities`` is a still figure, for a picture.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from emotion.i18n import _
from emotion.labels import colours, label_of, names_of
from emotion.live.faces import Prediction
from emotion.live.history import MINUTE, ModelSummary, Sample, valence
from emotion.plots.growing import Chart
from emotion.plots.theme import BLUE, GRAY, NAMES, ORANGE

_BAR, _STILL_BAR = 26, 23  # Pixels for one bar with its gap.
_QUIET = "rgba(138, 138, 138, 0.28)"  # Gray, and half transparent: right on white and on near-black.
_POINTS = 150  # Of a timeline: more would not be seen, and be sent twice a second.
_GAP = 1.5  # Seconds without a face after which a timeline is interrupted.
_SCALES = (20, 50, 100, 200, 500, 1000)
_STAGES = {"decode": GRAY, "detect": BLUE, "classify": ORANGE, "draw": "#009E73"}


def answer(prediction: Prediction, language: str = "en", ink: str | None = None) -> Chart:
    """A bar from 0 to 100 % for each class, in the classes' order and colours; ``ink`` colours the numbers."""
    names = names_of(prediction.classes, language)
    y = {"field": "class", "type": "nominal", "sort": names, "title": None, "axis": _NAMES}
    x = {"field": "share", "type": "quantitative", "title": None, "scale": {"domain": [0, 1]}, "axis": _PERCENT}
    colour = _colours(prediction.classes, language) | {"legend": None}
    tip = [{"field": "class", "title": " "}, {"field": "share", "format": ".1%", "title": _("probability")}]
    bars = {"mark": {"type": "bar", "cornerRadius": 4}, "encoding": {"color": colour, "tooltip": tip}}
    # At the right edge: beside its bar a number would dance.
    number = {"value": "width"}
    texts = {
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 13, "color": ink},
        "encoding": {"x": number, "text": {"field": "said"}},
    }
    # Streamlit counts the axis into the height.
    height, padding = _BAR * len(names) + 36, {"right": 42}
    spec = {"height": height, "encoding": {"x": x, "y": y}, "layer": [bars, texts], "padding": padding}
    shares = [round(float(share), 3) for share in prediction.probabilities]
    somebody = any(shares)
    said = [f"{share:.0%}" if somebody else "" for share in shares]
    return Chart(spec, {"class": names, "share": shares, "said": said})


def last_minute(samples: Sequence[Sample], now: float, language: str = "en") -> Chart:
    """How one model's answer for one face, ``samples`` in the order of time, went in the minute before ``now``.

    Layers one on the other, 100 % together; where the face was out of view there is none.
    """
    seconds = np.array([sample.seconds - now for sample in samples], np.float64)
    shares = np.stack([sample.probabilities for sample in samples]) if samples else np.empty((0, 0))
    axis = {"title": _("seconds ago"), "labelExpr": "abs(datum.value)", "grid": False, "tickCount": 7}
    x = {"scale": {"domain": [-MINUTE, 0], "nice": False}, "axis": axis}
    return _layers(seconds, shares, samples[-1].classes if samples else (), language, x, 260)


def session(summary: ModelSummary, language: str = "en") -> Chart:
    """How one model's answer for the largest face went in the whole session, as ``last_minute`` shows it."""
    x = {"scale": {"nice": False}, "axis": {"title": _("seconds"), "grid": False}}
    return _layers(summary.seconds, summary.curve, summary.classes, language, x, 300)


def mood(summary: ModelSummary) -> Chart:
    """Pleasant (above 0) or unpleasant (below), over the seconds of a session of an emotion model."""
    felt = np.array([[valence(summary.classes, shares) or 0.0] for shares in summary.curve]).reshape(-1, 1)
    seconds, values = _with_gaps(summary.seconds, felt)
    good, bad = _("pleasant"), _("unpleasant")
    y = {
        "field": "value", "type": "quantitative", "title": None, "scale": {"domain": [-1, 1]},
        "axis": {"values": [-1, 0, 1], "labelExpr": f"datum.value > 0 ? '{good}' : datum.value < 0 ? '{bad}' : ''"},
    }  # fmt: skip
    x = {"field": "seconds", "type": "quantitative", "title": _("seconds"), "scale": {"nice": False}}
    tip = [{"field": "seconds", "format": ".0f"}, {"field": "value", "format": "+.2f", "title": _("mood")}]
    encoding = {"x": x | {"axis": {"grid": False}}, "y": y, "y2": {"datum": 0}, "tooltip": tip}
    spec = {"height": 160, "mark": {"type": "area", "color": BLUE, "opacity": 0.7}, "encoding": encoding}
    return Chart(spec, {"seconds": np.round(seconds, 2).tolist(), "value": np.round(values[:, 0], 3).tolist()})


def stages(timings_ms: Mapping[str, float]) -> Chart:
    """The stages of a frame one after the other in one bar of milliseconds, whose axis grows in steps."""
    names = {"decode": _("Decode"), "detect": _("Detect"), "classify": _("Classify"), "draw": _("Draw")}
    total = sum(timings_ms.get(stage, 0.0) for stage in names)
    limit = next((scale for scale in _SCALES if total <= scale), round(total, -3) + 1000)
    scale = {"domain": list(names.values()), "range": list(_STAGES.values())}
    legend = {"orient": "bottom", "title": None, "offset": 2, "columns": 4}
    x = {
        "field": "ms", "type": "quantitative", "title": None, "scale": {"domain": [0, limit]},
        "axis": {"labelExpr": "datum.value + ' ms'", "grid": False, "tickCount": 4},
    }  # fmt: skip
    encoding = {
        "x": x,
        "color": {"field": "stage", "type": "nominal", "scale": scale, "legend": legend},
        "order": {"field": "place"},
        "tooltip": [{"field": "stage", "title": " "}, {"field": "ms", "format": ".1f", "title": "ms"}],
    }
    # The last label stands half beyond the axis.
    spec = {"height": 132, "mark": {"type": "bar"}, "encoding": encoding, "padding": {"right": 24}}
    values = [round(timings_ms.get(stage, 0.0), 2) for stage in names]
    return Chart(spec, {"stage": list(names.values()), "ms": values, "place": list(range(len(names)))})


_NAMES = {
    "labelFontSize": 13,
    "labelPadding": 8,
    "ticks": False,
    "domain": False,
    "labelLimit": 130,
    "labelOverlap": False,
}
_PERCENT = {"format": ".0%", "values": [0, 0.5, 1], "grid": True}


def _layers(
    seconds: np.ndarray, shares: np.ndarray, classes: tuple[str, ...], language: str, x: dict[str, Any], height: int
) -> Chart:
    """``shares`` (P, K) over ``seconds`` (P,), thinned out, as layers of the classes' colours."""
    kept = np.arange(0, len(seconds), max(1, len(seconds) // _POINTS))
    seconds, shares = _with_gaps(seconds[kept], shares[kept])
    names = names_of(classes, language)
    rows = [
        (round(float(moment), 2), name, place, round(float(share), 3))
        for moment, values in zip(seconds, shares, strict=True)
        for place, (name, share) in enumerate(zip(names, values, strict=True))
    ]
    tip = [{"field": "class", "title": " "}, {"field": "share", "format": ".0%", "title": _("probability")}]
    scale = {"domain": [0, 1], "nice": False}
    encoding = {
        "x": {"field": "seconds", "type": "quantitative"} | x,
        "y": {"field": "share", "type": "quantitative", "title": None, "stack": True, "scale": scale, "axis": _PERCENT},
        "color": _colours(classes, language) | {"legend": _LEGEND},
        "order": {"field": "place"},
        "tooltip": tip,
    }
    spec = {"height": height, "mark": {"type": "area", "opacity": 0.9, "clip": True}, "encoding": encoding}
    columns = ("seconds", "class", "place", "share")
    return Chart(spec, {column: [row[place] for row in rows] for place, column in enumerate(columns)})


def _with_gaps(seconds: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with a fall to nothing and a rise from it around each pause: Vega would draw on across it."""
    pause = max(_GAP, 1.5 * float(np.diff(seconds).min())) if len(seconds) > 1 else _GAP
    ends = np.flatnonzero(np.diff(seconds) > pause)
    places = np.repeat(ends + 1, 2)
    edges = np.stack([seconds[ends] + 0.01, seconds[ends + 1] - 0.01], axis=1).ravel()
    return np.insert(seconds, places, edges), np.insert(shares, places, 0, axis=0)


_LEGEND = {"orient": "bottom", "title": None, "offset": 2, "columns": 4}


def _colours(classes: tuple[str, ...], language: str) -> dict[str, Any]:
    scale = {"domain": names_of(classes, language), "range": list(colours(classes).values())}
    return {"field": "class", "type": "nominal", "scale": scale}


def probabilities(prediction: Prediction, language: str = "en", title: str = "", ink: str | None = None) -> go.Figure:
    """A bar from 0 to 100 % for each class, in the classes' order and colours; ``ink`` colours the words."""
    labels = [label_of(key, position) for position, key in enumerate(prediction.classes)]
    percents = [100 * float(value) for value in prediction.probabilities]
    texts = [f"{percent:.0f}%" for percent in percents]
    names = [escape(label.name(language)) for label in labels]
    figure = _bars(names, percents, texts, [label.colour for label in labels], title, ink)
    figure.update_xaxes(range=[0, 100], tickvals=[0, 50, 100], ticktext=["0%", "50%", "100%"])
    return figure


def _bars(
    names: list[str], values: list[float], texts: list[str], colours: list[str], title: str, ink: str | None
) -> go.Figure:
    bars = go.Bar(
        x=values,
        y=names,
        text=texts,
        orientation="h",
        marker={"color": colours, "cornerradius": 4},
        textposition="outside",
        textfont={"color": ink},
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_layout(
        height=len(names) * _STILL_BAR + (62 if title else 34),
        margin={"l": 4, "r": 56, "t": 34 if title else 6, "b": 26},
        title={"text": title, "font": {"size": 14, "color": ink}, "x": 0, "y": 1, "yanchor": "top", "pad": {"t": 8}},
        bargap=0.3,
        showlegend=False,
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(tickfont={"color": ink}, fixedrange=True, gridcolor=_QUIET, zeroline=False)
    figure.update_yaxes(NAMES, tickfont={"color": ink}, fixedrange=True, showgrid=False, automargin=True)
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    return figure
