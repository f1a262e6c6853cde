"""What return and document have in common on the screen: where they come from, what they are worth, what was wrong."""

from __future__ import annotations

from collections.abc import Sequence

from app.commands._shown import money, show_table
from app.domain.documents import Entry
from app.domain.model import Receipt
from app.services.exceptions.exception_queue import ExceptionView
from app.services.views.origins import DecisionView, EventView


def show_origins(events: Sequence[EventView], receipts: Sequence[Receipt], decisions: Sequence[DecisionView]) -> None:
    """Events, receipts and decisions; nothing of what there is none."""
    if events:
        show_table(
            "Events",
            ("#", "channel", "from", "event", "received"),
            [(e.id, e.channel, e.name, e.external_id, e.received_at) for e in events],
        )
    if receipts:
        show_table(
            "Receipts",
            ("#", "receipt", "kind", "site", "received", "SKU", "units", "grade"),
            [
                (r.n, r.id, r.kind, r.site, r.received_at, n.sku or n.upc, n.quantity, n.grade)
                for r in receipts
                for n in r.lines
            ],
        )
    if decisions:
        show_table(
            "Decisions",
            ("at", "by", "decided", "code", "about", "note"),
            [(d.at, d.by, d.action, d.code, d.cause, d.note) for d in decisions],
        )


def show_amounts(entries: Sequence[Entry]) -> None:
    """The amounts of documents, line by line, with freight and fee where there is any."""
    rows: list[tuple[object, ...]] = []
    for entry in entries:
        if entry.amounts is None:
            continue
        rows += [(entry.key, part.seq, part.net, part.disc, part.tax) for part in entry.amounts.lines]
        if entry.amounts.freight or entry.amounts.freight_tax:
            rows.append((entry.key, "freight", entry.amounts.freight, None, entry.amounts.freight_tax))
        if entry.amounts.fee:
            rows.append((entry.key, "fee", entry.amounts.fee, None, None))
        rows.append((entry.key, "total", money(entry.amounts.total), None, None))
    if rows:
        show_table("Amounts", ("key", "line", "net", "discount", "tax"), rows)


def show_exceptions(exceptions: Sequence[ExceptionView]) -> None:
    """Exceptions with who closed them; nothing where there are none."""
    if exceptions:
        show_table(
            "Exceptions",
            ("#", "code", "team", "since", "closed", "by", "what", "way out"),
            [(e.id, e.code, e.team, e.opened_at, e.closed_at, e.closed_by, e.message, e.way_out) for e in exceptions],
        )
