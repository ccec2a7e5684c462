"""The session log, read back by Python's own csv."""

import csv
import io
import sys

import numpy as np
import pytest

from emotion.live import log as log_module
from emotion.live.faces import Face, FrameResult, Prediction
from emotion.live.log import SessionLog
from emotion.names import cell


def face(number=0, **predictions):
    return Face((1, 2, 30.25, 40), number, predictions)


def rows(log):
    return list(csv.DictReader(io.StringIO(log.data().decode("utf-8-sig"))))


def test_a_row_for_each_face_with_every_probability():
    log = SessionLog()
    mood = Prediction(("happy", "sad"), np.array([0.75, 0.25]))
    log.add(FrameResult((face(0, m=mood), face(3))), 1.5)
    log.add(FrameResult(), 2.0)
    assert log.data().startswith(b"\xef\xbb\xbfseconds,face,left,top,right,bottom,m: happy,m: sad\r\n")
    first, second = rows(log)
    assert first == {
        **{"seconds": "1.500", "face": "0", "left": "1.0", "top": "2.0", "right": "30.2", "bottom": "40.0"},
        **{"m: happy": "0.7500", "m: sad": "0.2500"},
    }
    assert (second["face"], second["m: happy"]) == ("3", "")
    log.close()


def test_models_may_come_and_go_and_age_has_its_years():
    log = SessionLog()
    age = Prediction(("20-29", "30-39"), np.array([0.5, 0.5]))
    log.add(FrameResult((face(m=Prediction(("a", "b"), np.array([1, 0]))),)), 0)
    log.add(FrameResult((face(age=age),)), 1)
    first, second = rows(log)
    assert first["age: years"] == "" and second["age: years"] == "30.0" and second["m: a"] == ""
    log.add(FrameResult((face(age=age),)), 2)  # It goes on behind what was read.
    assert len(rows(log)) == 3


def test_a_name_never_becomes_a_formula():
    log = SessionLog()
    evil = Prediction(("=cmd()", 'with, "all"'), np.array([1, 0]))
    log.add(FrameResult((face(**{"=HYPERLINK(1)": evil, "@x": evil}),)), 0)
    heads = next(csv.reader(io.StringIO(log.data().decode("utf-8-sig"))))
    assert heads[6:] == ["'=HYPERLINK(1): =cmd()", '\'=HYPERLINK(1): with, "all"', "'@x: =cmd()", '\'@x: with, "all"']
    assert [cell(text)[0] for text in ("+1", "-1", "\tx", "\rx")] == ["'"] * 4


def test_it_keeps_no_more_rows_than_a_spreadsheet_opens(monkeypatch, tmp_path):
    monkeypatch.setattr(log_module, "ROWS_AT_MOST", 3)
    log = SessionLog()
    for second in range(5):
        log.add(FrameResult((face(),)), second)
    assert (log.rows, log.left_out, len(rows(log))) == (3, 2, 3)
    log.write_csv(tmp_path / "표.csv")
    assert (tmp_path / "표.csv").read_bytes() == log.data()


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE")
def test_what_finds_no_room_is_counted_and_the_rest_kept():
    import resource

    log = SessionLog()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # As a disk that is full.
    try:
        for number in range(100):
            log.add(FrameResult((face(number),)), number)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = rows(log)
    assert 20 < len(kept) == log.rows < 50 and log.left_out == 100 - log.rows
    assert [row["face"] for row in kept] == [str(number) for number in range(log.rows)]
    log.add(FrameResult((face(7),)), 100)  # There is room again.
    assert rows(log)[-1]["seconds"] == "100.000"
