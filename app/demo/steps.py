"""What can happen in the demo: each step is one message of Reveni or a warehouse, or what a person does in
the console or in BlueCherry.

A step comes `gap` seconds after the one before it in its scene. Steps that need something of the bridge first
(a number that the warehouse reads off the return authorisation, say) wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.demo.world import JsonObject

Event = Literal["return.created", "return.updated", "none"]
Document = Literal["return_authorizations", "inventory_journals", "credit_memos", "sales_orders"]


@dataclass(frozen=True, slots=True)
class Put:
    """The return stands so in Reveni now; which webhook it sends."""

    store: str
    return_id: str
    body: JsonObject
    event: Event
    gap: float


@dataclass(frozen=True, slots=True)
class Report:
    """A message of a warehouse. `ra_key`: it names the number of this authorisation, once BlueCherry has it."""

    site: str
    body: JsonObject
    gap: float
    ra_key: str | None = None


@dataclass(frozen=True, slots=True)
class Receive:
    """Somebody in logistics receives goods at the receiving station of a site.

    `reference`: what they scan; with `ra_key` it is the number of this authorisation, once BlueCherry has it. `lines`
    are (SKU or UPC, units, grade). `id` tells this receipt from others.
    """

    site: str
    id: str
    reference: str
    lines: tuple[tuple[str, int, str], ...]
    gap: float
    ra_key: str | None = None


@dataclass(frozen=True, slots=True)
class Nonsense:
    """A properly signed webhook of Reveni that does not fit its own schema."""

    store: str
    body: JsonObject
    gap: float


@dataclass(frozen=True, slots=True)
class Await:
    """Nothing goes on before BlueCherry has the document of this key, in one of these states if any are named."""

    document: Document
    key: str
    states: str = ""
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Ship:
    """The warehouse ships the order of this key: BlueCherry invoices it."""

    key: str
    gap: float


Step = Put | Report | Receive | Nonsense | Await | Ship
