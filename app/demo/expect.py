"""What must stand in BlueCherry, in Reveni and in the exception queue at the end, return by return.

The script writes these down as it invents each return; nothing here is worked out with the bridge's rules.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from app.demo.world import Order


@dataclass(frozen=True, slots=True)
class StockPlace:
    """Where units of a SKU lie in BlueCherry."""

    division: str
    sku: str
    location: str
    lot: str


@dataclass(frozen=True, slots=True)
class RaLine:
    """A line of a return authorisation: units announced and units that came, of an order line."""

    ord_line_seq: int
    sku: str
    qty: int
    received: int
    reason_code: str


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A return authorisation that must be there, in one of these states."""

    key: str
    ord_num: str
    location: str
    lines: frozenset[RaLine]
    states: str


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """A line of an exchange order: units, and what they cost in all, tax included, in minor units."""

    sku: str
    qty: int
    paid: int
    tax_code: str


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """An exchange order that must be there, in one of these states."""

    key: str
    original: Order
    ref_num1: str
    lines: frozenset[ExchangeLine]
    states: str


@dataclass(slots=True)
class Outcome:
    """What one return must have led to.

    `journals` and `memos` are the least and the most documents that may hold the units: how many steps the bridge
    saw can depend on the moment, what the documents add up to cannot. `stock` is RT and SA together, `received` is RT
    alone; `credited` counts units by (order, line); `fee` is in minor units. `exceptions` must be open, those of
    `tolerated` may be; `held` has the units that an exception must hold, by code. `verdicts` counts units by (item,
    status). `receipts` are the ids of the warehouse's messages, or of what was received by hand, in order. `to_scan`:
    what stands on a parcel that nobody receives during the day, left for a visitor at the receiving station.
    """

    return_id: str
    store: str
    kind: str
    authorisations: list[Authorisation] = field(default_factory=list)
    journals: tuple[int, int] = (0, 0)
    stock: Counter[StockPlace] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    memos: tuple[int, int] = (0, 0)
    credited: Counter[tuple[str, int]] = field(default_factory=Counter)
    fee: int = 0
    exchanges: list[ExchangeOrder] = field(default_factory=list)
    exceptions: set[str] = field(default_factory=set)
    tolerated: set[str] = field(default_factory=set)
    held: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    receipts: list[str] = field(default_factory=list)
    to_scan: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that belongs to no return, and the exception that it must raise.

    `receipt_id` is None for what cannot be read.
    """

    kind: str
    code: str
    store: str | None
    receipt_id: str | None = None
    units: int = 0
