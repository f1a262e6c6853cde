"""A customer is erased: nothing personal is left anywhere, and the books are as they were."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.engine import transaction
from app.db.tables.base import Base
from app.db.tables.exceptions import AlertMessage, AlertRow, DecisionRow, ExceptionRow
from app.db.tables.figures import SignOffRow
from app.db.tables.history import History
from app.db.tables.ledger import BatchRow, LedgerRow, LedgerVersion
from app.db.tables.mapping import MappingEditRow
from app.db.tables.returns import Erasure, InboxEvent, ReceiptRow, ReturnRow, ReturnVersion
from app.pseudonym import VARIABLE
from app.secret import Secret
from app.services.books.reconciliation import reconcile
from app.services.exceptions import approvals
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.exception_file import comment, exception_file
from app.services.intake import returns
from app.services.intake.inbox import store_event
from app.services.intake.taking_in import take_in
from app.services.privacy.erased import last_erasures
from app.services.privacy.erasure import ERASED, Erased, NoSuchCustomer, erase_customer
from tests.support.rows import NOON, exception_row, return_row, saved
from tests.support.scene import Scene, item
from tests.support.whole_database import whole_database

KEY = Secret("a-key-of-the-tests")
EMAIL = "Ximena.Canary@Mail-Of-Canary.example"
PERSONAL = ["ximena", "canary", "pajarera", "280139", "600555777"]
"""Whatever of the customer must be nowhere, in lower case."""
CUSTOMER = {"name": "Xiména Canary", "email": EMAIL}
ADDRESS = {
    "name": "Xiména Canary",
    "street": "Calle Pajarera 7",
    "postcode": "280139",
    "phone": "600555777",
    "country": "ES",
}


@pytest.fixture(autouse=True)
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of the bridge have the key."""
    monkeypatch.setenv(VARIABLE, KEY.reveal())


def erase(scene: Scene, customer: str = EMAIL) -> Erased:
    return erase_customer(customer, "ann", KEY, scene.outside)


def _plain(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)).lower()


def left() -> list[str]:
    """Rows of any table in which something of the customer stands, also where JSON has it escaped."""
    found = []
    for table, rows in whole_database().items():
        for row in rows:
            plain = _plain(row.encode().decode("unicode_escape", errors="ignore") + row)
            found += [f"{table}: {word}" for word in PERSONAL if word in plain]
    return found


def ask(scene: Scene, return_id: str = "r1", **changes: Any) -> None:
    """The customer asks for an exchange, and Reveni's webhook says more than the contract wants."""
    scene.ask(
        return_id,
        item("0001", 2, exchange={"sku": "0002", "quantity": 2}),
        tell=False,
        **{
            "type": "exchange",
            "customer": CUSTOMER,
            "exchange_order": {"external_id": f"X-{return_id}", "ship_to": ADDRESS},
            **changes,
        },
    )
    hint(return_id, f"raw-{return_id}")


def hint(return_id: str, event_id: str) -> None:
    data = {"resource": "return", "resource_id": return_id, "customer": CUSTOMER, "ship_to": ADDRESS}
    store_event("reveni", "es", event_id, json.dumps({"id": event_id, "event": "return.updated", "data": data}))


def arrive(scene: Scene, receipt_id: str, **names: object) -> None:
    goods = {"sku": "0001", "quantity": 2, "grade": "A", "note": f"label of Xiména Canary, {EMAIL}"}
    scene.report(receipt_id, {"items": [goods], "sender": CUSTOMER, **names})


def texts_that_name_the_customer() -> None:
    """People and BlueCherry wrote the customer's name where the bridge keeps words."""
    words = f"Spoke to Ms CANARY ({EMAIL}) of Calle Pajarera 7, 280139: she keeps it"
    with transaction() as session:
        pk = session.scalars(select(ReturnRow.pk)).first()
        session.add(DecisionRow(return_pk=pk, code="refused", cause="x", action="resolved", by="ben", note=words))
        session.add(History(return_pk=pk, what="resolved", detail={"note": words, "by": "ben", "code": "refused"}))
        told = exception_row(return_pk=pk, return_id="r1", message=words)
        alert = AlertRow(code=told.code, cause=told.cause, team="cx", urgent=False, untold=0, opened_at=NOON)
        session.add_all([told, alert])
        session.flush()
        content = {"text": "1 to mend", "alerts": [{"message": words}]}
        session.add(History(what="act", detail={"note": words, "by": "ben", "reason": words}))
        session.add(MappingEditRow(overlay={}, by="ben", note=words))
        session.add(SignOffRow(rhythm="daily", day=NOON.date(), team="cx", point="p", by="ben", note=words, open=0))
        message = {"key": "k", "channel": "chat", "team": "cx", "urgent": False, "created_at": NOON}
        session.add(AlertMessage(alert_ids=[alert.id], content=content, **message))
        first = session.scalars(select(LedgerRow).order_by(LedgerRow.id)).first()
        assert first is not None
        first.error = words
        session.flush()
        first.state = "refused"
        session.flush()
        first.state = "posted"


def test_nothing_personal_is_left_anywhere(scene: Scene) -> None:
    ask(scene)
    scene.work()
    arrive(scene, "w1", return_id="r1")
    scene.accept("r1")
    scene.work()
    arrive(scene, "w-lost", return_id="nobody-knows-it")
    scene.work()
    hint("r1", "not-taken-in-yet")
    texts_that_name_the_customer()
    before = left()
    assert {line.partition(":")[0] for line in before} == {
        "returns", "receipts", "inbox", "decisions", "history", "exceptions", "ledger", "ledger_versions",
        "alert_messages", "sign_offs", "mapping_edits",
    }  # fmt: skip

    done = erase(scene, EMAIL.upper())

    assert left() == []
    assert done == Erased(returns=1, events=5, receipts=2, texts=10)
    with transaction() as session:
        (row,) = session.scalars(select(Erasure))
        assert (row.by, row.returns, row.events, len(row.subject or b"")) == ("ann", 1, 5, 32)
        note = session.scalars(select(DecisionRow.note)).one()
    assert note == f"Spoke to Ms {ERASED} ({ERASED}) of {ERASED}, {ERASED}: she keeps it"


def test_the_books_stay_and_go_on(scene: Scene) -> None:
    ask(scene)
    scene.work()
    arrive(scene, "w1", return_id="r1")
    scene.work()
    documents = {key: (row.state, row.number, row.total, row.units) for key, row in scene.ledger().items()}
    with transaction() as session:
        versions = session.query(ReturnVersion).count(), session.query(LedgerVersion).count()

    erase(scene)

    assert {key: (row.state, row.number, row.total, row.units) for key, row in scene.ledger().items()} == documents
    with transaction() as session:
        assert (session.query(ReturnVersion).count(), session.query(LedgerVersion).count()) == versions
    assert reconcile("main", scene.outside).differences == []
    scene.accept("r1")
    scene.work()
    scene.later(3600)
    assert {row.state for row in scene.ledger().values()} == {"posted"}
    assert scene.codes() == []
    assert left() == []


def test_what_comes_later_does_not_bring_it_back(scene: Scene) -> None:
    """A late webhook, a changed return, a late receipt, and a return from before that the bridge did not know."""
    ask(scene)
    scene.work()
    scene.ask("r2", item("0002"), tell=False, customer=CUSTOMER)
    arrive(scene, "w-before-its-return", return_id="r2")

    erase(scene)
    hint("r1", "late")
    scene.change("r1", exchange_order={"external_id": "X-r1", "ship_to": ADDRESS, "note": "new"}, tell=False)
    arrive(scene, "w-late", return_id="r1")
    hint("r2", "late-2")
    scene.work()

    assert left() == []
    assert scene.row("r2").erased_at is not None
    assert {row.state for row in scene.rows(InboxEvent)} == {"done"}
    assert len(scene.rows(ReceiptRow)) == 2


def test_a_return_that_is_being_stored_meanwhile_is_erased_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not seen by the erasure yet, nor the erasure by it: one has to wait for the other."""
    ask(scene)
    erasing: list[Thread] = []

    def erase_meanwhile(session: Session, emails: Collection[str]) -> dict[str, datetime]:
        found = last_erasures(session, emails)
        erasing.append(Thread(target=erase, args=(scene,)))
        erasing[0].start()
        erasing[0].join(0.5)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(returns, "last_erasures", erase_meanwhile)
        take_in(scene.outside)
    erasing[0].join()

    assert scene.row("r1").personal == {}
    assert left() == []


def test_a_purchase_after_the_erasure_is_a_new_one(scene: Scene) -> None:
    ask(scene)
    scene.work()
    erase(scene)

    ask(scene, "r2", created=(scene.clock.now() + timedelta(hours=1)).isoformat())
    scene.work()

    assert (scene.row("r2").personal or {})["email"] == EMAIL
    assert scene.row("r1").personal == {}


def test_an_event_that_was_reduced_is_still_taken_in(scene: Scene) -> None:
    ask(scene)
    arrive(scene, "w1", return_id="r1")
    erase(scene)
    assert left() == []

    scene.work()

    assert {row.state for row in scene.rows(InboxEvent)} == {"done"}
    assert [row.return_pk is not None for row in scene.rows(ReceiptRow)] == [True]
    assert left() == []


def test_a_profiles_own_names_are_kept(scene: Scene) -> None:
    scene.write("theirs.toml", '[fields.event]\nid = "event_id"\n"data.resource_id" = "return"\n')
    scene.configure({"stores": {"es": {"reveni_profile": "theirs.toml"}}})
    scene.ask("r1", tell=False, customer=CUSTOMER)
    body = {"event_id": "e1", "event": "return.updated", "data": {"return": "r1", "customer": CUSTOMER}}
    store_event("reveni", "es", "e1", json.dumps(body))

    erase(scene)
    scene.work()

    (event,) = scene.rows(InboxEvent)
    assert json.loads(event.body) == {"event_id": "e1", "event": "return.updated", "data": {"return": "r1"}}
    assert event.state == "done"


def test_a_returns_id_means_its_customer_with_all_their_returns(scene: Scene) -> None:
    ask(scene, "r1")
    scene.ask("r2", item("0002"), customer={**CUSTOMER, "email": f" {EMAIL.upper()} "})
    scene.ask("r3", item("0003"))
    scene.work()

    assert erase(scene, "es/r1").returns == 2

    assert left() == []
    assert scene.row("r3").personal != {}


def test_a_return_without_an_email_is_erased_alone(scene: Scene) -> None:
    scene.ask("r1", customer={"name": "Xiména Canary", "email": None})
    scene.work()

    assert erase(scene, "r1").returns == 1

    assert left() == []
    assert [row.subject for row in scene.rows(Erasure)] == [None]


def test_nobody_else_is_touched(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.work()
    before = {table: rows for table, rows in whole_database().items() if table != "erasures"}

    assert erase(scene) == Erased(0, 0, 0, 0)

    assert {table: rows for table, rows in whole_database().items() if table != "erasures"} == before


def test_who_is_meant_must_be_plain(scene: Scene) -> None:
    with pytest.raises(NoSuchCustomer, match="no return r9 is known"):
        erase(scene, "r9")
    for store in ("es", "uk"):
        saved(return_row("r1", store=store))
    with pytest.raises(NoSuchCustomer, match="name es/r1 or uk/r1"):
        erase(scene, "r1")
    assert scene.rows(Erasure) == []


def test_no_erasure_is_itself_erased(scene: Scene) -> None:
    erase(scene)

    with pytest.raises(Exception, match="erasures is append-only"), transaction() as session:
        session.execute(update(Erasure).values(by="nobody"))


def test_every_column_for_words_is_erased_or_known_to_name_nobody() -> None:
    """A new column in which people or other systems write words must be thought of here."""
    words = {"note", "message", "error", "detail", "comment", "why", "body", "content", "text", "personal", "reason"}
    found = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in words
    }
    erased = {
        "alert_messages.content", "approvals.reason", "batches.error", "exception_comments.text",
        "decisions.note", "exceptions.message", "history.detail", "inbox.body", "inbox.error",
        "ledger.error", "ledger_versions.error", "mapping_edits.note", "returns.personal", "sign_offs.note",
    }  # fmt: skip
    # A mapping, how a channel of alerts failed, why windows are held, and what the bridge says of a job.
    name_nobody = {
        "mappings.content", "alert_messages.error", "circuits.why", "window_holds.reason", "bulk_jobs.error",
        "reports.error",
    }  # fmt: skip

    assert found == erased | name_nobody
    assert BatchRow.__tablename__ == "batches"
    assert ExceptionRow.__tablename__ == "exceptions"


def test_what_people_wrote_at_the_desk_is_erased_too(scene: Scene) -> None:
    scene.ask("r1", item("9999"), customer=CUSTOMER)
    scene.work()
    (exception,) = scene.exceptions()
    comment(exception.id, "Xiména Canary called about her jacket", "ana")
    number = approvals.ask(Action.RESOLVE, [exception.id], {"reason": f"{EMAIL} agreed"}, "ana")

    erase(scene)

    file = exception_file(exception.id)
    assert [each.text for each in file.comments] == [f"{ERASED} called about her jacket"]
    (waiting,) = approvals.list_approvals(open_only=True).rows
    assert (waiting.id, waiting.reason, waiting.arguments["reason"]) == (number, f"{ERASED} agreed", f"{ERASED} agreed")
