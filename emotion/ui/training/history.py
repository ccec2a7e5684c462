"""The history of runs: a table, the curves of those that are ticked over each other, and what is kept of each."""

from typing import Any
from zlib import crc32

import streamlit as st

from emotion.cnn.history import Summary, differences, metrics_csv, runs_csv, stamp_of, summary_of
from emotion.cnn.runs import list_runs
from emotion.i18n import _, error_words, plain
from emotion.plots.training import COMPARED_AT_MOST, compared
from emotion.ui import chart
from emotion.ui.guards import distinct
from emotion.ui.table import data_table
from emotion.ui.training import details
from emotion.ui.training.actions import CHOSEN, ask_to_delete
from emotion.ui.training.words import setting_name, setting_text, span, state_name

_NAMED = 8
_POLL = 5.0
"""Seconds between two looks at the table while a run is at work."""
Stamp = tuple[tuple[int, int], ...]


@st.cache_resource(show_spinner=False)
def _kept() -> dict[str, tuple[Stamp, Summary]]:
    """Path of a run → its summary, and the stamp of the files it was read from."""
    return {}


def summaries() -> list[Summary]:
    """The runs, newest first; those whose files are as they were are not read again."""
    kept, found = _kept(), []
    for run in list_runs():
        stamp, (before, summary) = stamp_of(run), kept.get(str(run.path), ((), None))
        # A process may die without a word: how an active run stands is asked each time.
        if summary is None or before != stamp or (summary.status and summary.status.active):
            summary = summary_of(run)
            kept[str(run.path)] = stamp, summary
        found.append(summary)
    for gone in kept.keys() - {str(one.run.path) for one in found}:
        kept.pop(gone, None)  # Another session may have been first.
    return found


def show() -> None:
    """The whole view; a tick in the table draws it anew and not the page, and so does time while a run is at work."""
    active = any(one.status and one.status.active for one in summaries())
    st.fragment(_view, run_every=_POLL if active else None)()


def _view() -> None:
    known = summaries()
    _say_gone({one.run.name for one in known})
    if not known:
        st.info(_("Every training is kept here, with its curves and settings."), icon=":material/history:")
        return
    chosen = _table(known)
    _downloads(known, chosen)
    whole = [one for one in chosen if one.config]
    if not chosen:
        st.caption(_("Tick runs at the left of the table to lay their curves over each other."))
    if any(one.rows for one in whole):
        _curves([one for one in whole if one.rows])
    if len(whole) > 1:
        _side_by_side(whole)
    if chosen:
        details.show({one.run.name: one for one in chosen}, _shown_names(chosen))


def _say_gone(names: set[str]) -> None:
    """Name the ticked runs that somebody has deleted in another window, once."""
    gone = [name for name in st.session_state.get(CHOSEN, ()) if name not in names]
    if gone:
        st.session_state[CHOSEN] = [name for name in st.session_state[CHOSEN] if name in names]
        st.toast(_("Deleted meanwhile: {runs}").format(runs=plain(", ".join(gone[:_NAMED]))), icon=":material/delete:")


def _table(known: list[Summary]) -> list[Summary]:
    """The table, and the runs ticked in it."""
    names = [one.run.name for one in known]
    if CHOSEN not in st.session_state:  # At first the two newest, so that there is something to see.
        st.session_state[CHOSEN] = [one.run.name for one in known if one.rows][:2]
    ticked = [names.index(name) for name in st.session_state[CHOSEN] if name in names]
    # The browser knows rows by their number: with other runs it is another table, and the ticks are set anew.
    state = data_table(
        _columns(known),
        column_config=_column_config(any(map(_problem, known))),
        key=f"training.history.{crc32(' '.join(names).encode('utf-8', 'surrogateescape'))}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked}},
        hide_index=True,
        height=min(38 + 35 * len(known), 330),
    )
    chosen = [known[row] for row in state["selection"]["rows"] if row < len(known)]
    st.session_state[CHOSEN] = [one.run.name for one in chosen]
    return chosen


def _columns(known: list[Summary]) -> dict[str, list[object]]:
    lines = [_line(one) for one in known]
    return {name: [line[name] for line in lines] for name in lines[0]}


def _line(one: Summary) -> dict[str, object]:
    config, best = one.config, one.best
    return {
        "name": config.name if config else one.run.name,
        "accuracy": best.get("val_accuracy"),
        "curve": [row["val_accuracy"] for row in one.rows if "val_accuracy" in row] or None,
        "state": state_name(one.status) if one.status else _("damaged"),
        "date": one.started,
        "loss": best.get("val_loss"),
        "dataset": one.dataset,
        "network": config.architecture if config else "",
        "epochs": f"{len(one.rows)} / {config.epochs}" if config else "",
        "batch": config.batch_size if config else None,
        "rate": config.learning_rate if config else None,
        "time": span(one.seconds) if one.rows else "",
        "pace": one.images_per_second,
        "problem": _problem(one),
    }


def _problem(one: Summary) -> str:
    problem = one.problem or (one.status.problem if one.status else None)
    return error_words(problem) if problem else ""


def _column_config(problems: bool) -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn(_("Name"), pinned=True),
        "state": column.TextColumn(_("State")),
        "curve": column.LineChartColumn(
            _("Curve"), y_min=0, y_max=1, width=90, help=_("The accuracy on the validation images, epoch by epoch.")
        ),
        "accuracy": column.ProgressColumn(
            _("Best on validation"),
            format="percent",
            min_value=0,
            max_value=1,
            help=_("By the label; of a run with FER+ votes, by label and votes mixed."),
        ),
        "loss": column.NumberColumn(_("Loss"), format="%.3f", help=_("On the validation images, in the best epoch.")),
        "dataset": column.TextColumn(_("Dataset")),
        "network": column.TextColumn(_("Network")),
        "epochs": column.TextColumn(_("Epochs")),
        "batch": column.NumberColumn(_("Batch size"), format="%d"),
        "rate": column.NumberColumn(_("Learning rate"), format="plain"),
        "time": column.TextColumn(_("Time")),
        "pace": column.NumberColumn(_("Images/s"), format="%.0f"),
        "date": column.DatetimeColumn(_("Date"), format="YYYY-MM-DD HH:mm:ss"),
        "problem": column.TextColumn(_("Problem"), width="large") if problems else None,
    }


def _downloads(known: list[Summary], chosen: list[Summary]) -> None:
    with st.container(horizontal=True, key="training-downloads"):
        st.download_button(
            _("Table as CSV"), lambda: runs_csv(known), "runs.csv", "text/csv", key="training.csv.runs",
            icon=":material/download:", on_click="ignore", help=_("All runs with their settings and results."),
        )  # fmt: skip
        st.download_button(
            _("Metrics as CSV"), lambda: metrics_csv(chosen), "metrics.csv", "text/csv", key="training.csv.metrics",
            icon=":material/download:", on_click="ignore", disabled=not any(one.rows for one in chosen),
            help=_("Each epoch of the ticked runs."),
        )  # fmt: skip
        if st.button(
            _("Delete the ticked runs"), key="training.delete.ticked", icon=":material/delete:", disabled=not chosen
        ):
            ask_to_delete([one.run for one in chosen])


def _shown_names(chosen: list[Summary]) -> dict[str, str]:
    """Run folder → the name to show; two of one name are told apart by the time in their folders' names."""
    named = {one.run.name: one.config.name if one.config else one.run.name for one in chosen}
    return distinct(named, lambda run: run.replace(f"-{named[run]}", ""))


def _curves(chosen: list[Summary]) -> None:
    names = _shown_names(chosen)
    runs = {names[one.run.name]: one.rows for one in chosen[:COMPARED_AT_MOST]}
    for place, name in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with place:
            chart.show(compared(name, runs), f"training.compared.{name}")
    text = _("Solid: validation images. Dotted: training images. Where the two part, the network learns by heart.")
    if len(chosen) > COMPARED_AT_MOST:
        text += " " + _("Only the first {n} of the ticked runs are drawn.").format(n=COMPARED_AT_MOST)
    st.caption(text)


def _side_by_side(chosen: list[Summary]) -> None:
    """The results, and the settings that are not the same in all of the runs."""
    names = _shown_names(chosen)
    differ = differences([one.config for one in chosen if one.config])
    rows = {
        _("Epochs done"): [str(len(one.rows)) for one in chosen],
        _("Best on validation"): [f"{one.best['val_accuracy']:.1%}" if one.best else "–" for one in chosen],
        _("Time"): [span(one.seconds) if one.rows else "–" for one in chosen],
    }
    rows |= {setting_name(field): [setting_text(field, value) for value in values] for field, values in differ.items()}
    st.markdown(_("**What sets them apart**"))
    table = {"": list(rows)}
    table |= {names[one.run.name]: [line[column] for line in rows.values()] for column, one in enumerate(chosen)}
    data_table(table, key="training.differences", hide_index=True)
    if not differ and len({len(one.rows) for one in chosen}) == 1:
        st.caption(
            _("Their settings are all the same, the seed too. If the results differ, the images or the computer did.")
        )
