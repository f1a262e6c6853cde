"""The documents of a return: what ought to exist in BlueCherry, and what the ledger holds of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.money import Money
from app.domain.policy import Kind

KEY_LENGTH = 40
"""What fits into `aux_ref_num` (contract)."""

_PREFIX = {
    Kind.RETURN_AUTHORISATION: "RA",
    Kind.INVENTORY_JOURNAL: "IJ",
    Kind.CREDIT_MEMO: "CM",
    Kind.EXCHANGE_ORDER: "EX",
    Kind.VERDICT: "VD",
}
_COUNTED_FROM_ONE = frozenset({Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO})


def document_key(kind: Kind, return_id: str, n: int) -> str:
    """The idempotency key of the `n`-th document (from 1) of a kind: made from the return alone, at most 40 characters.

    Journals and memos always carry their number; a return authorisation or exchange order only when it is made again.
    A return id that is too long for the field is replaced by a digest of itself.
    """
    suffix = f"-{n}" if n > 1 or kind in _COUNTED_FROM_ONE else ""
    prefix = _PREFIX[kind]
    if len(prefix) + 1 + len(return_id) + 4 > KEY_LENGTH:
        return_id = hashlib.sha256(return_id.encode()).hexdigest()[:32]
    return f"{prefix}-{return_id}{suffix}"


def number_of(key: str | None, kind: Kind, return_id: str) -> int | None:
    """The `n` of a key of this kind that is made from this return; None for every other key."""
    if key is None:
        return None
    _, _, last = key.rpartition("-")
    for n in {1, int(last) if last.isascii() and last.isdigit() and len(last) <= 6 else 1}:
        if document_key(kind, return_id, n) == key:
            return n
    return None


def is_key_of(key: str | None, return_id: str) -> bool:
    """Whether a reference is the key of a document of this return."""
    return any(number_of(key, kind, return_id) is not None for kind in _PREFIX)


def undo_key(target: str, kind: Kind) -> str:
    """The key of what undoes a document: its cancellation or its closing. It never leaves the bridge."""
    return f"{target}/{'close' if kind is Kind.RA_CLOSE else 'cancel'}"


class State(StrEnum):
    """States of a document in the ledger."""

    DUE = "due"
    SENDING = "sending"
    DOUBTFUL = "doubtful"
    POSTED = "posted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a document: units, and what they come from.

    One shape serves all kinds; a field that a kind does not have is None.
    `ord_line_seq`: the order line that is returned, credited or exchanged. `ra_line_seq`: the line of the return
    authorisation. `disposition`: the effective grade that decided the place. `price`: for an exchange order, what the
    customer pays for the line, tax included. `shop_sku`: the shop's SKU where that is another, by an alias.
    """

    seq: int
    sku: str
    qty: int
    ord_line_seq: int | None = None
    ra_line_seq: int | None = None
    item_id: str | None = None
    reason_code: str | None = None
    rec_type: str | None = None
    location: str | None = None
    lot: str | None = None
    site: str | None = None
    disposition: str | None = None
    price: Decimal | None = None
    shop_sku: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document that ought to exist. `after` names the keys that must be posted before it may be sent.

    `ord_num`: the order it belongs to. `location` and `division`: where a return authorisation goes. `source`: the
    receipt of a journal, or the key of the document that is cancelled or closed.
    """

    key: str
    kind: Kind
    n: int
    ord_num: str
    lines: tuple[Line, ...] = ()
    after: tuple[str, ...] = ()
    location: str | None = None
    division: str | None = None
    source: str | None = None

    @property
    def units(self) -> int:
        """Units on the document; a transfer counts what it moves."""
        return sum(line.qty for line in self.lines if line.qty > 0)

    def sku(self, shop_sku: str) -> str | None:
        """What a SKU of the shop meant when the document was made; None for one that it has not."""
        return next((line.sku for line in self.lines if (line.shop_sku or line.sku) == shop_sku), None)

    def with_lines(self, lines: tuple[Line, ...]) -> Document:
        """The same document over other lines."""
        return replace(self, lines=lines)


@dataclass(frozen=True, slots=True)
class AmountLine:
    """Amounts of one line of a memo or exchange order, in the document's currency, all positive."""

    seq: int
    net: Money
    disc: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a memo or exchange order, fixed when it is sent."""

    lines: tuple[AmountLine, ...]
    freight: Money
    freight_tax: Money
    fee: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger as the rules see it: the document, how far it is, and BlueCherry's number for it.

    `sent` is true once a call for it may have left the bridge; from then on its lines are fixed.
    `error_code` is BlueCherry's code of a refusal; `tired` means that the tries are used up.
    """

    document: Document
    state: State
    sent: bool
    number: str | None = None
    amounts: Amounts | None = None
    error_code: str | None = None
    error: str | None = None
    tired: bool = False
    posted_at: datetime | None = None

    @property
    def key(self) -> str:
        """The document's key."""
        return self.document.key

    @property
    def live(self) -> bool:
        """Whether the document stands or may come to stand."""
        return self.state is not State.WITHDRAWN

    @property
    def fixed(self) -> bool:
        """Whether the lines can no longer change: it was, or may have been, made."""
        return self.state in (State.SENDING, State.DOUBTFUL, State.POSTED)
