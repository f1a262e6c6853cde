"""Reconciliation: the ledger against BlueCherry's own list of documents, one document at a time.

What differs cannot be mended by a rule: it is in front of finance, with both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.documents import State
from app.domain.policy import Kind
from app.domain.saying import Said, quoted, say

_KEY = re.compile(r"(RA|IJ|CM|EX)-.{1,37}")


class Sort(StrEnum):
    """How the books can differ about a document."""

    MISSING = "missing"
    DOUBLED = "doubled"
    CHANGED = "changed"
    NOT_DUE = "not_due"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Booked:
    """A document as the ledger has it, in the row `id`. `units` None: a transfer, whose units add up to nothing.

    `total`: the sum that it was sent with, None for a kind without one. `cancelled`: the bridge cancelled it.
    """

    id: int
    key: str
    kind: Kind
    state: State
    ord_num: str
    number: str | None
    units: int | None
    total: Decimal | None
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A document that BlueCherry lists with a key of the bridge's. `return_id`: the return that it refers to."""

    kind: Kind
    number: str
    key: str
    ord_num: str | None
    return_id: str | None
    units: int
    total: Decimal | None
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A row of BlueCherry's list that cannot be read: what it is of is in part unknown.

    `kind`, `number`, `key`, `return_id`: None where the row does not let itself be read; a `key` or `return_id` that
    it does not have is empty. `of_another_kind`: it can be read that it is none of the bridge's kinds. `place`: which
    row of its page it is, from 1; `since`: it was posted then or later. `state`: a digest of all that it says.
    """

    kind: Kind | None
    of_another_kind: bool
    number: str | None
    key: str | None
    return_id: str | None
    place: int
    since: datetime
    state: str
    problems: tuple[str, ...]

    def may_be_of(self, kind: Kind, key: str, number: str | None) -> bool:
        """Whether the row may be about a document of the ledger: then nothing is certain of that one.

        It is not where its kind, or both its key and its number, can be read and are another's.
        """
        if self.of_another_kind or self.kind not in (None, kind):
            return False
        return self.key in (None, key) or self.number in (None, number)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs about a document. `cause` is the same as long as it is the same difference.

    `ledger_id`: the ledger's row, None for a key that the ledger does not know; then `return_id` may lead on.
    """

    sort: Sort
    key: str
    cause: str
    message: Said
    ledger_id: int | None
    return_id: str | None = None


def is_key(reference: str | None) -> bool:
    """Whether a reference field holds a key as the bridge makes them."""
    return reference is not None and _KEY.fullmatch(reference) is not None


def difference(booked: Booked | None, found: Found) -> Difference | None:
    """What differs between a listed document and the ledger; None when they agree, or a call is still under way."""
    there = say(
        "BlueCherry has %(kind)s %(number)s with the key %(key)s",
        kind=_name(found.kind),
        number=found.number,
        key=found.key,
    )
    if booked is not None and booked.state in (State.SENDING, State.DOUBTFUL):
        return None
    if booked is not None and booked.state is State.POSTED and booked.number == found.number:
        sides = _sides(booked, found)
        if not sides:
            return None
        return _differs(Sort.CHANGED, booked, found, say("%(there)s: %(sides)s.", there=there, sides=_listed(sides)))
    if found.cancelled:
        return None
    if booked is None:
        return _differs(Sort.NOT_DUE, None, found, say("%(there)s; the ledger knows no such key.", there=there))
    if booked.state is State.POSTED:
        message = say(
            "%(there)s beside %(number)s, which the ledger holds: one of the two is too many.",
            there=there,
            number=booked.number,
        )
        return _differs(Sort.DOUBLED, booked, found, message)
    message = say("%(there)s; in the ledger it is %(state)s.", there=there, state=booked.state.value)
    return _differs(Sort.NOT_DUE, booked, found, message)


def missing(booked: Booked) -> Difference:
    """A document that was posted, and that BlueCherry neither lists nor finds by its key."""
    message = say(
        "%(kind)s %(number)s (%(key)s) was posted, and BlueCherry has it no more.",
        kind=_name(booked.kind),
        number=booked.number,
        key=booked.key,
    )
    return Difference(Sort.MISSING, booked.key, f"{Sort.MISSING}:{booked.key}", message, booked.id)


def unread(connection: str, row: Unread, booked: Booked | None = None) -> Difference:
    """A row that could not be read, of a document that is `booked` if that much can be told of it."""
    if row.number is not None and row.key:
        what = say("%(kind)s %(number)s with the key %(key)s", kind=_row_kind(row), number=row.number, key=row.key)
    elif row.number is not None:
        what = say("%(kind)s %(number)s", kind=_row_kind(row), number=row.number)
    elif row.key:
        what = say("a document with the key %(key)s", key=row.key)
    else:
        what = say("a document without a number")
    message = say(
        "A row of BlueCherry's list cannot be read, and nothing is compared with it: %(what)s, row %(place)s of its "
        "page, posted at %(since)s UTC or later (%(problems)s).",
        what=what,
        place=row.place,
        since=f"{row.since:%Y-%m-%d %H:%M:%S}",
        problems="; ".join(row.problems),
    )
    named = f"{row.kind or '?'}:{row.number}" if row.number is not None else row.state[:20]
    cause = unread_cause(connection) + named
    return Difference(Sort.UNREAD, row.key or "", cause, message, booked.id if booked else None, row.return_id)


def unread_beside(connection: str, rows: Sequence[Unread], told: int) -> tuple[Unread, Difference]:
    """Rows of one day that cannot be read beside the `told` ones: as one row, of which nothing can be read."""
    day = rows[0].since.replace(hour=0, minute=0, second=0, microsecond=0)
    foreign = all(row.of_another_kind for row in rows)
    row = replace(
        rows[0], kind=None, of_another_kind=foreign, number=None, key=None, return_id=None, since=day, state="beside"
    )
    message = say(
        "More rows of BlueCherry's list cannot be read than the %(told)s that are told one by one, those of %(day)s "
        "UTC among them: something there is spelt otherwise than the profile says. Nothing is compared with them.",
        told=told,
        day=f"{day:%Y-%m-%d}",
    )
    return row, Difference(Sort.UNREAD, "", f"{unread_cause(connection)}beside:{day:%Y-%m-%d}", message, None)


def unread_cause(connection: str) -> str:
    """What the cause of every row that cannot be read in a connection's list begins with."""
    return f"{Sort.UNREAD}:{connection}:"


def _row_kind(row: Unread) -> Said:
    return _name(row.kind) if row.kind is not None else say("document")


def _sides(booked: Booked, found: Found) -> list[Said]:
    sides: list[Said] = []
    if booked.cancelled != found.cancelled:
        sides.append(
            say("it is cancelled in the ledger, standing in BlueCherry")
            if booked.cancelled
            else say("it is standing in the ledger, cancelled in BlueCherry")
        )
    # An exchange order is an order itself: the list has its own number there.
    if found.ord_num is not None and found.kind is not Kind.EXCHANGE_ORDER and booked.ord_num != found.ord_num:
        both = {"ours": booked.ord_num, "theirs": found.ord_num}
        sides.append(say("order %(ours)s in the ledger, %(theirs)s in BlueCherry", **both))
    if booked.units is not None and booked.units != found.units:
        units = {"ours": booked.units, "theirs": found.units}
        sides.append(say("units %(ours)s in the ledger, %(theirs)s in BlueCherry", **units))
    if booked.total is not None and found.total is not None and booked.total != found.total:
        totals = {"ours": booked.total, "theirs": found.total}
        sides.append(say("total %(ours)s in the ledger, %(theirs)s in BlueCherry", **totals))
    return sides


def _differs(sort: Sort, booked: Booked | None, found: Found, message: Said) -> Difference:
    cause = f"{sort}:{found.key}:{found.number}"
    return Difference(sort, found.key, cause, message, booked.id if booked else None, found.return_id)


def _listed(sides: Sequence[Said]) -> Said:
    first, *others = sides
    return say("%(first)s; %(others)s", first=first, others=_listed(others)) if others else first


def _name(kind: Kind) -> Said:
    names = {
        Kind.RETURN_AUTHORISATION: say("return authorisation"),
        Kind.INVENTORY_JOURNAL: say("inventory journal"),
        Kind.CREDIT_MEMO: say("credit memo"),
        Kind.EXCHANGE_ORDER: say("exchange order"),
    }
    return names.get(kind) or quoted(kind.value.replace("_", " "))
