"""Orders: fetched from BlueCherry as they are now, with the memos on them, and remembered without their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import BlueCherry
from app.calls import CallError, Refused
from app.db.codec import dump
from app.db.models import OrderRow
from app.domain.model import MemoOnOrder, Order, RaOnOrder
from app.services.outside import Outside


@dataclass(frozen=True, slots=True)
class FetchedOrder:
    """An order as BlueCherry has it, and the memos on it when they were asked for."""

    connection: str
    order: Order
    memos: Sequence[MemoOnOrder] | None
    fetched_at: datetime


def refresh_orders(
    wanted: Iterable[tuple[str, str]], outside: Outside
) -> tuple[list[FetchedOrder], dict[tuple[str, str], CallError]]:
    """Fetch orders by connection and number, each with its memos, side by side; and what could not be fetched, why."""
    fetched: list[FetchedOrder] = []
    failures: dict[tuple[str, str], CallError] = {}
    by_connection: dict[str, list[str]] = {}
    for connection, ord_num in sorted(set(wanted)):
        by_connection.setdefault(connection, []).append(ord_num)
    for connection, ord_nums in by_connection.items():
        erp = outside.bluecherry[connection]
        jobs = [(part, ord_num) for ord_num in ord_nums for part in ("order", "memos")]

        answers = outside.side_by_side(connection, jobs, partial(_ask, erp))
        for ord_num in ord_nums:
            order, memos = answers["order", ord_num], answers["memos", ord_num]
            if isinstance(order, Order) and isinstance(memos, list):
                fetched.append(FetchedOrder(connection, order, memos, outside.now()))
                continue
            errors = [answer for answer in (order, memos) if isinstance(answer, CallError)]
            failures[connection, ord_num] = errors[0] if errors else Refused(ord_num, 404, "ORDER_NOT_FOUND")
    return fetched, failures


def _ask(erp: BlueCherry, job: tuple[str, str]) -> Order | list[MemoOnOrder] | None:
    part, ord_num = job
    return erp.order(ord_num) if part == "order" else erp.memos_by_order(ord_num)


@dataclass(frozen=True, slots=True)
class LookedAt:
    """An order with everything that stands on it."""

    fetched: FetchedOrder
    ras: Sequence[RaOnOrder]


def look_at_orders(wanted: Iterable[tuple[str, str]], outside: Outside) -> list[LookedAt]:
    """Fetch orders with their memos and return authorisations: something that held a return may have been mended."""
    fetched, _ = refresh_orders(wanted, outside)
    looks = []
    for each in fetched:
        try:
            looks.append(LookedAt(each, outside.bluecherry[each.connection].ras_by_order(each.order.ord_num)))
        except CallError:
            continue  # what is known of the order stays as it is until the next look
    return looks


def save_looks(session: Session, looks: Sequence[LookedAt]) -> None:
    """Remember orders with everything that stands on them."""
    save_orders(session, [look.fetched for look in looks])
    for look in looks:
        statement = update(OrderRow).where(
            OrderRow.connection == look.fetched.connection, OrderRow.ord_num == look.fetched.order.ord_num
        )
        session.execute(statement.values(ras=[dump(ra) for ra in look.ras]))


def save_orders(session: Session, fetched: Sequence[FetchedOrder]) -> None:
    """Remember orders, a newer fetch over an older one."""
    if not fetched:
        return
    latest: Mapping[tuple[str, str], FetchedOrder] = {(each.connection, each.order.ord_num): each for each in fetched}
    for with_memos in (True, False):
        rows = [_values(each) for _, each in sorted(latest.items()) if (each.memos is not None) is with_memos]
        if not rows:
            continue
        statement = insert(OrderRow).values(rows)
        new = statement.excluded
        update: dict[str, Any] = {"data": new.data, "ref_num1": new.ref_num1, "fetched_at": new.fetched_at}
        if with_memos:
            update["memos"] = new.memos
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection", "ord_num"], set_=update, where=OrderRow.fetched_at <= new.fetched_at
            )
        )


def _values(fetched: FetchedOrder) -> dict[str, Any]:
    values: dict[str, Any] = {
        "connection": fetched.connection,
        "ord_num": fetched.order.ord_num,
        "ref_num1": fetched.order.ref_num1,
        "data": dump(fetched.order),
        "fetched_at": fetched.fetched_at,
    }
    if fetched.memos is not None:
        values["memos"] = [dump(memo) for memo in fetched.memos]
    return values
