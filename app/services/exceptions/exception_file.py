"""The file of one exception: what it is about, whose it is, what people wrote and did about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.desk import CommentRow
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.history import History
from app.db.tables.mirrors import OrderRow
from app.db.tables.returns import ReturnRow
from app.domain.blockers import Code
from app.domain.model import Order, Return, ReturnItem
from app.domain.money import Money
from app.services.exceptions.exception_queue import ExceptionView, NoSuchException, view_of

_LATEST = 50
LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote about an exception."""

    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did about an exception; `detail`: what the history has beside it."""

    at: datetime
    by: str
    what: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sales order that a return may be of."""

    ord_num: str
    ord_type: str
    status: str
    units: int
    total: Money
    has_all: bool
    """Whether it has every SKU of the return invoiced."""


@dataclass(frozen=True, slots=True)
class ExceptionFile:
    """Everything about one exception. `same`: how many are open with its code and cause, itself among them.

    `items`: what comes back with its return. `orders`: those with the shop's order id, where it is not plain which one
    is meant.
    """

    exception: ExceptionView
    assigned_to: str | None
    snoozed_until: datetime | None
    tags: tuple[str, ...]
    same: int
    order_ref: str | None
    items: tuple[ReturnItem, ...]
    orders: tuple[Candidate, ...]
    comments: tuple[Comment, ...]
    acts: tuple[Deed, ...]


def exception_file(number: int) -> ExceptionFile:
    """The file of an exception. Raises NoSuchException."""
    with transaction() as session:
        row = session.get(ExceptionRow, number)
        if row is None:
            raise NoSuchException(f"there is no exception {number}")
        home = session.get(ReturnRow, row.return_pk) if row.return_pk is not None else None
        ret = load(Return, home.data) if home is not None else None
        same = select(ExceptionRow.id).where(
            ExceptionRow.code == row.code, ExceptionRow.cause == row.cause, ExceptionRow.closed_at.is_(None)
        )
        orders: list[Order] = []
        if row.code == Code.ORDER_AMBIGUOUS and home is not None:
            on = select(OrderRow.data).where(OrderRow.ref_num1 == home.order_ref).order_by(OrderRow.ord_num)
            orders = [load(Order, data) for data in session.scalars(on)]
        comments = session.scalars(
            select(CommentRow).where(CommentRow.exception_id == number).order_by(CommentRow.id)
        ).all()
        acts = _acts(session, row.return_pk, row.code) if row.return_pk is not None else ()
        return ExceptionFile(
            exception=view_of(row),
            assigned_to=row.assigned_to,
            snoozed_until=row.snoozed_until,
            tags=tuple(row.tags),
            same=len(session.scalars(same).all()),
            order_ref=home.order_ref if home is not None else None,
            items=ret.items if ret is not None else (),
            orders=tuple(_candidate(order, ret) for order in orders if ret is not None),
            comments=tuple(Comment(each.at, each.by, each.text) for each in comments),
            acts=tuple(_deed(each) for each in acts),
        )


def _acts(session: Session, return_pk: int, code: str) -> Sequence[History]:
    about = or_(History.detail["code"].astext == code, History.what == "sku mapped")
    mine = (History.return_pk == return_pk, History.detail.has_key("by"), about)
    return session.scalars(select(History).where(*mine).order_by(History.id.desc()).limit(_LATEST)).all()


def comment(number: int, text: str, by: str) -> None:
    """Write something about an exception, for whoever looks at it next. Raises NoSuchException."""
    with transaction() as session:
        if session.get(ExceptionRow, number) is None:
            raise NoSuchException(f"there is no exception {number}")
        session.add(CommentRow(exception_id=number, by=by, text=text.strip()[:LONGEST_COMMENT]))


def _candidate(order: Order, ret: Return) -> Candidate:
    sold = {line.sku for line in order.lines if line.qty_inv > 0}
    total = Money.zero(ret.currency)
    for line in order.lines:
        if line.paid.currency == total.currency:
            total = total + line.paid
    return Candidate(
        ord_num=order.ord_num,
        ord_type=order.ord_type,
        status=order.ord_status,
        units=sum(line.qty_inv for line in order.lines),
        total=total,
        has_all={item.sku for item in ret.items} <= sold,
    )


def _deed(row: History) -> Deed:
    detail = {name: value for name, value in row.detail.items() if name not in ("by", "code") and value is not None}
    return Deed(row.at, str(row.detail["by"]), row.what, detail)
