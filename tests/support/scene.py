"""A scene: the bridge's services between a real BlueCherry and a real Reveni sandbox, and a clock that tests move.

The order 5001 of the sandbox's world was sold to the customer: 3 × 0001, 1 × 0002, 1 × 0003 (inactive), 10.89 each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from app.bluecherry.client import BlueCherryClient
from app.config import Config
from app.db.engine import engine, transaction
from app.db.tables.base import Base
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.domain.policy import Kind
from app.services.circuits import Circuits
from app.services.intake.inbox import store_event
from app.services.intake.taking_in import take_in
from app.services.ledger.batches import follow_batches
from app.services.ledger.posting import Outcome, post
from app.services.ledger.validation import validate
from app.services.ledger.windows import open_windows
from app.services.outside import Outside, build
from app.services.sweep import sweep
from tests.support import postgres
from tests.support.configuration import load
from tests.support.surroundings import ENVIRONMENT, STORE_ID, Clock, Sandboxes, configuration, merge
from tests.support.waiting import wait_until
from tests.unit.sandbox.world import Body, seed

WAY = (
    {Kind.ORDER_CANCEL, Kind.EXCHANGE_ORDER},
    {Kind.RA_CANCEL, Kind.RETURN_AUTHORISATION},
    {Kind.INVENTORY_JOURNAL, Kind.RA_CLOSE},
    {Kind.CREDIT_MEMO},
    {Kind.VERDICT},
)
"""The kinds of documents that each step makes, in the order of the steps."""


def item(sku: str = "0001", quantity: int = 1, **changes: object) -> Body:
    """An item of a return, named after its SKU."""
    plain: Body = {
        "item_id": f"i-{sku}",
        "sku": sku,
        "quantity": quantity,
        "price": "10.89",
        "status": "pending",
        "return_reason": "too_small",
        "exchange": None,
    }
    return plain | cast(Body, changes)


class Scene:
    """Tells what customer, Reveni and warehouse do, lets the bridge work, and reads what came of it."""

    def __init__(self, sandboxes: Sandboxes, directory: Path) -> None:
        self.bluecherry = sandboxes.bluecherry
        self.reveni = sandboxes.reveni
        self.clock = Clock()
        self.table = configuration(sandboxes)
        self.environment = dict(ENVIRONMENT)
        self._directory = directory
        self._events = 0
        self.outside = self._build()
        self._open()

    # The bridge

    @property
    def config_path(self) -> Path:
        """The configuration file, for a process that is to join in."""
        return self._directory / "bridge.toml"

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Restart the bridge with a configuration that differs in this."""
        merge(self.table, changes)
        self.close()
        self.outside = self._build()

    def with_key(self, key: str) -> None:
        """Restart the bridge with another key for BlueCherry."""
        self.close()
        config = load(self.table, self._directory, {**self.environment, "BC_KEY": key})
        self.outside = build(config, self.clock.now, Circuits(self.clock.now, fresh=0))

    def freeze_workers(self) -> None:
        """From now on every worker stands still between its claim and its call for longer than its lease."""
        config = self.outside.config
        short = replace(config.retry, lease=timedelta(seconds=1))
        self.outside = replace(self.outside, config=replace(config, retry=short))

    def write(self, name: str, text: str) -> None:
        """A file beside the configuration, a profile for one."""
        (self._directory / name).write_text(text)

    def close(self) -> None:
        """Let go of all connections."""
        for erp in self.outside.bluecherry.values():
            assert isinstance(erp, BlueCherryClient)
            erp.close()
        for reveni in self.outside.reveni.values():
            reveni.close()

    def work(self) -> None:
        """Take in what waits in the inbox, and carry every return as far as it goes now."""
        while (taken := take_in(self.outside)).returns or taken.more:
            self.carry(taken.returns)

    def carry(self, pks: Sequence[int]) -> list[Outcome]:
        """Carry returns through all steps, as a chain does; what became of each step, validation first."""
        return [validate(pks, self.outside), *(post(kinds, pks, self.outside) for kinds in WAY)]

    def later(self, seconds: float) -> None:
        """Some time passes; then the sweep sets going what stands still."""
        self.clock.move(seconds)
        found = sweep(self.outside)
        for pks in found.slices:
            self.carry(pks)
        if found.events:
            self.work()

    def run_windows(self) -> None:
        """A window opens: what is due is handed in, and the batches are followed until they are done."""
        open_windows(self.outside)
        self.follow()

    def follow(self) -> None:
        """Follow batches until one is done."""

        def done() -> list[int]:
            self.clock.move(6)
            return follow_batches(self.outside)

        self.carry(wait_until(done, what="a batch is done"))

    # The others

    def seed(self, **changes: object) -> None:
        """Add items and orders to BlueCherry."""
        answer = self.bluecherry.call("POST", "/_sandbox/seed", changes)
        assert answer.status_code == 200, answer.text

    def ask(self, return_id: str, *items: Body, tell: bool = True, **changes: object) -> None:
        """A customer asks for a return of order 5001."""
        goods = list(items) or [item()]
        body = {
            "id": return_id,
            "status": "in_progress",
            "type": "refund",
            "instant": False,
            "currency": "EUR",
            "amount": "10.89",
            "order": {"external_id": "5001", "number": "#5001"},
            "customer": {"name": "Jane Doe", "email": "jane.doe@example.com"},
            "return_items": goods,
            "fees": [],
            "bonus": "0",
            "refund": None,
            "shipping": {"carrier": "seur", "tracking_number": f"T-{return_id}", "destination": None},
            "exchange_order": None,
            **changes,
        }
        self.put(return_id, body, tell=tell)

    def change(
        self, return_id: str, *, items: Mapping[str, object] | None = None, tell: bool = True, **changes: object
    ) -> None:
        """The return changes in Reveni; `items` changes every one of its items."""
        body = {**self.in_reveni(return_id), **changes}
        if items is not None:
            body["return_items"] = [{**each, **items} for each in body["return_items"]]
        self.put(return_id, body, tell=tell)

    def accept(self, return_id: str, status: str = "accepted") -> None:
        """Reveni accepts (or rejects) all of a return."""
        self.change(return_id, status=status, items={"status": status})

    def put(self, return_id: str, body: Mapping[str, object], *, tell: bool = True) -> None:
        """Put a return into Reveni as it is; with `tell`, its webhook reaches the inbox."""
        now = datetime.now(UTC).isoformat()
        dated = {"created": now, **body, "updated": now}
        answer = self.reveni.call("PUT", f"/_sandbox/returns/{STORE_ID}/{return_id}?event=none", dated)
        assert answer.status_code == 200, answer.text
        if tell:
            self.tell(return_id)

    def tell(self, return_id: str, event_id: str | None = None, store: str = "es") -> None:
        """Reveni's webhook about a return comes in."""
        self._events += 1
        name = event_id or f"e{self._events}"
        body = {"id": name, "event": "return.updated", "data": {"resource": "return", "resource_id": return_id}}
        store_event("reveni", store, name, json.dumps(body))

    def arrive(
        self, receipt_id: str, goods: Mapping[str, int], grade: str = "A", *, site: str = "madrid", **names: object
    ) -> None:
        """The warehouse reports goods (units by SKU) of a return, which ``return_id="r1"`` or the like names."""
        items = [{"sku": sku, "quantity": units, "grade": grade} for sku, units in goods.items()]
        self.report(receipt_id, {"items": items, **names}, site)

    def real_now(self) -> str:
        """The time by which the others live."""
        return datetime.now(UTC).isoformat()

    def report(self, receipt_id: str, body: Mapping[str, object], site: str = "madrid") -> None:
        """The warehouse reports something."""
        whole = {"id": receipt_id, "received_at": datetime.now(UTC).isoformat(), **body}
        store_event("warehouse", site, receipt_id, json.dumps(whole))

    def trouble(self, fault: str | None, call: str = "", **plan: object) -> None:
        """From now on BlueCherry spoils every such call (``POST /credit_memos``) so (``cut_after``)."""
        body = {"rate": {fault: 1.0} if fault else {}, "only": [call] if call else None, "seed": 1, "batch_seconds": 0}
        assert self.bluecherry.call("POST", "/_sandbox/faults", body | plan).status_code == 200

    def reveni_trouble(self, fault: str | None, call: str) -> None:
        """From now on Reveni spoils every such call so."""
        body = {"rate": {fault: 1.0} if fault else {}, "only": [call]}
        assert self.reveni.call("POST", "/_sandbox/faults", body).status_code == 200

    # What came of it

    def in_reveni(self, return_id: str) -> dict[str, Any]:
        """A return as Reveni has it."""
        returns = self.reveni.call("GET", f"/_sandbox/returns/{STORE_ID}").json()["returns"]
        return next(body for body in returns if body["id"] == return_id)

    def verdicts(self) -> list[dict[str, Any]]:
        """What Reveni was told of items."""
        return cast(list[dict[str, Any]], self.reveni.call("GET", "/_sandbox/verdicts").json()["verdicts"])

    def books(self) -> dict[str, Any]:
        """BlueCherry's books."""
        return cast(dict[str, Any], self.bluecherry.call("GET", "/_sandbox/books").json())

    def made(self, shelf: str) -> dict[str, dict[str, Any]]:
        """The bridge's documents on a shelf of BlueCherry, by key. Fails when one is there twice."""
        ours = [row for row in self.books()[shelf] if row["aux_ref_num"]]
        keys = [row["aux_ref_num"] for row in ours]
        assert sorted(keys) == sorted(set(keys)), keys
        return dict(zip(keys, ours, strict=True))

    def ras(self) -> dict[str, dict[str, Any]]:
        """Return authorisations by key."""
        return self.made("return_authorisations")

    def journals(self) -> dict[str, dict[str, Any]]:
        """Inventory journals by key."""
        return self.made("inventory_journals")

    def memos(self) -> dict[str, dict[str, Any]]:
        """Credit memos by key."""
        return self.made("credit_memos")

    def exchanges(self) -> dict[str, dict[str, Any]]:
        """Exchange orders by key."""
        return self.made("sales_orders")

    def stock(self, sku: str = "0001") -> dict[str, int]:
        """Units of a SKU that returns and transfers brought, by location."""
        moved = {
            row["location"]: row["movements"].get("RT", 0) + row["movements"].get("SA", 0)
            for row in self.books()["stock"]
            if row["sku"] == sku
        }
        return {location: units for location, units in moved.items() if units}

    def calls(self, name: str) -> int:
        """How often BlueCherry was called so (``POST /credit_memos``)."""
        return int(self.books()["calls"].get(name, 0))

    def row(self, return_id: str = "r1") -> ReturnRow:
        """The row of a return."""
        with transaction() as session:
            return session.scalars(select(ReturnRow).where(ReturnRow.id == return_id)).one()

    def ledger(self) -> dict[str, LedgerRow]:
        """All documents in the ledger by key."""
        with transaction() as session:
            return {row.key: row for row in session.scalars(select(LedgerRow).order_by(LedgerRow.id))}

    def states(self) -> dict[str, str]:
        """The states of all documents in the ledger by key."""
        return {key: row.state for key, row in self.ledger().items()}

    def exceptions(self) -> list[ExceptionRow]:
        """The open exceptions."""
        with transaction() as session:
            statement = select(ExceptionRow).where(ExceptionRow.closed_at.is_(None)).order_by(ExceptionRow.id)
            return list(session.scalars(statement))

    def codes(self) -> list[str]:
        """The codes of the open exceptions."""
        return [each.code for each in self.exceptions()]

    def rows(self, table: type[Base]) -> list[Any]:
        """All rows of a table."""
        with transaction() as session:
            return list(session.scalars(select(table)))

    def _build(self) -> Outside:
        return self.another_process()

    def another_process(self) -> Outside:
        """What one more process of the bridge has, by the same clock."""
        return build(self.config(), self.clock.now, Circuits(self.clock.now, fresh=0))

    def config(self) -> Config:
        """The configuration as it is now."""
        return load(self.table, self._directory, self.environment)

    def start_again(self, database: str) -> None:
        """Another day: both sandboxes and the bridge know of nothing."""
        self.close()
        engine().dispose()
        postgres.empty(database)
        self.clock = Clock()
        self.outside = self._build()
        self._open()

    def _open(self) -> None:
        self.reveni.call("POST", "/_sandbox/reset")
        store = {"store_id": STORE_ID, "api_key": ENVIRONMENT["REVENI_ES"]}
        assert self.reveni.call("POST", "/_sandbox/stores", store).status_code == 200
        self.forget()

    def forget(self) -> None:
        """BlueCherry loses all that it was told, and is as it was at the beginning."""
        self.bluecherry.call("POST", "/_sandbox/reset")
        always: list[Body] = [{"period": "always", "from": "2000-01-01", "to": "2999-12-31", "open": True}]
        self.seed(**seed(periods=always, locations=["MAD01", "MADB", "MADQ", "MADR"]))
        self.trouble(None)
