"""Every CSV that the app writes for people: whoever named a run, a class or a model, no cell is a formula."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.cnn.config import TrainConfig
from emotion.cnn.history import metrics_csv, runs_csv, summary_of
from emotion.cnn.runs import Run, create_run
from emotion.homes import REPOSITORY
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.log import SessionLog
from emotion.names import cell
from emotion.ui.table import data_table

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(A1)")
SIGNS = "=+-@\t\r\n＝＋－＠"


def formulas_in(data: bytes) -> list[str]:
    """Cells that a spreadsheet would compute: those that begin with a formula's sign and are no number."""

    def is_number(text: str) -> bool:
        try:
            return float(text) == float(text)
        except ValueError:
            return False

    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [text for row in rows for text in row if text[:1] and text[0] in SIGNS and not is_number(text)]


def test_tables_on_the_pages_are_made_in_one_place() -> None:
    """A table's own toolbar writes a CSV too: ``data_table`` guards it."""
    users = [path for path in [*(REPOSITORY / "emotion").rglob("*.py"), *(REPOSITORY / "pages").glob("*.py")]
             if "st.dataframe(" in path.read_text(encoding="utf-8")]  # fmt: skip
    assert [path.name for path in users] == ["table.py"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_table_on_a_page_is_a_formula(monkeypatch: pytest.MonkeyPatch, formula: str) -> None:
    shown = []
    monkeypatch.setattr("streamlit.dataframe", lambda table, **_: shown.append(table))
    data_table({formula: [formula, "plain", -1.5, None]}, hide_index=True)
    (table,) = shown
    assert list(table.columns) == [f"'{formula}"] and table.iloc[:, 0].tolist()[:3] == [f"'{formula}", "plain", -1.5]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(TrainConfig(str(tmp_path / "=data"), "=1+1", task="@x", teachers="+a", start_from="-b"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_table_of_runs_and_their_metrics(run: Run, formula: str) -> None:
    run.write_notes(formula)
    run.write_metrics([
        {"epoch": 1, "val_loss": -0.5, formula.strip(): 0.5}
    ])  # As from a file that somebody has edited.
    summary = replace(summary_of(run), run=run)
    assert not formulas_in(runs_csv([summary])) and not formulas_in(metrics_csv([summary]))
    assert b",-0.5," in metrics_csv([summary]).replace(b"\r\n", b",")  # A negative number stays one.


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_log_of_a_session(formula: str) -> None:
    log, face = SessionLog(), np.array([-5.0, -3.0, 20, 20], np.float32)
    prediction = Prediction((formula, "b"), np.array([0.75, 0.25], np.float32))
    log.add(FrameResult([Face(face, 1, {formula: prediction})], {}), 0.5)
    assert not formulas_in(log.data())
    assert b"0.500,1,-5.0,-3.0,20.0,20.0,0.7500,0.2500" in log.data()


@settings(max_examples=500, derandomize=True, database=None, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from(SIGNS), max_size=20))
def test_any_text(text: str) -> None:
    assert cell(text).removeprefix("'") == text.removeprefix("'") and cell(text)[:1] not in set(SIGNS)
