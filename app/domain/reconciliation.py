"""Reconciliation: the ledger against BlueCherry's own list of documents, one document at a time.

What differs cannot be mended by a rule: it is in front of finance, with both sides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.documents import State
from app.domain.policy import Kind

_KEY = re.compile(r"(RA|IJ|CM|EX)-.+")


class Sort(StrEnum):
    """How the books can differ about a document."""

    MISSING = "missing"
    DOUBLED = "doubled"
    CHANGED = "changed"
    NOT_DUE = "not_due"


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
class Difference:
    """What differs about a document. `cause` is the same as long as it is the same difference.

    `ledger_id`: the ledger's row, None for a key that the ledger does not know; then `return_id` may lead on.
    """

    sort: Sort
    key: str
    cause: str
    message: str
    ledger_id: int | None
    return_id: str | None = None


def is_key(reference: str | None) -> bool:
    """Whether a reference field holds a key as the bridge makes them."""
    return reference is not None and _KEY.fullmatch(reference) is not None


def difference(booked: Booked | None, found: Found) -> Difference | None:
    """What differs between a listed document and the ledger; None when they agree, or a call is still under way."""
    there = f"BlueCherry has {_name(found.kind)} {found.number} with the key {found.key}"
    if booked is not None and booked.state in (State.SENDING, State.DOUBTFUL):
        return None
    if booked is not None and booked.state is State.POSTED and booked.number == found.number:
        sides = [f"{what} {ours} in the ledger, {theirs} in BlueCherry" for what, ours, theirs in _sides(booked, found)]
        return _differs(Sort.CHANGED, booked, found, f"{there}: {'; '.join(sides)}.") if sides else None
    if found.cancelled:
        return None
    if booked is None:
        return _differs(Sort.NOT_DUE, None, found, f"{there}; the ledger knows no such key.")
    if booked.state is State.POSTED:
        message = f"{there} beside {booked.number}, which the ledger holds: one of the two is too many."
        return _differs(Sort.DOUBLED, booked, found, message)
    return _differs(Sort.NOT_DUE, booked, found, f"{there}; in the ledger it is {booked.state}.")


def missing(booked: Booked) -> Difference:
    """A document that was posted, and that BlueCherry neither lists nor finds by its key."""
    message = f"{_name(booked.kind)} {booked.number} ({booked.key}) was posted, and BlueCherry has it no more."
    return Difference(Sort.MISSING, booked.key, f"{Sort.MISSING}:{booked.key}", message, booked.id)


def _sides(booked: Booked, found: Found) -> list[tuple[str, object, object]]:
    sides: list[tuple[str, object, object]] = []
    if booked.cancelled != found.cancelled:
        words = {True: "cancelled", False: "standing"}
        sides.append(("it is", words[booked.cancelled], words[found.cancelled]))
    # An exchange order is an order itself: the list has its own number there.
    if found.ord_num is not None and found.kind is not Kind.EXCHANGE_ORDER and booked.ord_num != found.ord_num:
        sides.append(("order", booked.ord_num, found.ord_num))
    if booked.units is not None and booked.units != found.units:
        sides.append(("units", booked.units, found.units))
    if booked.total is not None and found.total is not None and booked.total != found.total:
        sides.append(("total", booked.total, found.total))
    return sides


def _differs(sort: Sort, booked: Booked | None, found: Found, message: str) -> Difference:
    cause = f"{sort}:{found.key}:{found.number}"
    return Difference(sort, found.key, cause, message, booked.id if booked else None, found.return_id)


def _name(kind: Kind) -> str:
    return kind.value.replace("_", " ")
