"""The receiving station: for a site whose warehouse sends no messages of its own.

What is entered becomes the same message that a warehouse would send, stored in the inbox once under the form's own id:
everything behind it is as ever.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.config import Config
from app.config.model import WarehouseSite
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import InboxEvent, ReceiptRow, ReturnRow
from app.domain.documents import State
from app.domain.model import Receipt, Return
from app.domain.policy import Kind, Place, StoreRules
from app.reveni.schemas import Unreadable, read_receipt
from app.services.facts.dossiers import receipt_of
from app.services.intake.inbox import store_event
from app.services.intake.nudge import nudge
from app.services.intake.receipts import code_of, possible_returns, upcs_of
from app.services.outside import Outside

ENTERED_BY = "entered_by"
"""Where a message of the station says who entered it. A warehouse's own message has no such field."""
_OLDEST = timedelta(days=30)
"""A receipt that waited in a browser for longer bears the time at which it came."""


class NotReceived(ValueError):
    """What was entered is no receipt: `reference` or `lines` are missing, or the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Units of a SKU that a return announces, and those that came already."""

    sku: str
    announced: int
    received: int


@dataclass(frozen=True, slots=True)
class StationReturn:
    """The return that goods belong to, as the station shows it. `ra_num`: BlueCherry's number; no personal data."""

    store: str
    id: str
    state: str
    ra_num: str | None
    tracking_number: str | None
    lines: tuple[Announced, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A line as it was entered. `code`: a SKU or UPC."""

    code: str
    quantity: int
    grade: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Instruction:
    """What to do with the goods of one line. `place` None: no store of the site says."""

    code: str
    quantity: int
    grade: str
    place: Place | None
    quarantine: bool


@dataclass(frozen=True, slots=True)
class Received:
    """A receipt of the station: where its goods go, and what became of it. `state`: the inbox's."""

    id: str
    site: str
    reference: str
    received_at: datetime
    lines: tuple[Instruction, ...]
    state: str
    store: str | None
    return_id: str | None


def sites_of(config: Config) -> list[WarehouseSite]:
    """The sites that may receive here: those without a feed, of which a store waits for receipts.

    Where a store has no feed at all, the item's status in Reveni is the receipt: one from here would be a second one.
    """
    return [
        site
        for site in config.sites.values()
        if not site.has_feed and any(config.stores[store].rules.warehouse_feed for store in site.stores)
    ]


def grades_of(site: WarehouseSite, config: Config) -> list[str]:
    """The grades that goods may have there, in the order of the configuration; `UNGRADED` is not among them."""
    stores = [config.stores[store].rules for store in site.stores if config.stores[store].rules.warehouse_feed]
    return list(dict.fromkeys(grade for rules in stores for grade in rules.grades))


def find_return(site: WarehouseSite, reference: str, outside: Outside) -> StationReturn | None:
    """The return that a scanned or typed reference names: return id, return authorisation or tracking number.

    None when the bridge knows none, or several; goods are received all the same and find their return later.
    """
    asked = Receipt("", site.name, "receipt", outside.now(), (), reference, reference, reference)
    with transaction() as session:
        (keys,) = possible_returns(session, [asked], outside)
        rows = [
            row
            for store, return_id in keys
            for row in session.scalars(select(ReturnRow).where(ReturnRow.store == store, ReturnRow.id == return_id))
        ]
        if len({row.pk for row in rows}) != 1:
            return None
        return _shown(session, rows[0])


def _shown(session: Session, row: ReturnRow) -> StationReturn:
    announced: Counter[str] = Counter()
    for item in load(Return, row.data).items:
        announced[item.sku] += item.quantity
    received: Counter[str] = Counter()
    came: list[Receipt] = []
    for kept in session.scalars(select(ReceiptRow).where(ReceiptRow.return_pk == row.pk, ReceiptRow.kind == "receipt")):
        came.append(receipt_of(kept))
    upcs = upcs_of(session, came)
    for line in (line for receipt in came for line in receipt.lines):
        code = code_of(line)
        received[code if code in announced else upcs.get(code, code)] += line.quantity
    authorisation = session.scalars(
        select(LedgerRow.number)
        .where(
            LedgerRow.return_pk == row.pk,
            LedgerRow.kind == Kind.RETURN_AUTHORISATION,
            LedgerRow.state == State.POSTED,
        )
        .order_by(LedgerRow.n.desc())
    ).first()
    lines = tuple(Announced(sku, units, received[sku]) for sku, units in announced.items())
    return StationReturn(row.store, row.id, row.state, authorisation, row.tracking_number, lines)


def receive(
    site: WarehouseSite,
    key: str,
    reference: str,
    lines: Sequence[Entered],
    now: datetime,
    at: datetime | None = None,
    return_id: str | None = None,
    by: str | None = None,
) -> None:
    """Store a receipt once: sent again with the same key, it is the same receipt.

    `reference` as it was scanned; `return_id` when it is known that it names this return. `at`: when the goods were
    received, if they waited in the browser. `by`: who entered it. Raises NotReceived, and NotStored when it is not
    certain that it was stored.
    """
    message = _message(key, reference, lines, _time(at, now), return_id, _upcs(lines))
    if by is not None:
        message[ENTERED_BY] = by
    try:
        read_receipt(message, site.name)
    except Unreadable as error:
        raise NotReceived(str(error)) from None
    store_event("warehouse", site.name, key, json.dumps(message))
    nudge()


def _time(at: datetime | None, now: datetime) -> datetime:
    return at if at is not None and now - _OLDEST <= at <= now else now


def _message(
    key: str,
    reference: str,
    lines: Sequence[Entered],
    at: datetime,
    return_id: str | None,
    upcs: Set[str],
) -> dict[str, object]:
    if not reference:
        raise NotReceived("reference")
    if not lines:
        raise NotReceived("lines")
    # What it is, is not known: it is looked for by all three, as a warehouse's message may name all three.
    names = {"return_id": return_id or reference, "ra_num": reference, "tracking_number": reference}
    items = [
        {
            ("upc" if line.code in upcs else "sku"): line.code,
            "quantity": line.quantity,
            "grade": line.grade,
            "note": line.note,
        }
        for line in lines
    ]
    return {"id": key, "type": "receipt", "received_at": at.isoformat(), **names, "items": items}


def _upcs(lines: Sequence[Entered]) -> set[str]:
    """Those of the codes that are an item's UPC and no item's SKU."""
    codes = [line.code for line in lines]
    with transaction() as session:
        found = session.execute(
            select(ItemRow.sku, ItemRow.upc).where(or_(ItemRow.sku.in_(codes), ItemRow.upc.in_(codes)))
        ).all()
    return {row.upc for row in found if row.upc in codes} - {row.sku for row in found}


def received(site: WarehouseSite, key: str, config: Config) -> Received | None:
    """A receipt of the station, with what to do with its goods; None when there is none of this key."""
    with transaction() as session:
        event = session.scalars(
            select(InboxEvent).where(
                InboxEvent.channel == "warehouse", InboxEvent.name == site.name, InboxEvent.external_id == key
            )
        ).one_or_none()
        if event is None:
            return None
        home = session.get(ReturnRow, event.return_pk) if event.return_pk is not None else None
    message = read_receipt(json.loads(event.body), site.name)
    rules = _rules(site, home.store if home else None, config)
    return Received(
        id=key,
        site=site.name,
        reference=message.tracking_number or message.ra_num or message.return_id or "",
        received_at=message.received_at,
        lines=tuple(_instruction(code_of(line), line.quantity, line.grade, site, rules) for line in message.lines),
        state=event.state,
        store=home.store if home else None,
        return_id=home.id if home else None,
    )


def _rules(site: WarehouseSite, store: str | None, config: Config) -> Mapping[str, StoreRules]:
    stores = [store] if store in config.stores and store is not None else list(site.stores)
    return {name: config.stores[name].rules for name in stores}


def _instruction(
    code: str, quantity: int, grade: str, site: WarehouseSite, rules: Mapping[str, StoreRules]
) -> Instruction:
    places = {each.place(site.place, grade) for each in rules.values()}
    if places == {None}:
        return Instruction(code, quantity, grade, site.place.quarantine, quarantine=True)
    # Stores that put the grade into different places: which one it is, is known when the return is.
    place = places.pop() if len(places) == 1 else None
    return Instruction(code, quantity, grade, place, quarantine=False)
