"""Intake: events out of the inbox, the returns that they hint at fetched, what is known stored in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, not_, or_, select, update
from sqlalchemy.orm import Session

from app import exact_json
from app.calls import CallError
from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from app.domain.blockers import Code
from app.domain.model import Receipt
from app.domain.saying import quoted, say
from app.reveni.schemas import Unreadable, read_event, read_receipt
from app.services.exceptions.dead_letters import close_exceptions, close_exceptions_of_hints, open_exception
from app.services.history import Notes
from app.services.intake.receipts import adopt, attach, possible_returns, returns_by_authorisation
from app.services.intake.returns import Fetched, ReturnKey, Stored, fetch, is_absent, store_returns, versions_of
from app.services.outside import Away, Outside
from app.services.privacy.erased import reduced_body
from app.services.retrying import backoff, counts

SLICE = 50
"""Events that are taken in together."""
_SUSPECT_FROM = 2
"""Times that an event was taken and never finished, with its slice."""
_TRIES_ALONE = 3
"""How often such an event is taken alone before it is set aside."""


class TakenIn(NamedTuple):
    """Returns that have work to do now, and whether the inbox may hold more."""

    returns: list[int]
    more: bool


@dataclass(slots=True)
class _Read:
    """Events that could be read: what each is about."""

    hints: dict[int, ReturnKey] = field(default_factory=dict)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    keys: dict[int, list[ReturnKey]] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)


def take_in(outside: Outside, limit: int = SLICE) -> TakenIn:
    """Take the oldest events in. The event is a hint: the return is fetched, and a receipt always fetches it too.

    An event that cannot be read, or whose return cannot be had in the tries, becomes an exception; nothing is lost.
    """
    away = outside.away()
    with transaction() as session:
        events = _claim(session, limit, away, outside)
    if not events:
        return TakenIn([], False)
    # Only now, when it is committed that they were taken: one that ends its worker must be known by it.
    read = _read(events, outside)
    with transaction() as session:
        if read.receipts:
            found = possible_returns(session, list(read.receipts.values()), outside)
            read.keys = dict(zip(read.receipts, found, strict=True))
        wanted = [*read.hints.values(), *(key for keys in read.keys.values() for key in keys)]
        versions = versions_of(session, wanted)
    _add_authorisations(read, outside)
    wanted = [*read.hints.values(), *(key for keys in read.keys.values() for key in keys)]
    fetched = fetch(wanted, versions, outside)
    notes = Notes()
    with transaction() as session:
        stored = store_returns(session, fetched, notes, outside)
        ready = [event_id for event_id in read.receipts if _why_not(event_id, read, fetched, stored) is None]
        came = {event.id: event.received_at for event in events}
        attach(session, [(read.receipts[e], came[e], read.keys[e]) for e in ready], stored, notes, outside)
        adopt(session, stored, notes, outside)
        _finish(session, events, read, fetched, stored, outside)
        notes.write(session)
        session.flush()
    return TakenIn(sorted(stored.changed), len(events) == limit)


def within_reach(away: Away, outside: Outside) -> list[ColumnElement[bool]]:
    """The conditions on events that the Reveni which must be asked about them can be called."""
    if not away.revenis:
        return []
    dark = [name for name, site in outside.config.sites.items() if site.stores and away.revenis.issuperset(site.stores)]
    return [
        not_(and_(InboxEvent.channel == "reveni", InboxEvent.name.in_(away.revenis))),
        not_(and_(InboxEvent.channel == "warehouse", InboxEvent.name.in_(dark))),
    ]


def _claim(session: Session, limit: int, away: Away, outside: Outside) -> list[InboxEvent]:
    now = outside.now()
    # Taken twice and never finished: it may be what stopped its slice, and goes alone.
    suspect = and_(InboxEvent.tries >= _SUSPECT_FROM, InboxEvent.error.is_(None))
    free = (
        select(InboxEvent.id)
        .where(
            InboxEvent.state.in_(("new", "taken")),
            or_(InboxEvent.taken_until.is_(None), InboxEvent.taken_until <= now),
            *within_reach(away, outside),
        )
        .order_by(InboxEvent.id)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(free.where(~suspect).limit(limit)).all() or session.scalars(free.limit(1)).all()
    if not ids:
        return []
    claim = (
        update(InboxEvent)
        .where(InboxEvent.id.in_(ids))
        .values(state="taken", taken_until=now + outside.config.retry.lease, tries=InboxEvent.tries + 1)
        .returning(InboxEvent)
    )
    events = sorted(session.scalars(claim).all(), key=lambda event: event.id)
    alive = []
    for event in events:
        tries = outside.config.retry.tries if event.error else _SUSPECT_FROM + _TRIES_ALONE
        if event.tries <= tries:
            alive.append(event)
            continue
        event.state = "unreadable"
        code = Code.TRIES_USED_UP if event.error else Code.TASK_LOST
        message = (
            quoted(event.error)
            if event.error
            else say(
                "Event %(event)s was taken %(tries)s times and never finished.",
                event=event.external_id,
                tries=event.tries - 1,
            )
        )
        open_exception(session, code, f"intake:{event.channel}:{event.name}", message, event)
    return alive


def _read(events: Sequence[InboxEvent], outside: Outside) -> _Read:
    read = _Read()
    for event in events:
        try:
            document = exact_json.loads(event.body)
            if event.channel == "warehouse":
                if event.name not in outside.config.sites:
                    raise Unreadable("the receipt", [f"site {event.name} is gone from the configuration"])
                read.receipts[event.id] = read_receipt(document, event.name)
                continue
            store = outside.config.stores.get(event.name)
            if store is None:
                raise Unreadable("the event", [f"store {event.name} is gone from the configuration"])
            names = store.reveni.profile.fields["event"]
            read.hints[event.id] = (event.name, read_event(document, names).return_id)
        except (Unreadable, ValueError) as error:
            read.unreadable[event.id] = str(error)
    return read


def _add_authorisations(read: _Read, outside: Outside) -> None:
    unknown = [receipt for event_id, receipt in read.receipts.items() if not read.keys[event_id]]
    by_ra = returns_by_authorisation(unknown, outside)
    for event_id, receipt in read.receipts.items():
        if not read.keys[event_id] and receipt.ra_num in by_ra.found:
            read.keys[event_id].append(by_ra.found[receipt.ra_num])


def _why_not(event_id: int, read: _Read, fetched: Fetched, stored: Stored) -> CallError | Unreadable | str | None:
    """Why an event cannot be finished now; None when it can.

    A receipt can be finished once every return that it may belong to was asked for; it then has a home, or none:
    goods are kept also when their return cannot be read, and find it later.
    """
    keys = [read.hints[event_id]] if event_id in read.hints else read.keys.get(event_id, [])
    for key in keys:
        if key in stored.stale:
            return "the return changed while it was fetched"
        error = fetched.failures.get(key)
        if error is None:
            return None
        if event_id in read.hints or not (isinstance(error, Unreadable) or is_absent(error)):
            return error
    return None


def _finish(
    session: Session,
    events: Sequence[InboxEvent],
    read: _Read,
    fetched: Fetched,
    stored: Stored,
    outside: Outside,
) -> None:
    now = outside.now()
    taken = select(InboxEvent).where(InboxEvent.id.in_([event.id for event in events]), InboxEvent.state == "taken")
    for event in session.scalars(taken.order_by(InboxEvent.id)):
        hint = read.hints.get(event.id)
        why = read.unreadable.get(event.id) or _why_not(event.id, read, fetched, stored)
        if why is None:
            event.state, event.error, event.taken_until = "done", None, None
            key = next((k for k in [hint, *read.keys.get(event.id, [])] if k in stored.rows), None)
            event.return_pk = stored.rows[key].pk if key else None
            if key and stored.rows[key].erased_at is not None:
                event.body = reduced_body(event, outside)
            if event.tries > 1:
                close_exceptions(session, now, "it was taken in", inbox_id=event.id)
        elif isinstance(why, Unreadable) or event.id in read.unreadable:
            event.state, event.error, event.taken_until = "unreadable", str(why), None
            message = say(
                "Event %(event)s of %(name)s does not fit: %(why)s", event=event.external_id, name=event.name, why=why
            )
            return_id = hint[1] if hint else None
            cause = f"{event.channel}:{event.name}"
            open_exception(session, Code.UNREADABLE_EVENT, cause, message, event, return_id=return_id)
        else:
            _put_back(session, event, hint, why, outside)
    close_exceptions_of_hints(session, now, {hint for hint in read.hints.values() if hint in stored.rows})


def _put_back(
    session: Session, event: InboxEvent, hint: ReturnKey | None, why: CallError | str, outside: Outside
) -> None:
    event.error = str(why)
    if isinstance(why, str):
        event.state, event.taken_until, event.tries = "new", None, event.tries - 1
        return
    delay = backoff(event.tries, why, outside)
    if not counts(why):
        event.tries -= 1
    event.state, event.taken_until = "new", outside.now() + timedelta(seconds=delay)
    if event.tries >= outside.config.retry.tries:
        event.state = "unreadable"
        message = say(
            "Event %(event)s of %(name)s could not be taken in: %(why)s",
            event=event.external_id,
            name=event.name,
            why=why,
        )
        cause = f"intake:{event.channel}:{event.name}"
        open_exception(session, Code.TRIES_USED_UP, cause, message, event, return_id=hint[1] if hint else None)
