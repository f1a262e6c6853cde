"""Checklists: what each team looks at every day, and finance at month-end. `docs/operating-model.md` explains them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.blockers import Code, Team


class Rhythm(StrEnum):
    """How often a checklist is gone through."""

    DAILY = "daily"
    MONTH_END = "month_end"


class Look(StrEnum):
    """What there is to look at for a point beside exceptions."""

    WINDOWS = "windows"
    HEALTH = "health"
    WAITING = "waiting"
    CREDIT_MEMOS = "credit_memos"
    RECEIVED_NOT_CREDITED = "received_not_credited"
    CREDITED_NOT_RECEIVED = "credited_not_received"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a checklist: exceptions of these codes, something to look at, or both. `name` is kept for ever."""

    name: str
    rhythm: Rhythm
    team: Team
    codes: tuple[Code, ...] = ()
    look: Look | None = None


POINTS: tuple[Point, ...] = (
    Point("windows_posted", Rhythm.DAILY, Team.FINANCE, look=Look.WINDOWS),
    Point("books_agree", Rhythm.DAILY, Team.FINANCE, (Code.BOOKS_DIFFER,)),
    Point("refunds_tie", Rhythm.DAILY, Team.FINANCE, (Code.REFUND_MISMATCH,)),
    Point("goods_never_came", Rhythm.DAILY, Team.FINANCE, (Code.NOT_RECEIVED,)),
    Point(
        "memos_held_up",
        Rhythm.DAILY,
        Team.FINANCE,
        (Code.ORDER_NOT_INVOICED, Code.PERIOD_CLOSED, Code.ALREADY_CREDITED, Code.EXCHANGE_CHAIN),
    ),
    Point("skus_known", Rhythm.DAILY, Team.MERCHANDISING, (Code.UNKNOWN_SKU, Code.INACTIVE_SKU)),
    Point("reasons_mapped", Rhythm.DAILY, Team.MERCHANDISING, (Code.UNMAPPED_REASON,)),
    Point("exchanges_made", Rhythm.DAILY, Team.CX, (Code.EXCHANGE_FAILED, Code.EXCHANGE_SHIPPED)),
    Point(
        "customers_answered",
        Rhythm.DAILY,
        Team.CX,
        (Code.REFUNDED_REJECTED, Code.RETURN_CHANGED, Code.VERDICT_CONFLICT, Code.OVER_RETURN, Code.SKU_NOT_ON_ORDER),
    ),
    Point(
        "parcels_owned",
        Rhythm.DAILY,
        Team.LOGISTICS,
        (Code.RECEIPT_WITHOUT_RETURN, Code.RECEIPT_LOST, Code.FOREIGN_GOODS, Code.OVER_RECEIPT),
    ),
    Point("goods_have_a_place", Rhythm.DAILY, Team.LOGISTICS, (Code.UNMAPPED_GRADE, Code.UNMAPPED_SITE)),
    Point("everything_runs", Rhythm.DAILY, Team.INTEGRATION, look=Look.HEALTH),
    Point("nothing_refused", Rhythm.DAILY, Team.INTEGRATION, (Code.REFUSED, Code.TRIES_USED_UP)),
    Point(
        "nothing_lost",
        Rhythm.DAILY,
        Team.INTEGRATION,
        (Code.UNREADABLE_EVENT, Code.UNREADABLE_ROW, Code.TASK_LOST, Code.UNKNOWN_STATUS),
    ),
    Point("orders_found", Rhythm.DAILY, Team.INTEGRATION, (Code.UNKNOWN_ORDER, Code.ORDER_AMBIGUOUS)),
    Point(
        "finance_decided",
        Rhythm.MONTH_END,
        Team.FINANCE,
        (Code.NOT_RECEIVED, Code.ORDER_NOT_INVOICED, Code.ALREADY_CREDITED, Code.EXCHANGE_CHAIN),
    ),
    Point("last_window_posted", Rhythm.MONTH_END, Team.FINANCE, look=Look.WAITING),
    Point("no_closed_period", Rhythm.MONTH_END, Team.FINANCE, (Code.PERIOD_CLOSED,)),
    Point("books_compared", Rhythm.MONTH_END, Team.FINANCE, (Code.BOOKS_DIFFER,), look=Look.CREDIT_MEMOS),
    Point("refunds_compared", Rhythm.MONTH_END, Team.FINANCE, (Code.REFUND_MISMATCH,)),
    Point("returns_accrued", Rhythm.MONTH_END, Team.FINANCE, look=Look.RECEIVED_NOT_CREDITED),
    Point("claims_listed", Rhythm.MONTH_END, Team.FINANCE, look=Look.CREDITED_NOT_RECEIVED),
)


def points_of(rhythm: Rhythm, team: Team) -> tuple[Point, ...]:
    """A team's checklist, in the order in which it is gone through."""
    return tuple(point for point in POINTS if point.rhythm is rhythm and point.team is team)


def span_of(rhythm: Rhythm, day: date) -> date:
    """The day that stands for a checklist: itself, or the first of its month."""
    return day if rhythm is Rhythm.DAILY else day.replace(day=1)
