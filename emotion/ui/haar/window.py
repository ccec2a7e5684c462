"""A place of the photo is clicked: which windows stand there, and which stage rejected one of them, and why."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.column_types import ColumnConfig

from emotion.haar.cascade import Answer, Cascade, StageAnswer
from emotion.haar.scan import Scan
from emotion.i18n import _, minus
from emotion.plots.cascade import sums_figure
from emotion.plots.cascade_pictures import feature_on, heat_map
from emotion.ui import chart
from emotion.ui.guards import distinct
from emotion.ui.haar.spot import spot
from emotion.ui.table import data_table

_SIDE = 288  # Pixels of the enlarged window.


def choose(scan: Scan, photo: str) -> int | None:
    """The photo under its heat map, to be clicked, and a slider through the windows there; the chosen window.

    ``photo`` tells pictures apart. At first the place is where a window came furthest.
    """
    kept = st.session_state.get("haar.place", ())
    place = kept[1:] if kept and kept[0] == photo else _furthest(scan)

    def clicked(x: int, y: int) -> None:
        st.session_state["haar.place"] = (photo, x, y)

    # A window's middle, not its corner, is what a person points at.
    found = scan.windows_at(*place)
    picture = st.container()
    window = _choose_size(scan, found, f"haar.size.{photo}.{place[0]}.{place[1]}") if len(found) else None
    boxes = [] if window is None else scan.boxes(np.array([window])).tolist()
    with picture:
        spot(heat_map(scan.gray, scan.heat, len(scan.thresholds)), boxes, place, f"haar.spot.{photo}", clicked)
    return window


def _furthest(scan: Scan) -> tuple[int, int]:
    """The middle of a window that came as far as any: the middle one of them."""
    best = np.flatnonzero(scan.reached == scan.reached.max())
    left, top, right, bottom = scan.boxes(best[[len(best) // 2]])[0].tolist()
    height, width = scan.gray.shape
    return min((left + right) // 2, width - 1), min((top + bottom) // 2, height - 1)


def _choose_size(scan: Scan, found: np.ndarray, key: str) -> int:
    """One of the windows about a place, by its size; at first the one that came furthest."""
    windows = np.sort(found)  # Later layers have larger windows.
    sizes = scan.boxes(windows)[:, 2:] - scan.boxes(windows)[:, :2]
    labels = {int(one): f"{width} × {height}" for one, (width, height) in zip(windows, sizes.tolist(), strict=True)}
    if len(labels) == 1:
        return int(windows[0])
    return st.select_slider(
        _("Size of the window"), list(labels), int(found[0]), format_func=distinct(labels).__getitem__, key=key,
        help=_("Every round has another window here. At first the one that came furthest is chosen."),
    )  # fmt: skip


def explain(cascade: Cascade, scan: Scan, window: int, title: str) -> None:
    """Which stage rejected ``window``, each stage's sum, and a stage's features one by one."""
    answers = _answers(f"{title}.{window}", cascade, scan, window)
    _verdict(scan, window, answers)
    if not answers:
        return
    key = f"haar.explained.{title}.{window}"
    picture, sums = st.columns([2, 3], gap="large")
    with sums:
        stage = _choose_stage(answers, key)
    _show_stage(cascade, scan.pixels(window), answers[stage], stage, f"{key}.{stage}", picture)


# A resource, because a copy of thousands of votes takes longer than to ask the cascade again.
@st.cache_resource(max_entries=16, show_spinner=False)
def _answers(key: str, _cascade: Cascade, _scan: Scan, window: int) -> tuple[StageAnswer, ...]:
    """What the cascade says of a window, looked up again while its stages and rows are looked at."""
    return _cascade.explain(_scan, window)


def _verdict(scan: Scan, window: int, answers: Sequence[StageAnswer]) -> None:
    stages = len(scan.thresholds)
    if not answers:
        text = _(
            "**Too little contrast**: the gray values here have a standard deviation of 10 or less, as in a clear sky. "
            "No stage looks at such a window."
        )
        st.info(text, icon=":material/blur_on:")
    elif answers[-1].passed:
        text = _("**All {stages} stages let this window pass.**").format(stages=stages)
        if not scan.skipped[window]:
            text += " " + _("It is one of the boxes that are grouped in the end.")
        st.success(text, icon=":material/check_circle:")
    else:
        text = _(
            "**Stage {stage} of {stages} rejected this window:** its votes add up to {sum}, and {threshold} are needed."
        )
        last = answers[-1]
        st.warning(
            text.format(
                stage=len(answers),
                stages=stages,
                sum=minus(f"{last.total:.3f}"),
                threshold=minus(f"{last.threshold:.3f}"),
            ),
            icon=":material/block:",
        )
    if scan.skipped[window]:
        st.caption(
            _(
                "OpenCV doesn’t even try this window: after a window that the first stage rejects it skips the next "
                "one, and it leaves out some last rows. Here it is tried all the same."
            )
        )


def _choose_stage(answers: Sequence[StageAnswer], key: str) -> int:
    """The stage to look into, counted from 0: by a click on its bar or the slider, at first the last."""
    place, slider = st.container(), f"{key}.stage"
    stage = 1
    if len(answers) > 1:
        st.session_state.setdefault(slider, len(answers))
        stage = st.slider(_("Stage"), 1, len(answers), key=slider)

    def clicked(numbers: list[int]) -> None:
        if len(answers) > 1:
            st.session_state[slider] = numbers[0]

    with place:
        st.markdown(_("**Sum of the votes and threshold, stage by stage**"))
        chart.clickable(sums_figure(answers, stage - 1), f"{key}.sums", clicked)
    return stage - 1


def _show_stage(
    cascade: Cascade, pixels: np.ndarray, found: StageAnswer, stage: int, key: str, place: DeltaGenerator
) -> None:
    """A stage's weak classifiers as a table, and at ``place`` the one that is picked, drawn on the window."""
    # Those with the most to say come first.
    order = sorted(range(len(found.answers)), key=lambda number: -abs(found.answers[number].vote))
    rows = [
        (number, found.answers[number], node) for number in order for node in range(len(found.answers[number].nodes))
    ]
    title = _("**Stage {stage}: {n} weak classifiers.** Pick a row to see its feature.")
    st.markdown(title.format(stage=stage + 1, n=len(found.answers)))
    state = data_table(
        pd.DataFrame([_row(*row) for row in rows]), hide_index=True, height=min(36 * len(rows) + 38, 250),
        key=f"{key}.table", on_select="rerun", selection_mode="single-row-required", column_config=_columns(),
        selection_default={"selection": {"rows": [0]}}, placeholder="",
    )  # fmt: skip
    number, answer, node = rows[state["selection"]["rows"][0]]
    drawn = feature_on(pixels, cascade.window, cascade.features[answer.nodes[node].feature], _SIDE)
    place.image(drawn, width="stretch", caption=_said(number, answer, node))


def _row(number: int, answer: Answer, node: int) -> dict[str, object]:
    value, threshold = answer.values[node], answer.nodes[node].threshold
    last = node == len(answer.nodes) - 1  # Of a tree's questions the last one leads to the vote.
    return {
        "number": number + 1,
        "value": value,
        "sign": "<" if value < threshold else "≥",
        "threshold": threshold,
        "vote": answer.vote if last else None,
    }


def _columns() -> dict[str, ColumnConfig]:
    number = st.column_config.NumberColumn
    return {
        "number": number("#", width=40),
        "value": number(
            _("Value"), format="%.4f", help=_("Black − white, divided by area and standard deviation of the window.")
        ),
        "sign": st.column_config.TextColumn("", width=30),
        "threshold": number(_("Threshold"), format="%.4f"),
        "vote": number(_("Vote"), format="%+.3f", help=_("What this weak classifier adds to the stage’s sum.")),
    }


def _said(number: int, answer: Answer, node: int) -> str:
    """The question that a feature asked of the window, and the answer."""
    value, threshold = answer.values[node], answer.nodes[node].threshold
    line = f"#{number + 1}: {value:.4f} {'<' if value < threshold else '≥'} {threshold:.4f}"
    return minus(f"{line} → {answer.vote:+.3f}" if node == len(answer.nodes) - 1 else f"{line} → …")
