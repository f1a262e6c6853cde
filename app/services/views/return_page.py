"""The page of a return: what ought to be beside what is, and everything that happened in one line of time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.desk import CommentRow
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.returns import InboxEvent, ReturnRow
from app.domain.documents import Document
from app.domain.model import Personal
from app.domain.money import Money
from app.domain.preview import Previewed, preview
from app.services.facts.dossiers import load_slice
from app.services.intake.station import ENTERED_BY
from app.services.outside import Outside
from app.services.views.document_view import DocumentView
from app.services.views.return_view import NoSuchReturn, ReturnView, get_return

Sort = Literal["event", "told", "receipt", "step", "person", "comment"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A document that is due, beside the one in the ledger: one of the two may be missing.

    `total`: what is due now, where the kind has amounts and it is not made yet.
    """

    due: Document | None
    made: DocumentView | None
    total: Money | None

    @property
    def document(self) -> Document:
        """The document of whichever there is."""
        if self.due is not None:
            return self.due
        if self.made is None:
            raise AssertionError("a pair has at least one of the two")
        return self.made.entry.document


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened: what, to which document, and by whom if by a person.

    `said`: words of somebody, or a name; `detail`: what the history has beside it.
    """

    at: datetime
    sort: Sort
    what: str
    key: str | None
    by: str | None
    said: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """Everything about a return but what is personal."""

    view: ReturnView
    pairs: tuple[Pair, ...]
    moments: tuple[Moment, ...]
    others: tuple[str, ...]
    """Ids of other returns of the same order."""


def return_page(store: str, return_id: str, outside: Outside) -> ReturnPage:
    """The page of a return. Raises NoSuchReturn."""
    view = get_return(store, return_id)
    with transaction() as session:
        row = session.scalars(select(ReturnRow).where(ReturnRow.store == store, ReturnRow.id == return_id)).one()
        comments = session.execute(
            select(CommentRow, ExceptionRow.code)
            .join(ExceptionRow, ExceptionRow.id == CommentRow.exception_id)
            .where(ExceptionRow.return_pk == row.pk)
        ).all()
        others = session.scalars(
            select(ReturnRow.id)
            .where(ReturnRow.store == store, ReturnRow.order_ref == row.order_ref, ReturnRow.pk != row.pk)
            .order_by(ReturnRow.pk.desc())
            .limit(20)
        ).all()
        due: Sequence[Previewed] = ()
        if store in outside.config.stores:
            work = load_slice(session, [row.pk], outside, lock=False)
            due = preview(work.dossier(row.pk), outside.store(store).rules, outside.now()).documents
        entered = _entered_by(session, row.pk, outside)
        said = [Moment(each.at, "comment", code, None, each.by, each.text) for each, code in comments]
    moments = sorted([*_moments(view, entered), *said], key=lambda moment: moment.at)
    return ReturnPage(view, _pairs(due, view.documents), tuple(moments), tuple(others))


@dataclass(frozen=True, slots=True)
class Raw:
    """The raw events of a return, and what is personal about its customer."""

    events: tuple[tuple[int, str, datetime, str], ...]
    personal: Personal


def raw_of(store: str, return_id: str) -> Raw:
    """What came, as it came. Raises NoSuchReturn."""
    with transaction() as session:
        row = session.scalar(select(ReturnRow).where(ReturnRow.store == store, ReturnRow.id == return_id))
        if row is None:
            raise NoSuchReturn(f"the bridge knows no return {return_id} of store {store}")
        events = session.scalars(select(InboxEvent).where(InboxEvent.return_pk == row.pk).order_by(InboxEvent.id))
        told = tuple((each.id, f"{each.channel} {each.name}", each.received_at, each.body) for each in events)
        return Raw(told, load(Personal, row.personal or {}))


def _pairs(due: Sequence[Previewed], made: Sequence[DocumentView]) -> tuple[Pair, ...]:
    """In the order in which they are due; what was made and is due no longer stands at the end."""
    ledger = {each.entry.key: each for each in made}
    pairs = []
    for each in due:
        known = ledger.pop(each.document.key, None)
        total = each.amounts.total if each.amounts is not None else None
        pairs.append(Pair(each.document, known, total))
    return (*pairs, *(Pair(None, each, None) for each in ledger.values()))


def _entered_by(session: Session, pk: int, outside: Outside) -> dict[tuple[str, str], str]:
    """Who entered a receipt at a station, by its site and own id. What a feed says of it is not believed."""
    silent = [site.name for site in outside.config.sites.values() if not site.has_feed]
    rows = session.execute(
        select(InboxEvent.name, InboxEvent.external_id, InboxEvent.body).where(
            InboxEvent.return_pk == pk, InboxEvent.channel == "warehouse", InboxEvent.name.in_(silent)
        )
    )
    told = {(name, own): json.loads(body).get(ENTERED_BY) for name, own, body in rows}
    return {receipt: str(who) for receipt, who in told.items() if who is not None}


def _moments(view: ReturnView, entered: Mapping[tuple[str, str], str]) -> list[Moment]:
    found = [
        Moment(
            each.received_at,
            "event",
            f"{each.channel} {each.name}",
            None,
            entered.get((each.name, each.external_id)) if each.channel == "warehouse" else None,
            each.external_id,
        )
        for each in view.events
    ]
    found += [Moment(each.at, "told", each.status, None, None, f"v{each.version}") for each in view.told]
    for each in view.timeline:
        by = each.detail.get("by")
        detail = {name: value for name, value in each.detail.items() if name != "by" and value is not None}
        who = str(by) if by else None
        found.append(Moment(each.at, "person" if by else "step", each.what, each.key, who, detail=detail))
    return found
