"""Orders: fetched from BlueCherry as they are now, with the memos on them, and remembered without their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import BlueCherry
from app.calls import CallError, Refused
from app.db.codec import dump
from app.db.tables.mirrors import OrderRow
from app.domain.model import MemoOnOrder, Order, RaOnOrder
from app.services.outside import Outside

OrderKey = tuple[str, str]
"""Connection and order number."""


@dataclass(frozen=True, slots=True)
class FetchedOrder:
    """An order as BlueCherry has it, and the memos on it when they were asked for."""

    connection: str
    order: Order
    memos: Sequence[MemoOnOrder] | None
    fetched_at: datetime


def refresh_orders(
    wanted: Iterable[OrderKey], outside: Outside
) -> tuple[list[FetchedOrder], dict[OrderKey, CallError]]:
    """Fetch orders by connection and number, each with its memos, side by side; and what could not be fetched, why."""
    answers, failures = _ask(wanted, ("order", "memos"), outside)
    return [_fetched(key, answer, outside) for key, answer in answers.items()], failures


@dataclass(frozen=True, slots=True)
class LookedAt:
    """An order with everything that stands on it."""

    fetched: FetchedOrder
    ras: Sequence[RaOnOrder]


def look_at_orders(
    wanted: Iterable[OrderKey], outside: Outside, known: Sequence[FetchedOrder] = ()
) -> tuple[list[LookedAt], dict[OrderKey, CallError]]:
    """Fetch orders with their memos and return authorisations, side by side; and what could not be fetched, why.

    Of orders that are `known`, only what stands on them.
    """
    at_hand = {(each.connection, each.order.ord_num): each.order for each in known}
    unknown = set(wanted) - set(at_hand)
    answers, failures = _ask(unknown, ("order", "memos", "ras"), outside)
    more, failed = _ask(at_hand, ("memos", "ras"), outside)
    for key, answer in more.items():
        answers[key] = replace(answer, order=at_hand[key])
    looks = [LookedAt(_fetched(key, answer, outside), answer.ras) for key, answer in answers.items()]
    return looks, failures | failed


@dataclass(frozen=True, slots=True)
class _OnOrder:
    order: Order | None = None
    memos: Sequence[MemoOnOrder] = ()
    ras: Sequence[RaOnOrder] = ()


def _fetched(key: OrderKey, answer: _OnOrder, outside: Outside) -> FetchedOrder:
    if answer.order is None:
        raise AssertionError("an answer without its order is a failure")
    return FetchedOrder(key[0], answer.order, answer.memos, outside.now())


def _ask(
    wanted: Iterable[OrderKey], parts: Sequence[str], outside: Outside
) -> tuple[dict[OrderKey, _OnOrder], dict[OrderKey, CallError]]:
    """Ask for parts of orders, all side by side; an order of which one part is missing is a failure."""
    found: dict[OrderKey, _OnOrder] = {}
    failures: dict[OrderKey, CallError] = {}
    by_connection: dict[str, list[str]] = {}
    for connection, ord_num in sorted(set(wanted)):
        by_connection.setdefault(connection, []).append(ord_num)
    for connection, ord_nums in by_connection.items():
        erp = outside.bluecherry[connection]
        jobs = [(part, ord_num) for ord_num in ord_nums for part in parts]
        answers = outside.side_by_side(connection, jobs, partial(_part, erp))
        for ord_num in ord_nums:
            answer = _OnOrder()
            for part in parts:
                each = answers[part, ord_num]
                if isinstance(each, CallError):
                    failures.setdefault((connection, ord_num), each)
                else:
                    answer = replace(answer, **{part: each})  # type: ignore[arg-type]
            if "order" in parts and answer.order is None:
                failures.setdefault((connection, ord_num), Refused(ord_num, 404, "ORDER_NOT_FOUND"))
            if (connection, ord_num) not in failures:
                found[connection, ord_num] = answer
    return found, failures


def _part(erp: BlueCherry, job: tuple[str, str]) -> Order | list[MemoOnOrder] | list[RaOnOrder] | None:
    part, ord_num = job
    match part:
        case "order":
            return erp.order(ord_num)
        case "memos":
            return erp.memos_by_order(ord_num)
        case _:
            return erp.ras_by_order(ord_num)


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
