"""The comparison of a store in shadow with what people entered into BlueCherry by hand: loads both books, sets them
against each other, records nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.bluecherry.documents import KINDS, DocumentRow
from app.bluecherry.gateway import BlueCherry, UnreadableRow
from app.calls import CallError
from app.db.among import among
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.comparison import COMPARED, Compared, Listed, Summary, compare, summarise
from app.domain.documents import Document, State
from app.domain.model import Order
from app.domain.money import Money
from app.domain.policy import Kind
from app.services.lists import Trail, ask_again
from app.services.outside import Outside

_CANCELLED = "X"
_QUICKER = timedelta(days=1)
"""How much sooner than the bridge knew of a return a person may have entered documents that name it."""
_NO_CURRENCY = "?"
"""The currency of a document whose order BlueCherry does not have."""


class NothingInShadow(LookupError):
    """No return of the store was ever stored in shadow: there is nothing to compare, and no time to begin from."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found. `waiting`: documents in shadow that are due and not made yet, for a window as a rule.

    `unread`: rows of BlueCherry's list that could not be read, and stand on neither side.
    """

    store: str
    since: datetime
    compared: Sequence[Compared]
    summary: Summary
    waiting: int
    unread: int = 0


@dataclass(slots=True)
class _Scope:
    """The returns that are compared, and what is known of their orders.

    `orders`: currency by order. `stores`: the codes that BlueCherry has for the store, as its orders bear them.
    """

    returns: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    stores: set[str] = field(default_factory=set)
    documents: list[Listed] = field(default_factory=list)
    waiting: int = 0


def compare_store(store: str, since: datetime | None, outside: Outside) -> Comparison:
    """Compare the returns of a store that were first stored in shadow since a time (all of them for None).

    A time picks returns, not documents, so that a document which one book has a day later is not cut off. Raises
    NothingInShadow, or a CallError when BlueCherry could not be asked.
    """
    connection = outside.store(store).connection
    with transaction() as session:
        start = since or session.scalar(select(func.min(ReturnRow.created_at)).where(*_in_shadow(store, None)))
        if start is None:
            raise NothingInShadow(f"no return of store {store} was stored in shadow")
        scope = _scope(session, store, start, connection)
    unread: list[UnreadableRow] = []
    feed = _feed(outside.bluecherry[connection], start - _QUICKER, unread)
    rows = [row for row in feed if row.posted_at >= start or row.ref_num2 in scope.returns]
    with transaction() as session:
        rows = _without_ours(session, rows, connection)
        strange = [row for row in rows if row.ref_num2 not in scope.returns]
        foreign = _foreign(session, strange, scope)
    compared = compare(scope.documents, _by_hand(rows, scope, foreign, connection, outside))
    return Comparison(store, start, compared, summarise(compared), scope.waiting, len(unread))


def _in_shadow(store: str, since: datetime | None) -> list[ColumnElement[bool]]:
    conditions = [ReturnRow.shadow.is_(True), ReturnRow.store == store]
    return conditions if since is None else [*conditions, ReturnRow.created_at >= since]


def _scope(session: Session, store: str, since: datetime, connection: str) -> _Scope:
    scope = _Scope()
    numbers: set[str] = set()
    statement = select(ReturnRow.id, ReturnRow.ord_num, ReturnRow.data["currency"].astext)
    for return_id, ord_num, currency in session.execute(statement.where(*_in_shadow(store, since))):
        scope.returns[return_id] = currency
        numbers |= {ord_num} if ord_num else set()
    ledger = (
        select(LedgerRow, ReturnRow.id)
        .join(ReturnRow, ReturnRow.pk == LedgerRow.return_pk)
        .where(*_in_shadow(store, since), LedgerRow.state.not_in((State.WITHDRAWN, State.REFUSED)))
        .order_by(LedgerRow.id)
    )
    found = [(row, return_id) for row, return_id in session.execute(ledger)]
    undone = {
        (row.return_pk, row.document.get("source"))
        for row, _ in found
        if row.kind in (Kind.RA_CANCEL, Kind.ORDER_CANCEL) and row.state == State.POSTED
    }
    for row, return_id in found:
        numbers.add(row.ord_num)
        if row.kind not in COMPARED or (row.return_pk, row.key) in undone:
            continue
        if row.state == State.POSTED:
            scope.documents.append(_listed(row, return_id))
        else:
            scope.waiting += 1
    orders = select(OrderRow.ord_num, OrderRow.data["currency"].astext, OrderRow.data["store"].astext)
    for number, currency, code in session.execute(
        orders.where(OrderRow.connection == connection, among(OrderRow.ord_num, numbers))
    ):
        scope.orders[number] = currency
        scope.stores.add(code)
    return scope


def _listed(row: LedgerRow, return_id: str) -> Listed:
    units = sum(line.qty for line in load(Document, row.document).lines)
    total = Money.rounded(row.total, row.currency) if row.total is not None and row.currency else None
    return Listed(Kind(row.kind), row.key, return_id, row.ord_num, units, total)


def _feed(erp: BlueCherry, since: datetime, unread: list[UnreadableRow]) -> Iterator[DocumentRow]:
    """Documents that stand, whoever made them; of sales orders, those that bear a return's reference.

    Rows that cannot be read are added to `unread`.
    """
    for kind in KINDS:
        cursor: str | None = None
        trail = Trail()
        while True:
            page = ask_again(cursor, partial(erp.documents, since, kind), trail)
            unread += page.unreadable
            for row in page.rows:
                if row.status != _CANCELLED and (kind != "sales_order" or row.ref_num2):
                    yield row
            cursor = page.next
            if cursor is None:
                break


def _without_ours(session: Session, rows: Sequence[DocumentRow], connection: str) -> list[DocumentRow]:
    """What people made: documents that the bridge posted for live returns bear its keys."""
    keys = {row.aux_ref_num for row in rows if row.aux_ref_num}
    live = select(LedgerRow.key).where(
        LedgerRow.connection == connection, LedgerRow.shadow.is_(False), among(LedgerRow.key, keys)
    )
    posted = set(session.scalars(live))
    return [row for row in rows if row.aux_ref_num not in posted]


def _foreign(session: Session, rows: Sequence[DocumentRow], scope: _Scope) -> set[tuple[str, str]]:
    """Of documents that name no return of the scope, those of returns that are known and not compared.

    A sales order is of no other order, as far as the feed tells.
    """
    placed = [row for row in rows if row.type != "sales_order"]
    ids = {row.ref_num2 for row in rows if row.ref_num2}
    known = set(session.scalars(select(ReturnRow.id).where(among(ReturnRow.id, ids))))
    orders = {row.ord_num for row in placed} - set(scope.orders)
    others = set(session.scalars(select(ReturnRow.ord_num).where(among(ReturnRow.ord_num, orders))))
    of_others = {_name(row) for row in placed if row.ord_num in others}
    return of_others | {_name(row) for row in rows if row.ref_num2 in known}


def _name(row: DocumentRow) -> tuple[str, str]:
    """Type and number: two types may count alike."""
    return row.type, row.number


def _by_hand(
    rows: Sequence[DocumentRow], scope: _Scope, foreign: set[tuple[str, str]], connection: str, outside: Outside
) -> list[Listed]:
    erp = outside.bluecherry[connection]
    candidates = [row for row in rows if row.ref_num2 in scope.returns or _name(row) not in foreign]
    asked_for = sorted({number for row in candidates if (number := _order_to_ask_for(row, scope))})
    fetched: dict[str, Order | None] = {}
    for number, answer in outside.side_by_side(connection, asked_for, erp.order).items():
        if isinstance(answer, CallError):
            raise answer
        fetched[number] = answer
    found = []
    for row in candidates:
        order = fetched.get(_order_to_ask_for(row, scope) or "")
        if row.type == "sales_order" and (order is None or order.ord_type != "E"):
            continue
        known = row.ref_num2 in scope.returns or row.ord_num in scope.orders
        if not known and order is not None and scope.stores and order.store not in scope.stores:
            continue  # of another store that shares the connection
        found.append(_entered(row, order, scope))
    return found


def _order_to_ask_for(row: DocumentRow, scope: _Scope) -> str | None:
    """The order that tells what a row does not: whether a sales order is an exchange, whose store a document is of."""
    if row.type == "sales_order":
        return row.number
    return None if row.ref_num2 in scope.returns or row.ord_num in scope.orders else row.ord_num


def _entered(row: DocumentRow, order: Order | None, scope: _Scope) -> Listed:
    kind = KINDS[row.type]
    return_id = row.ref_num2 if row.ref_num2 in scope.returns else None
    ord_num = order.orig_ord_num if kind is Kind.EXCHANGE_ORDER and order else row.ord_num
    currency = order.currency if order else scope.orders.get(ord_num or "") or scope.returns.get(return_id or "")
    valued = kind in (Kind.CREDIT_MEMO, Kind.EXCHANGE_ORDER)
    total = _money(row.total_amt, currency or _NO_CURRENCY) if valued else None
    return Listed(kind, row.number, return_id, ord_num, row.qty, total)


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else Money.rounded(amount, currency)
