"""Long work: in chunks on all cores, and jobs that are watched and cancelled."""

import threading
import time
import weakref

import pytest

from emotion import jobs
from emotion.errors import UserError
from emotion.jobs import Cancelled, in_chunks


def test_chunks_cover_every_row_once_and_in_order() -> None:
    told: list[tuple[int, int]] = []
    parts = in_chunks(list, 10, lambda done, total: told.append((done, total)), chunk=4)
    assert list(parts) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert told == [(4, 10), (8, 10), (10, 10)]
    assert list(in_chunks(list, 0)) == []


def test_an_error_in_a_chunk_ends_it_and_few_chunks_are_begun() -> None:
    begun = []

    def work(rows: range) -> None:
        begun.append(rows.start)
        if rows.start == 2:
            raise ValueError("third")

    with pytest.raises(ValueError, match="third"):
        list(in_chunks(work, 1000, chunk=1))
    assert len(begun) < 50


def test_a_progress_that_raises_ends_it() -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    begun: list[range] = []
    with pytest.raises(Cancelled):
        list(in_chunks(begun.append, 1000, stop, chunk=1))
    assert len(begun) < 50


def test_a_job_has_its_result() -> None:
    job = jobs.start("test: result", lambda told: told(1, 2) or 42)
    assert job.wait(5)
    assert (job.result, job.done, job.total, job.active, job.error) == (42, 1, 2, False, None)
    assert jobs.find("test: result") == [job]
    jobs.forget(job)
    assert jobs.find("test: result") == []


def test_one_job_of_a_key_at_a_time() -> None:
    go_on = threading.Event()
    first = jobs.start("test: one", lambda told: go_on.wait(5))
    jobs.forget(first)  # Not while it is at work.
    assert jobs.start("test: one", lambda told: None) is first
    go_on.set()
    assert first.wait(5)
    second = jobs.start("test: one", lambda told: "again")
    assert second is not first and second.wait(5) and second.result == "again"
    assert jobs.find("test: one") == [second]


def test_cancel_ends_the_work_at_its_next_word() -> None:
    def work(told: jobs.Progress) -> None:
        for step in range(10_000):
            time.sleep(0.001)
            told(step, 10_000)

    job = jobs.start("test: cancel", work)
    job.cancel()
    assert job.stopping and job.wait(5)
    assert job.cancelled and job.error is None and job.result is None


def test_errors_become_sentences(caplog: pytest.LogCaptureFixture) -> None:
    held: weakref.WeakSet[threading.Event] = weakref.WeakSet()

    def mistake(told: jobs.Progress) -> None:
        raise UserError("{name} is no zip. Choose another file.", name="x.csv")

    def pins(told: jobs.Progress) -> None:
        film = threading.Event()
        held.add(film)
        try:
            raise ValueError(3)
        except ValueError as error:
            raise UserError("{reason} is wrong", reason=error) from None

    def fault(told: jobs.Progress) -> None:
        raise ZeroDivisionError("oh")

    job = jobs.start("test: mistake", mistake)
    assert job.wait(5) and str(job.error) == "x.csv is no zip. Choose another file."
    job = jobs.start("test: pins", pins)
    assert job.wait(5) and str(job.error) == "3 is wrong"
    assert not held  # An error keeps nothing that the work had in hand.
    job = jobs.start("test: fault", fault)
    assert job.wait(5) and str(job.error) == "An unexpected error ended it: ZeroDivisionError: oh"
    assert "test: fault failed" in caplog.text  # With its traceback, for whoever looks after the server.


def test_the_estimate_follows_the_pace() -> None:
    job = jobs.Job("test: pace", _started=time.monotonic() - 10)
    assert job.seconds_left is None
    job.progress(25, 100)
    assert job.seconds_left == pytest.approx(30, abs=0.5)


def test_ended_jobs_are_not_kept_for_ever() -> None:
    for number in range(100):
        assert jobs.start(f"test: many {number}", lambda told: None).wait(5)
    kept = [job.key for job in jobs.find("test: many")]
    assert kept[0] == "test: many 99" and len(kept) <= 65


def test_what_is_asked_for_again_is_kept_longest() -> None:
    assert jobs.start("test: asked", lambda told: 7).wait(5)
    for number in range(100):
        assert jobs.start(f"test: other {number}", lambda told: None).wait(5)
        job = jobs.get("test: asked")
        assert job and job.result == 7
