"""The dry run: what the bridge would post for a store's returns as both systems have them now. It only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from app.bluecherry.gateway import Page
from app.calls import CallError
from app.db.among import among
from app.db.codec import load
from app.db.engine import reading
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import ReceiptRow, ReturnRow
from app.domain.model import Item, Return
from app.domain.policy import Phase
from app.domain.preview import Preview, preview
from app.services.facts.catalogue import Aliases, Division, aliases_of, items_of, wanted_skus
from app.services.facts.dossiers import Slice, add_entries, slice_of, wanted_items
from app.services.facts.items import item_rows, unanswered, unread_items
from app.services.facts.order_files import OrderFile, Orders
from app.services.facts.order_search import assign_order, find_orders
from app.services.facts.orders import OrderKey, look_at_orders
from app.services.intake.poll import pages_since
from app.services.intake.receipts import lost_receipts
from app.services.intake.returns import ReturnKey, as_stored, fetch
from app.services.outside import Outside

_SLICE = 500
"""Returns that are looked at together; returns of one order are never parted."""


@dataclass(frozen=True, slots=True)
class DryReturn:
    """A return, and what the bridge would make of it now."""

    ret: Return
    ord_num: str | None
    seen: Preview


@dataclass(slots=True)
class DryRun:
    """What would be posted. `not_looked_at`: returns of which something could not be asked, and why."""

    store: str
    returns: list[DryReturn] = field(default_factory=list)
    not_looked_at: dict[str, str] = field(default_factory=dict)


def dry_run(store: str, since: datetime, outside: Outside) -> DryRun:
    """Look at the returns of a store that changed in Reveni since a time, in Reveni and BlueCherry as they are now.

    Receipts, decisions, aliases and the ledger come from the database, in transactions in which PostgreSQL refuses to
    write. Returns of one order are previewed one after the other, each on top of those before. Raises a CallError when
    Reveni cannot be asked for its list.
    """
    result = DryRun(store)
    returns = _returns(store, since, outside, result)
    for part in _slices(returns):
        _look(store, part, outside, result)
    return result


def _returns(store: str, since: datetime, outside: Outside, result: DryRun) -> list[Return]:
    """The returns out of Reveni's list, or, where the store lacks it, those that are known, each asked for."""
    found: dict[str, Return] = {}
    if outside.store(store).return_list:
        for page in pages_since(store, since, outside):
            found |= {ret.id: ret for ret in page.returns}
            for number, row in enumerate(page.unreadable, start=len(result.not_looked_at) + 1):
                result.not_looked_at[f"(unreadable {number})"] = str(row.why)
        return list(found.values())
    with reading() as session:
        query = select(ReturnRow.id).where(ReturnRow.store == store, ReturnRow.updated >= since)
        known = list(session.scalars(query))
    fetched = fetch([(store, return_id) for return_id in known], {}, outside)
    result.not_looked_at |= {return_id: str(why) for (_, return_id), why in fetched.failures.items()}
    return list(fetched.returns.values())


def _slices(returns: Iterable[Return]) -> Iterator[list[Return]]:
    part: list[Return] = []
    ordered = sorted(returns, key=lambda ret: (ret.order_external_id, ret.created, ret.id))
    for _, together in groupby(ordered, key=lambda ret: ret.order_external_id):
        part += together
        if len(part) >= _SLICE:
            yield part
            part = []
    if part:
        yield part


def _look(store: str, returns: Sequence[Return], outside: Outside, result: DryRun) -> None:
    rows, aliases = _rows(store, returns, outside)
    files = _orders(rows, aliases, outside, result)
    mirror = _items(rows, files, aliases, outside, result)
    rows = [row for row in rows if row.id not in result.not_looked_at]
    with reading() as session:
        work = slice_of(session, {row.pk: row for row in rows}, files, outside)
        waiting = lost_receipts(session, rows, outside)
        session.expunge_all()
    work.items = mirror
    _give(work, waiting)
    rules, now = outside.store(store).rules, outside.now()
    for row in rows:
        seen = preview(work.dossier(row.pk), rules, now)
        work.tell(row.pk, seen.entries)
        result.returns.append(DryReturn(load(Return, row.data), row.ord_num, seen))


def _rows(store: str, returns: Sequence[Return], outside: Outside) -> tuple[list[ReturnRow], Aliases]:
    """The rows that storing the returns would leave, those that are new with numbers of their own below zero."""
    with reading() as session:
        query = select(ReturnRow).where(ReturnRow.store == store, among(ReturnRow.id, (ret.id for ret in returns)))
        known = {row.id: row for row in session.scalars(query)}
        aliases = aliases_of(session, [store])
        session.expunge_all()
    rows = []
    for number, ret in enumerate(returns, start=1):
        row = as_stored(known.get(ret.id), ret, outside)
        if ret.id not in known:
            row.pk = -number
        rows.append(row)
    return rows, aliases


def _orders(rows: Sequence[ReturnRow], aliases: Aliases, outside: Outside, result: DryRun) -> Orders:
    """The orders of the returns with all that stands on them, and those that exchanges led away from."""
    found = find_orders([row for row in rows if row.ord_num is None and row.phase != Phase.INCOMPLETE], outside)
    for row in rows:
        if row.pk in found.orders:
            assign_order(row, aliases, found)
        elif row.pk in found.failed:
            result.not_looked_at[row.id] = str(found.failed[row.pk])
    connections = {row.pk: outside.store(row.store).connection for row in rows}
    chosen = {(connections[row.pk], row.ord_num) for row in rows if row.ord_num}
    fetched = {(each.connection, each.order.ord_num): each for each in found.fetched}
    files: Orders = {}
    failures: dict[OrderKey, CallError] = {}
    wanted = chosen
    while wanted:
        looks, failed = look_at_orders(wanted, outside, [fetched[key] for key in sorted(wanted & set(fetched))])
        failures |= failed
        for look in looks:
            order = look.fetched.order
            files[look.fetched.connection, order.ord_num] = OrderFile(order, look.ras, look.fetched.memos or ())
        origins = {(key[0], file.order.orig_ord_num) for key, file in files.items() if file.order.orig_ord_num}
        wanted = {(connection, ord_num) for connection, ord_num in origins if ord_num} - set(files) - set(failures)
    for row in rows:
        if (connections[row.pk], row.ord_num or "") in failures:
            result.not_looked_at[row.id] = str(failures[connections[row.pk], row.ord_num or ""])
    with reading() as session:
        add_entries(session, files, rows)
    return files


def _items(
    rows: Sequence[ReturnRow], files: Orders, aliases: Aliases, outside: Outside, result: DryRun
) -> dict[Division, dict[str, ItemRow]]:
    """What the mirror has of the returns' SKUs, and, of those that it lacks or has as inactive, BlueCherry's answer."""
    wanted = wanted_items({row.pk: row for row in rows}, files, aliases, outside)
    with reading() as session:
        known = items_of(session, wanted)
        session.expunge_all()
    skus = wanted_skus(rows, aliases)
    for (connection, division), names in wanted.items():
        mirror = known.setdefault((connection, division), {})
        asked = sorted(sku for sku in names if sku not in mirror or not mirror[sku].active)
        answer: Page[Item] = Page((), None)
        unknown = set(asked)
        why: CallError
        try:
            if asked:
                answer = outside.bluecherry[connection].lookup_items(division, asked)
            unknown, why = unanswered(asked, answer), unread_items(answer)
        except CallError as error:
            why = error
        for row in rows:
            file = files.get((connection, row.ord_num or ""))
            if file is not None and file.order.division == division and skus[row.pk] & unknown:
                result.not_looked_at[row.id] = str(why)
        named = set(asked) - unknown
        mirror |= {item.sku: item for item in item_rows(connection, division, answer.rows, named, outside.now())}
    return known


def _give(work: Slice, waiting: Sequence[tuple[ReceiptRow, Sequence[ReturnKey]]]) -> None:
    """Give receipts that came before their return to the returns of the slice, each with the next number."""
    pks = {(row.store, row.id): pk for pk, row in work.returns.items()}
    for receipt, keys in waiting:
        pk = next((pks[key] for key in keys if key in pks), None)
        if pk is not None:
            receipts = work.receipts.setdefault(pk, [])
            receipt.n = len(receipts) + 1
            receipts.append(receipt)
