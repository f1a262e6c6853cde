from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from structlog.testing import capture_logs

from app.config import Alerts
from app.db.engine import transaction
from app.db.models import ExceptionRow, Mark
from app.domain.blockers import Code
from app.ops.alerts import Channel
from app.secret import Secret
from app.services.alerts import channels_of, send_alerts
from tests.support.http_server import HttpServer, closed_port, http_server
from tests.support.mail_server import MailServer, mail_server
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


@pytest.fixture
def hook() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def _channels(webhook: str | None = None, smtp: str | None = None) -> list[Channel]:
    return channels_of(
        Alerts(
            webhook_url=Secret(webhook) if webhook else None,
            smtp_url=Secret(smtp) if smtp else None,
            email_to=("returns@brand.example", "it@brand.example"),
            email_from="bridge@brand.example",
        )
    )


def _silent() -> int:
    with transaction() as session:
        return session.query(ExceptionRow).filter(ExceptionRow.alerted_at.is_(None)).count()


def test_an_exception_is_logged_once_at_warning() -> None:
    saved(exception_row())

    with capture_logs() as logs:
        told = [send_alerts(_channels()), send_alerts(_channels())]

    (line,) = logs
    assert told == [1, 0]
    assert (line["log_level"], line["code"], line["team"]) == ("warning", "unknown_sku", "merchandising")
    assert (line["count"], line["units"], line["amounts"]) == (1, 2, {"EUR": "47.80"})
    assert _silent() == 0


def test_a_cause_is_one_message_however_many_returns_it_holds_up(hook: HttpServer) -> None:
    for number in range(40):
        saved(exception_row(return_pk=saved(return_row(f"r{number}")), amount=Decimal(1)))
    saved(exception_row(Code.EXCHANGE_FAILED, cause="EX-r1"))

    assert send_alerts(_channels(hook.url)) == 2

    first, second = (call.body for call in hook.calls)
    assert (first["code"], first["count"], first["units"], first["amounts"]) == (
        "unknown_sku",
        40,
        80,
        {"EUR": "40.00"},
    )
    assert "40 exceptions" in first["text"]
    assert "map-sku" in first["way_out"]
    assert (second["urgent"], second["count"]) == (True, 1)
    assert second["text"].startswith("URGENT")
    assert _silent() == 0


def test_a_closed_exception_is_nobodys_concern(hook: HttpServer) -> None:
    saved(exception_row(closed_at=NOON))

    assert send_alerts(_channels(hook.url)) == 0
    assert hook.calls == []


def test_one_more_of_a_cause_that_was_told_is_told_alone(hook: HttpServer) -> None:
    saved(exception_row(return_pk=saved(return_row("r1"))))
    send_alerts(_channels(hook.url))
    saved(exception_row(return_pk=saved(return_row("r2"))))
    send_alerts(_channels(hook.url))

    assert [call.body["count"] for call in hook.calls] == [1, 1]


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_webhook_that_fails_is_tried_again_and_the_log_is_not_repeated(hook: HttpServer, status: int) -> None:
    saved(exception_row())
    hook.always(status=status)
    with capture_logs() as logs:
        assert send_alerts(_channels(hook.url)) == 0
        assert _silent() == 1
        hook.always(status=204)
        assert send_alerts(_channels(hook.url)) == 1

    events = [line["event"] for line in logs]
    assert events == ["exception", "alert.not_delivered"]
    assert logs[1]["why"] == f"HTTP {status}"
    assert len(hook.calls) == 2
    assert _silent() == 0


def test_a_webhook_that_is_away_is_asked_once_a_run_and_shows_no_address() -> None:
    saved(exception_row(cause="c1"))
    saved(exception_row(cause="c2"))

    with capture_logs() as logs:
        send_alerts(_channels(f"http://127.0.0.1:{closed_port()}/hook/pa55word"))

    failures = [line for line in logs if line["event"] == "alert.not_delivered"]
    assert len(failures) == 1
    assert "pa55word" not in repr(failures)
    assert [line["cause"] for line in logs if line["event"] == "exception"] == ["c1", "c2"]


def test_mail_goes_to_everybody_who_should_know(mail: MailServer) -> None:
    saved(exception_row())

    assert send_alerts(_channels(smtp=mail.url)) == 1

    (letter,) = mail.letters
    assert letter["Subject"] == "[bridge] unknown_sku (merchandising): 1 exception, 2 units, 47.80 EUR"
    assert (letter["From"], letter["To"]) == ("bridge@brand.example", "returns@brand.example, it@brand.example")
    assert "bridge exceptions map-sku" in letter.get_content()


def test_who_was_told_is_not_told_again_because_another_way_was_closed(hook: HttpServer, mail: MailServer) -> None:
    saved(exception_row())
    mail.refuses = True
    for _ in range(3):
        assert send_alerts(_channels(hook.url, mail.url)) == 0
    mail.refuses = False

    assert send_alerts(_channels(hook.url, mail.url)) == 1

    assert (len(hook.calls), len(mail.letters)) == (1, 1)
    with transaction() as session:
        assert session.query(Mark).count() == 0


def test_two_runs_at_once_tell_once(hook: HttpServer, books: str) -> None:
    saved(exception_row())
    with psycopg.connect(books.replace("+psycopg", "", 1), autocommit=True) as other:
        other.execute("select pg_advisory_lock(7202612)")
        assert send_alerts(_channels(hook.url)) == 0
        other.execute("select pg_advisory_unlock(7202612)")

    assert send_alerts(_channels(hook.url)) == 1
    assert len(hook.calls) == 1


def test_a_failed_exchange_is_told_in_a_run_of_its_own_each_return_anew(hook: HttpServer) -> None:
    saved(exception_row())
    saved(exception_row(Code.EXCHANGE_FAILED, "es:0012"))

    assert send_alerts(_channels(hook.url), urgent=True) == 1
    (told,) = [call.body for call in hook.calls]
    assert (told["code"], told["team"], told["urgent"]) == ("exchange_failed", "cx", True)

    pk = saved(return_row())
    saved(exception_row(Code.EXCHANGE_FAILED, "es:0012", return_pk=pk, return_id="r1"))
    assert send_alerts(_channels(hook.url), urgent=True) == 1
    assert send_alerts(_channels(hook.url), urgent=False) == 1
    assert _silent() == 0
