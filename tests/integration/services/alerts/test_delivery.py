"""How messages get through: real mail and HTTP servers, good and bad ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from app.config import AlertChannel, Alerts
from app.db.engine import transaction
from app.db.tables.exceptions import AlertMessage
from app.domain.alerting import TeamAlerts
from app.domain.blockers import Code
from app.ops.alerts import Channel, Message, NotDelivered, Webhook
from app.reveni.signature import WAREHOUSE_HEADER, verify
from app.secret import Secret
from app.services.alerts.delivery import deliver, tell, waiting
from app.services.alerts.telling import plan
from tests.support.http_server import Answer, Call, HttpServer, closed_port, http_server
from tests.support.mail_server import MailServer, mail_server
from tests.support.rows import exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hook() -> Iterator[HttpServer]:
    with http_server() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def settings(mail_url: str | None = None, **urls: tuple[str, str]) -> Alerts:
    """Channels by name: kind and URL; `mail` besides. All of them tell every team."""
    channels = {
        name: AlertChannel(name, kind, Secret(url), Secret("hook-key") if kind == "webhook" else None)
        for name, (kind, url) in urls.items()
    }
    if mail_url is not None:
        channels["mail"] = AlertChannel("mail", "mail", to=("returns@brand.example", "it@brand.example"))
    everybody = TeamAlerts(tuple(channels))
    return Alerts(
        console_url="https://bridge.brand.example",
        smtp_url=Secret(mail_url) if mail_url else None,
        email_from="bridge@brand.example",
        channels=channels,
        teams={"merchandising": everybody, "cx": everybody},
        private_hosts=("127.0.0.1",),
    )


def test_mail_goes_to_everybody_who_should_know(mail: MailServer, clock: Clock) -> None:
    saved(exception_row())

    assert tell(settings(mail.url), now=clock) == 1
    assert tell(settings(mail.url), now=clock) == 0

    (letter,) = mail.letters
    assert letter["Subject"] == "[bridge] unknown_sku (merchandising): 1 exception, 2 units, 47.80 EUR"
    assert (letter["From"], letter["To"]) == ("bridge@brand.example", "returns@brand.example, it@brand.example")
    text = letter.get_content()
    assert "bridge exceptions map-sku" in text
    assert "Runbook: https://bridge.brand.example/console/runbooks/unknown_sku" in text


def test_a_webhook_is_signed_and_bears_its_key(hook: HttpServer, clock: Clock) -> None:
    saved(exception_row())
    tell(settings(pager=("webhook", hook.url + "/hook")), now=clock)

    headers, body = hook.last.headers, hook.last.body
    raw = json.dumps(body, ensure_ascii=False).encode()
    sent = datetime.now(UTC).timestamp()
    verify(headers[WAREHOUSE_HEADER], raw, [Secret("hook-key")], timedelta(minutes=5), sent)
    assert headers["Idempotency-Key"] == body["id"]
    assert (body["team"], body["alerts"][0]["code"], body["alerts"][0]["why"]) == (
        "merchandising",
        "unknown_sku",
        "new",
    )


def test_slack_gets_blocks_in_which_nothing_mentions_anybody(hook: HttpServer, clock: Clock) -> None:
    saved(exception_row(cause="<!channel> & co"))
    tell(settings(chat=("slack", hook.url)), now=clock)

    blocks = [block["text"]["text"] for block in hook.last.body["blocks"]]
    assert "unknown_sku (merchandising): 1 exception" in blocks[0]
    assert "&lt;!channel&gt; &amp; co" in blocks[1]
    assert "|Runbook>" in blocks[1]


def test_teams_gets_a_card_with_buttons(hook: HttpServer, clock: Clock) -> None:
    saved(exception_row(cause="[x](https://evil.example)"))
    tell(settings(chat=("teams", hook.url)), now=clock)

    (attachment,) = hook.last.body["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [action["title"] for action in card["actions"]] == ["Open", "Runbook"]
    assert all("](" not in block["text"] for block in card["body"])


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_channel_that_fails_is_tried_again_with_the_same_key(hook: HttpServer, clock: Clock, status: int) -> None:
    saved(exception_row())
    hook.always(status=status)
    told = settings(pager=("webhook", hook.url))
    with capture_logs() as logs:
        assert tell(told, now=clock) == 0
    assert [(each.count, each.tries, each.error) for each in waiting()] == [(1, 1, f"HTTP {status}")]
    assert "alert.not_delivered" in [line["event"] for line in logs]

    hook.always(status=204)
    clock.move(9)
    assert tell(told, now=clock) == 0
    clock.move(1)
    assert tell(told, now=clock) == 1
    first, second = hook.calls
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert waiting() == []


def test_a_failing_channel_blocks_no_other(hook: HttpServer, mail: MailServer, clock: Clock) -> None:
    saved(exception_row())
    away = f"http://127.0.0.1:{closed_port()}/hook/pa55word"
    told = settings(mail.url, away=("slack", away), pager=("webhook", hook.url))
    with capture_logs() as logs:
        assert tell(told, now=clock) == 2

    assert (len(hook.calls), len(mail.letters)) == (1, 1)
    assert "pa55word" not in repr(logs)
    assert [each.channel for each in waiting()] == ["away"]


def test_a_channel_that_hangs_keeps_no_other_waiting(hook: HttpServer, mail: MailServer, clock: Clock) -> None:
    saved(exception_row())
    held = threading.Event()
    hook.always(hold=held)
    running = threading.Thread(
        target=tell, args=(settings(mail.url, slow=("webhook", hook.url)),), kwargs={"now": clock}
    )
    running.start()
    try:
        assert mail.came.wait(20)
        assert running.is_alive()
    finally:
        held.set()
        running.join()
    assert waiting() == []


def test_one_message_that_nobody_takes_does_not_hold_up_the_others(hook: HttpServer, clock: Clock) -> None:
    def picky(call: Call) -> Answer:
        return Answer(status=400 if "bad" in json.dumps(call.body) else 200)

    hook.reply = picky
    told = settings(pager=("webhook", hook.url))
    saved(exception_row(cause="bad"))
    assert tell(told, now=clock) == 0
    saved(exception_row(cause="good"))
    clock.move(20)
    assert tell(told, now=clock) == 1
    assert [each.count for each in waiting()] == [1]


def test_a_run_that_died_while_it_sent_is_taken_up_after_its_lease(hook: HttpServer, clock: Clock) -> None:
    saved(exception_row())

    class Dies:
        name = "pager"

        def deliver(self, message: Message) -> None:
            raise KeyboardInterrupt

    told = settings(pager=("webhook", hook.url))
    with pytest.raises(KeyboardInterrupt):
        tell_by(told, Dies(), clock)
    assert tell(told, now=clock) == 0
    clock.move(61)
    assert tell(told, now=clock) == 1


def tell_by(told: Alerts, channel: Channel, clock: Clock) -> None:
    plan(told, clock())
    deliver({"pager": channel}, now=clock)


def test_what_is_urgent_does_not_wait_for_a_run_that_hangs(hook: HttpServer, mail: MailServer, clock: Clock) -> None:
    saved(exception_row())
    held = threading.Event()
    hook.always(hold=held)
    told = settings(mail.url, slow=("webhook", hook.url))
    running = threading.Thread(target=tell, args=(told,), kwargs={"now": clock})
    running.start()
    try:
        assert mail.came.wait(20)
        mail.came.clear()
        saved(exception_row(Code.EXCHANGE_FAILED, "EX-r1", return_pk=saved(return_row())))
        urgent = threading.Thread(target=tell, args=(told,), kwargs={"now": clock, "urgent_only": True})
        urgent.start()
        assert mail.came.wait(20)
        assert running.is_alive()
    finally:
        held.set()
        running.join()
        urgent.join()


def test_a_channel_that_is_gone_from_the_configuration_keeps_nothing(clock: Clock) -> None:
    saved(exception_row())
    tell(settings(pager=("webhook", f"http://127.0.0.1:{closed_port()}")), now=clock)
    tell(Alerts(), now=clock)
    with transaction() as session:
        row = session.query(AlertMessage).one()
        assert (row.withdrawn_at, row.error) == (clock.at, "the channel is gone from the configuration")


def test_a_webhook_without_a_secret_is_not_signed(hook: HttpServer, clock: Clock) -> None:
    saved(exception_row())
    channel = Webhook("pager", Secret(hook.url), None, ("127.0.0.1",))
    tell_by(settings(pager=("webhook", hook.url)), channel, clock)
    assert WAREHOUSE_HEADER not in hook.last.headers


def test_an_address_that_is_none_is_a_channel_that_fails() -> None:
    with pytest.raises(NotDelivered):
        Webhook("pager", Secret("not a url"), None).deliver(Message("k", "cx", ()))
