"""What is told, to whom, and when: messages as they are written down."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.config import AlertChannel, Alerts
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.exceptions import AlertMessage, AlertRow, ExceptionRow
from app.domain.alerting import QuietHours, Step, TeamAlerts
from app.domain.blockers import Code
from app.ops.alerts import Message, Why
from app.services.alerts.telling import plan
from tests.support.rows import exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERYBODY = Alerts(channels={"mail": AlertChannel("mail", "mail", to=("all@brand.example",))})


def settings(**teams: TeamAlerts) -> Alerts:
    return Alerts(
        console_url="https://bridge.brand.example",
        channels={"mail": EVERYBODY.channels["mail"], "lead": AlertChannel("lead", "mail", to=("lead@brand.example",))},
        teams=teams,
    )


def opened(code: Code = Code.UNKNOWN_SKU, cause: str = "es:0012", *, returns: int = 1, **changes: object) -> None:
    for _ in range(returns):
        saved(exception_row(code, cause, return_pk=saved(return_row(f"r{_next()}")), opened_at=NOW, **changes))


def _next() -> int:
    with transaction() as session:
        return session.query(ExceptionRow).count()


def close(cause: str) -> None:
    with transaction() as session:
        session.query(ExceptionRow).filter(ExceptionRow.cause == cause).update({"closed_at": NOW})


def messages() -> list[tuple[AlertMessage, Message]]:
    with transaction() as session:
        rows = session.scalars(select(AlertMessage).order_by(AlertMessage.id)).all()
        return [(row, load(Message, row.content)) for row in rows]


def test_a_cause_is_one_thing_to_mend_however_many_returns_it_holds_up() -> None:
    opened(returns=40, amount=Decimal(1))
    opened(Code.UNMAPPED_REASON, "es:nope")

    assert plan(settings(), NOW) == 1

    ((row, message),) = messages()
    assert (row.channel, row.team, row.urgent) == ("mail", "merchandising", False)
    first, second = message.alerts
    assert (first.code, first.count, first.units, first.amounts) == ("unknown_sku", 40, 80, {"EUR": "40.00"})
    assert (second.code, second.why) == ("unmapped_reason", Why.NEW)
    assert first.link == "https://bridge.brand.example/console/exceptions?code=unknown_sku&cause=es%3A0012"
    assert first.runbook == "https://bridge.brand.example/console/runbooks/unknown_sku"
    assert message.title == "merchandising: 2 things to mend"


def test_each_team_gets_a_message_of_its_own() -> None:
    opened()
    opened(Code.NOT_RECEIVED, "r1")
    assert plan(settings(finance=TeamAlerts(("lead",))), NOW) == 2
    assert {(row.team, row.channel) for row, _ in messages()} == {("merchandising", "mail"), ("finance", "lead")}


def test_what_was_told_is_not_told_again() -> None:
    opened()
    assert [plan(EVERYBODY, NOW + number * HOUR) for number in range(3)] == [1, 0, 0]


def test_more_of_a_cause_is_a_count_an_hour_later() -> None:
    opened()
    plan(EVERYBODY, NOW)
    opened(returns=4)

    assert plan(EVERYBODY, NOW + timedelta(minutes=59)) == 0
    opened(returns=5)
    assert plan(EVERYBODY, NOW + HOUR) == 1
    (alert,) = messages()[-1][1].alerts
    assert (alert.why, alert.count, alert.added) == (Why.MORE, 10, 9)
    assert alert.title.endswith("10 exceptions, 20 units, 478.00 EUR (9 more)")


def test_a_cause_that_comes_back_after_it_was_mended_is_new() -> None:
    opened()
    plan(EVERYBODY, NOW)
    close("es:0012")
    plan(EVERYBODY, NOW)
    opened()
    assert plan(EVERYBODY, NOW + timedelta(minutes=1)) == 1
    assert messages()[-1][1].alerts[0].why is Why.NEW


def test_what_is_closed_before_anybody_was_told_is_nobodys_concern() -> None:
    opened(closed_at=NOW)
    assert plan(EVERYBODY, NOW) == 0


def test_what_is_mended_before_its_message_left_is_withdrawn() -> None:
    opened()
    opened(cause="es:0013")
    plan(EVERYBODY, NOW)
    close("es:0012")
    plan(EVERYBODY, NOW)
    assert messages()[0][0].withdrawn_at is None
    close("es:0013")
    plan(EVERYBODY, NOW)
    assert messages()[0][0].withdrawn_at == NOW


def test_a_failed_exchange_is_told_in_the_quick_run_and_alone() -> None:
    opened()
    opened(Code.EXCHANGE_FAILED, "EX-r1")

    assert plan(EVERYBODY, NOW, urgent_only=True) == 1
    ((row, message),) = messages()
    assert (row.urgent, message.title[:8]) == (True, "URGENT: ")
    opened(Code.EXCHANGE_FAILED, "EX-r1")
    assert plan(EVERYBODY, NOW + timedelta(seconds=59), urgent_only=True) == 0
    assert plan(EVERYBODY, NOW + timedelta(seconds=60), urgent_only=True) == 1


def test_quiet_hours_end_in_one_message_over_the_night() -> None:
    night = QuietHours(ZoneInfo("Europe/Madrid"), time(20), time(8))
    quiet = settings(merchandising=TeamAlerts(("mail",), night), cx=TeamAlerts(("mail",), night))
    evening = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
    for number in range(3):
        opened(cause=f"es:{number}", returns=2)
        assert plan(quiet, evening + number * HOUR) == 0
    opened(Code.EXCHANGE_FAILED, "EX-r1")
    assert plan(quiet, evening + 4 * HOUR) == 1

    assert plan(quiet, datetime(2026, 11, 25, 7, 0, tzinfo=UTC)) == 1
    assert [alert.count for alert in messages()[-1][1].alerts] == [2, 2, 2]


def test_a_storm_of_causes_ends_in_one_message_that_counts() -> None:
    for minute in range(9):
        opened(cause=f"es:{minute}")
        plan(EVERYBODY, NOW + timedelta(minutes=minute))
    assert len(messages()) == 5
    for number in range(30):
        opened(cause=f"es:late-{number}", units=number)

    assert plan(EVERYBODY, NOW + timedelta(minutes=11)) == 1
    message = messages()[-1][1]
    assert (len(message.alerts), message.further) == (20, 14)
    assert message.alerts[0].units == 29


def test_what_stands_open_goes_up_the_path_step_by_step() -> None:
    path = (Step(timedelta(hours=4), ("lead",)), Step(timedelta(hours=24), ("mail", "lead")))
    climbing = settings(merchandising=TeamAlerts(("mail",), escalation=path))
    opened()

    told = [plan(climbing, NOW + hours * HOUR) for hours in (0, 3, 4, 5, 24, 25, 48)]

    assert told == [1, 0, 1, 0, 2, 0, 0]
    row, message = messages()[1]
    assert row.channel == "lead"
    assert message.title.startswith("still open since 2026-11-24 12:00 UTC: unknown_sku")


def test_what_was_mended_is_not_escalated() -> None:
    climbing = settings(merchandising=TeamAlerts(("mail",), escalation=(Step(HOUR, ("lead",)),)))
    opened()
    plan(climbing, NOW)
    close("es:0012")
    assert plan(climbing, NOW + 2 * HOUR) == 0


def test_what_is_snoozed_is_escalated_when_its_snooze_ends() -> None:
    climbing = settings(merchandising=TeamAlerts(("mail",), escalation=(Step(HOUR, ("lead",)),)))
    opened(snoozed_until=NOW + 3 * HOUR)
    assert plan(climbing, NOW) == 1

    assert [plan(climbing, NOW + hours * HOUR) for hours in (1, 2, 3)] == [0, 0, 1]
    assert messages()[-1][0].channel == "lead"


def test_beside_what_is_snoozed_the_age_of_the_others_counts() -> None:
    climbing = settings(merchandising=TeamAlerts(("mail",), escalation=(Step(HOUR, ("lead",)),)))
    opened(snoozed_until=NOW + 24 * HOUR)
    plan(climbing, NOW)
    saved(exception_row(cause="es:0012", return_pk=saved(return_row("later")), opened_at=NOW + 2 * HOUR))

    told = [plan(climbing, NOW + hours * HOUR) for hours in (2, 3)]

    # At once the one more, an hour after it the step of the path.
    assert told == [1, 1]
    assert [row.channel for row, _ in messages()] == ["mail", "mail", "lead"]


def test_the_log_tells_even_where_no_channel_is_named() -> None:
    opened(returns=2)
    with capture_logs() as logs:
        assert plan(Alerts(), NOW) == 0
    (line,) = logs
    assert (line["log_level"], line["code"], line["team"], line["count"]) == (
        "warning",
        "unknown_sku",
        "merchandising",
        2,
    )


def test_telling_waits_for_no_lock_of_the_books(books: str) -> None:
    opened()
    opened(cause="es:0013")
    with psycopg.connect(books.replace("+psycopg", "", 1)) as working:
        working.execute("select * from exceptions where cause = 'es:0012' for update")
        assert plan(EVERYBODY, NOW) == 1
    assert [alert.cause for alert in messages()[0][1].alerts] == ["es:0013"]
    assert plan(EVERYBODY, NOW) == 1


def test_two_at_once_write_one_message(books: str) -> None:
    opened()
    with psycopg.connect(books.replace("+psycopg", "", 1)) as other:
        other.execute("select pg_advisory_xact_lock(7202612)")
        assert plan(EVERYBODY, NOW) == 0
    assert plan(EVERYBODY, NOW) == 1
    with transaction() as session:
        assert session.query(AlertRow).count() == 1


def test_a_title_says_of_how_many_the_amount_is_not_known() -> None:
    opened(returns=2)
    saved(exception_row(cause="es:0012", return_pk=saved(return_row("odd")), amount=None, currency=None))

    plan(settings(merchandising=TeamAlerts(("mail",))), NOW)

    ((_, message),) = messages()
    assert message.alerts[0].title.endswith("EUR, 1 of an amount not known")
