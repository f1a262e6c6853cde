from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.db.engine import transaction
from app.db.tables.desk import BulkJobRow
from app.db.tables.returns import ReturnRow
from app.services.exceptions import bulk_jobs
from app.services.exceptions.bulk_jobs import NoSuchJob, carry_jobs, get_job, start_job
from app.services.exceptions.desk_actions import Action, Arguments, perform
from app.services.outside import utc_now
from tests.support.rows import exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _held(count: int) -> list[int]:
    return [saved(exception_row(return_pk=saved(return_row(f"r{n}")), return_id=f"r{n}")) for n in range(count)]


def test_a_job_is_done_in_slices_and_tells_how_far_it_is() -> None:
    ids = _held(120)
    number = start_job(Action.RETRY, ids, {}, "ana")
    assert (get_job(number).done, get_job(number).total) == (0, 120)

    assert carry_jobs() == 120

    job = get_job(number)
    assert (job.done, job.error, job.finished_at is not None) == (120, None, True)
    with transaction() as session:
        assert session.query(ReturnRow).filter(ReturnRow.pending).count() == 120


def test_closed_ones_are_counted() -> None:
    number = start_job(Action.RESOLVE, _held(30), {"reason": "test"}, "ana")
    carry_jobs()

    assert get_job(number).closed == 30


def test_what_a_worker_holds_is_left_until_its_lease_is_over() -> None:
    number = start_job(Action.RETRY, _held(30), {}, "ana")
    with transaction() as session:
        session.execute(update(BulkJobRow).values(lease_until=utc_now() + timedelta(minutes=1)))
    assert carry_jobs() == 0

    with transaction() as session:
        session.execute(update(BulkJobRow).values(lease_until=utc_now() - timedelta(seconds=1)))

    assert carry_jobs() == 30
    assert get_job(number).done == 30


def test_a_worker_that_comes_back_after_its_lease_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen in the midst of a slice, which another worker does meanwhile: it counts once."""
    number = start_job(Action.RETRY, _held(120), {}, "ana")

    def frozen(action: Action, ids: Sequence[int], arguments: Arguments, by: str) -> int:
        monkeypatch.setattr(bulk_jobs, "perform", perform)
        with transaction() as session:
            session.execute(update(BulkJobRow).values(lease_until=utc_now() - timedelta(seconds=1)))
        assert carry_jobs() == 50
        return perform(action, ids, arguments, by)

    monkeypatch.setattr(bulk_jobs, "perform", frozen)
    monkeypatch.setattr(bulk_jobs, "_SLICES_PER_RUN", 1)
    carry_jobs()

    assert get_job(number).done == 50


class _Crash(Exception):
    """What nobody thought of."""


def _carry_all(number: int, most: int) -> int:
    """Let one worker after another carry the job, each after the lease of the last; how many of them ended."""
    ended = 0
    for _ in range(most):
        try:
            carry_jobs()
        except _Crash:
            ended += 1
        if get_job(number).finished_at is not None:
            return ended
        with transaction() as session:
            session.execute(update(BulkJobRow).values(lease_until=None))
    raise AssertionError("the job does not come to its end")


@pytest.mark.parametrize("bad", [[0], [49], [60, 61], [119]])
def test_what_ends_every_worker_is_set_aside_and_the_job_goes_on(
    monkeypatch: pytest.MonkeyPatch, bad: list[int]
) -> None:
    ids = _held(120)
    deadly = {ids[place] for place in bad}
    real = perform

    def crash(action: Action, some: Sequence[int], arguments: Arguments, by: str) -> int:
        if deadly & set(some):
            raise _Crash
        return real(action, some, arguments, by)

    monkeypatch.setattr(bulk_jobs, "perform", crash)
    number = start_job(Action.RETRY, ids, {}, "ana")
    ended = _carry_all(number, 40)

    job = get_job(number)
    assert (job.done, set(job.set_aside), job.error) == (120, deadly, None)
    assert ended == 2 + 3 * len(bad), "twice with its slice, then three times alone"
    with transaction() as session:
        assert session.query(ReturnRow).filter(ReturnRow.pending).count() == 120 - len(bad)


def test_a_worker_that_died_once_sets_nothing_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, crashes = _held(120), [True]
    real = perform

    def crash_once(action: Action, some: Sequence[int], arguments: Arguments, by: str) -> int:
        if crashes:
            crashes.pop()
            raise _Crash
        return real(action, some, arguments, by)

    monkeypatch.setattr(bulk_jobs, "perform", crash_once)
    number = start_job(Action.RETRY, ids, {}, "ana")
    assert _carry_all(number, 10) == 1

    assert (get_job(number).done, get_job(number).set_aside) == (120, ())


def test_a_job_that_cannot_be_done_ends_with_its_reason() -> None:
    number = start_job(Action.CHOOSE_ORDER, _held(30), {"order": "5001"}, "ana")
    carry_jobs()

    job = get_job(number)
    assert (job.finished_at is not None, "order_ambiguous" in (job.error or "")) == (True, True)


def test_one_that_is_not_there_is_said() -> None:
    with pytest.raises(NoSuchJob):
        get_job(7)
