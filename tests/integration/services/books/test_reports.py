from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Delete, Update, delete, select, update
from sqlalchemy.exc import IntegrityError

from app.db.engine import transaction
from app.db.tables.reports import ReportRow
from app.domain.period_end import Reason
from app.services.books import reports
from app.services.books.period_end import PeriodEndLine, PeriodEndList, lines_of, list_received_not_credited
from app.services.books.reports import NoSuchReport, ask, file_of, get_report, list_reports, make_next, newest
from app.services.outside import Outside, utc_now
from tests.support.scene import Scene, item

RECEIVED, CREDITED = PeriodEndList.RECEIVED_NOT_CREDITED, PeriodEndList.CREDITED_NOT_RECEIVED
DAY = date(2999, 12, 31)


class _Killed(BaseException):
    """What ends a worker in the middle of its work."""


def _uncredited(scene: Scene) -> None:
    for n in range(3):
        scene.ask(f"r{n}", item("0001", 1))
        scene.arrive(f"w{n}", {"0001": 1}, return_id=f"r{n}")
    scene.work()
    scene.accept("r0", "rejected")
    scene.work()


def _lease_over() -> None:
    with transaction() as session:
        session.execute(update(ReportRow).values(lease_until=utc_now() - timedelta(seconds=1)))


def _begun(monkeypatch: pytest.MonkeyPatch, scene: Scene, meanwhile: Callable[[], None]) -> None:
    """Begin the next report; `meanwhile` happens while its lines are read."""

    def read(
        _which: PeriodEndList, _outside: Outside, _store: str | None, _at: date | None, going_on: Callable[[], None]
    ) -> list[PeriodEndLine]:
        meanwhile()
        going_on()
        return []

    with monkeypatch.context() as patched:
        patched.setattr(reports, "lines_of", read)
        make_next(scene.outside)


def _killed(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
    def die() -> None:
        raise _Killed

    with pytest.raises(_Killed):
        _begun(monkeypatch, scene, die)


def test_a_report_holds_what_the_list_says_and_keeps_it(scene: Scene) -> None:
    _uncredited(scene)
    wanted = list_received_not_credited(scene.outside, "es", DAY)
    number = ask(RECEIVED, "es", DAY, "ana")
    assert (get_report(number).asked.finished_at, get_report(number).made.lines) == (None, ())

    assert make_next(scene.outside)
    assert not make_next(scene.outside)

    report = get_report(number)
    assert (report.asked.by, report.asked.lines, report.asked.error) == ("ana", 3, None)
    assert [line.reason for line in report.made.lines] == [*[Reason.WAITS_FOR_ACCEPTANCE] * 2, Reason.REJECTED]
    assert {line.return_id: line for line in report.made.lines} == {line.return_id: line for line in wanted}
    assert {currency: str(amount) for currency, amount in (report.accrual or {}).items()} == {"EUR": "21.78"}
    lines = gzip.decompress(file_of(number)[1]).decode().splitlines()
    assert [line.split(",")[1] for line in lines] == ["return", "r0", "r1", "r2"]

    for n in (1, 2):
        scene.accept(f"r{n}")
    scene.work()
    assert get_report(number) == report


@pytest.mark.parametrize("change", [update(ReportRow).values(lines=0), delete(ReportRow)])
def test_what_was_made_cannot_be_changed_nor_deleted(scene: Scene, change: Update | Delete) -> None:
    ask(RECEIVED, None, None, "ana")
    make_next(scene.outside)

    with pytest.raises(IntegrityError, match="reports is append-only"), transaction() as session:
        session.execute(change)


def test_a_list_that_nothing_is_accrued_by_has_no_accrual(scene: Scene) -> None:
    number = ask(CREDITED, None, None, "ana")
    make_next(scene.outside)

    assert (get_report(number).accrual, get_report(number).asked.lines) == (None, 0)


def test_asked_for_twice_while_it_is_made_it_is_made_once(scene: Scene) -> None:
    number = ask(RECEIVED, None, None, "ana")
    assert ask(RECEIVED, None, None, "ben") == number
    others = {ask(CREDITED, None, None, "ana"), ask(RECEIVED, "es", None, "ana"), ask(RECEIVED, None, DAY, "ana")}
    assert len(others - {number}) == 3
    for _ in range(4):
        assert make_next(scene.outside)

    assert ask(RECEIVED, None, None, "ben") > number


def test_the_newest_of_a_store_and_day_is_found_and_earlier_ones_are_listed(scene: Scene) -> None:
    first = ask(RECEIVED, "es", DAY, "ana")
    make_next(scene.outside)
    second = ask(RECEIVED, "es", DAY, "ben")
    ask(CREDITED, "es", DAY, "ben")

    found = newest(RECEIVED, "es", DAY)
    assert found is not None
    assert found.asked.id == second
    assert newest(RECEIVED, None, DAY) is None
    assert [each.id for each in list_reports(RECEIVED).rows] == [second, first]
    assert [each.id for each in list_reports(RECEIVED, after=second).rows] == [first]


def test_a_report_whose_worker_was_killed_is_made_when_its_lease_is_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(RECEIVED, None, None, "ana")
    ask(CREDITED, None, None, "ana")
    _killed(monkeypatch, scene)
    # Nobody begins the next one either: one is made at a time.
    assert not make_next(scene.outside)

    _lease_over()

    assert make_next(scene.outside)
    assert get_report(number).asked.finished_at is not None


def test_a_report_that_ended_three_workers_is_given_up_and_the_next_one_is_made(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(RECEIVED, None, None, "ana")
    later = ask(CREDITED, None, None, "ana")
    for _ in range(3):
        _killed(monkeypatch, scene)
        _lease_over()

    assert not make_next(scene.outside)
    assert "Three workers began it" in (get_report(number).asked.error or "")
    assert make_next(scene.outside)
    assert get_report(later).asked.lines == 0
    with pytest.raises(NoSuchReport):
        file_of(number)


def test_the_lease_is_renewed_while_the_ledger_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(RECEIVED, None, None, "ana")
    _begun(monkeypatch, scene, _lease_over)

    with transaction() as session:
        assert (session.scalars(select(ReportRow.lease_until)).one() or utc_now()) > utc_now()


def test_a_worker_that_stood_still_gives_way_to_the_one_that_took_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _uncredited(scene)
    number = ask(RECEIVED, None, None, "ana")

    def meanwhile() -> None:
        _lease_over()
        monkeypatch.setattr(reports, "lines_of", lines_of)
        assert make_next(scene.outside)

    _begun(monkeypatch, scene, meanwhile)

    assert get_report(number).asked.lines == 3


@pytest.mark.usefixtures("books")
def test_one_that_is_not_there_is_said() -> None:
    with pytest.raises(NoSuchReport):
        get_report(7)
