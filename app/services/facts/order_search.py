"""The search for the order of a return: asked by the shop's id, and chosen by the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import CallError
from app.db.tables.exceptions import DecisionRow
from app.db.tables.returns import ReturnRow
from app.domain.authorisation import choose_order
from app.domain.model import Order
from app.domain.policy import Phase
from app.services.facts.catalogue import Aliases, returned_skus
from app.services.facts.orders import FetchedOrder, refresh_orders
from app.services.outside import Outside


@dataclass(slots=True)
class Found:
    """What BlueCherry answered: orders by the shop's id, for each return, and what could not be asked.

    `asked` holds the shop's id that was asked for, by return.
    """

    asked: dict[int, str] = field(default_factory=dict)
    orders: dict[int, list[Order]] = field(default_factory=dict)
    fetched: list[FetchedOrder] = field(default_factory=list)
    failed: dict[int, CallError] = field(default_factory=dict)


def find_orders(rows: Sequence[ReturnRow], outside: Outside) -> Found:
    """Ask for the orders that bear the shop's ids of returns, side by side, and for those that exchanges led from."""
    found = Found(asked={row.pk: row.order_ref for row in rows})
    by_connection: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_connection[outside.store(row.store).connection][row.order_ref].append(row.pk)
    for connection, refs in by_connection.items():
        answers = outside.side_by_side(connection, refs, outside.bluecherry[connection].orders_by_ref)
        for ref, answer in answers.items():
            for pk in refs[ref]:
                if isinstance(answer, CallError):
                    found.failed[pk] = answer
                else:
                    found.orders[pk] = answer
            if not isinstance(answer, CallError):
                found.fetched += [FetchedOrder(connection, order, None, outside.now()) for order in answer]
        _find_origins(connection, found, outside)
    return found


def not_asked(row: ReturnRow) -> bool:
    """Whether nobody asked BlueCherry yet for the order of a return that needs one: nothing can be said of it."""
    return row.ord_num is None and row.order_problem is None and row.phase != Phase.INCOMPLETE


def picked_orders(session: Session, pks: Iterable[int]) -> dict[int, str]:
    """The orders that people picked for returns, by return; the last word counts."""
    statement = select(DecisionRow.return_pk, DecisionRow.value).where(
        DecisionRow.return_pk.in_(list(pks)), DecisionRow.action == "order"
    )
    return {pk: value for pk, value in session.execute(statement.order_by(DecisionRow.id)) if value}


def _find_origins(connection: str, found: Found, outside: Outside) -> None:
    """Goods that came by an exchange order are credited on the order that they were exchanged for: fetch it too."""
    known = {each.order.ord_num for each in found.fetched}
    wanted = {each.order.orig_ord_num for each in found.fetched if each.order.orig_ord_num} - known
    while wanted:
        fetched, _ = refresh_orders({(connection, ord_num) for ord_num in wanted}, outside)
        found.fetched += fetched
        known |= wanted
        wanted = {each.order.orig_ord_num for each in fetched if each.order.orig_ord_num} - known


def assign_order(row: ReturnRow, aliases: Aliases, found: Found, picked: str | None = None) -> None:
    """Write onto a return which of the orders it is of, or why none; nothing when it names another order by now.

    `picked`: the one that a person picked, which counts as long as BlueCherry has it under the shop's id.
    """
    if row.order_ref != found.asked[row.pk]:
        return
    orders = found.orders[row.pk]
    mine = next((order for order in orders if order.ord_num == picked), None)
    chosen = mine or choose_order(orders, returned_skus(row, aliases))
    row.ord_num = chosen.ord_num if isinstance(chosen, Order) else None
    row.order_problem = None if isinstance(chosen, Order) else chosen.value
