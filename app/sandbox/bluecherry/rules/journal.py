"""Inventory journals: RT within what an RA has open, SA transfers that add up to nothing."""

from __future__ import annotations

from collections import Counter

from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.returns import Journal, JournalLine, Ra, RaLine


def journal(books: Books, fields: Fields) -> Journal:
    """The journal of a body. Raises Refusal."""
    result = Journal(
        ra_num=fields.optional_text("ra_num"),
        ord_num=fields.text("ord_num"),
        ref_num2=fields.text("ref_num2"),
        aux_ref_num=fields.reference("aux_ref_num"),
        journal_date=fields.date("journal_date"),
        division="",
        lines=[_line(line) for line in fields.objects("lines")],
    )
    order = books.order(result.ord_num)
    ra = None if result.ra_num is None else _ra(books, result.ra_num, order.number, fields)
    returned = any(line.rec_type == "RT" for line in result.lines)
    if returned and ra is None:
        raise fields.bad("ra_num", "is required: a return needs a return authorisation")
    result.division = order.division if ra is None else ra.division
    for place, line in enumerate(result.lines):
        if line.location not in books.locations:
            path = fields.path(f"lines[{place}].location")
            raise Refusal("LOCATION_UNKNOWN", f"there is no location {line.location}", path)
        if books.items.get(order.division, line.sku) is None:
            path = fields.path(f"lines[{place}].sku")
            raise Refusal("ITEM_NOT_FOUND", f"there is no item {line.sku} in division {order.division}", path)
    if ra is not None:
        result.received = _received(ra, result.lines, fields)
    _check_transfer(result.lines, fields)
    return result


def _line(line: Fields) -> JournalLine:
    rec_type = line.one_of("rec_type", "RT", "SA")
    qty = line.integer("qty", least=1 if rec_type == "RT" else None)
    if qty == 0:
        raise line.bad("qty", "must not be zero")
    return JournalLine(
        ra_line_seq=line.optional_integer("ra_line_seq"),
        sku=line.text("sku"),
        rec_type=rec_type,
        location=line.text("location"),
        lot=line.optional_text("lot"),
        qty=qty,
    )


def _ra(books: Books, ra_num: str, ord_num: str, fields: Fields) -> Ra:
    ra = books.ra(ra_num)
    if ra.ord_num != ord_num:
        raise fields.bad("ord_num", f"is not the order of return authorisation {ra_num}")
    if ra.ra_status == "X":
        raise Refusal("RA_CANCELLED", f"return authorisation {ra_num} is cancelled", fields.path("ra_num"))
    return ra


def _received(ra: Ra, lines: list[JournalLine], fields: Fields) -> list[tuple[RaLine, int]]:
    """Which lines of the RA take the returned units: the one that is named, else those of the SKU in their order."""
    still_open = {line.line_seq: line.open for line in ra.lines}
    received: list[tuple[RaLine, int]] = []
    for place, line in enumerate(lines):
        if line.rec_type != "RT":
            continue
        left = line.qty
        for ra_line in ra.lines:
            if ra_line.sku == line.sku and line.ra_line_seq in (None, ra_line.line_seq):
                units = min(left, still_open[ra_line.line_seq])
                still_open[ra_line.line_seq] -= units
                left -= units
                if units:
                    received.append((ra_line, units))
        if left:
            raise Refusal(
                "QTY_EXCEEDS_RA",
                f"{line.qty} of {line.sku}: {left} more than return authorisation {ra.number} has open",
                fields.path(f"lines[{place}].qty"),
            )
    return received


def _check_transfer(lines: list[JournalLine], fields: Fields) -> None:
    moved: Counter[str] = Counter()
    for line in lines:
        if line.rec_type == "SA":
            moved[line.sku] += line.qty
    for sku, units in moved.items():
        if units:
            raise Refusal(
                "TOTAL_MISMATCH", f"the transfer of {sku} adds up to {units}, not to zero", fields.path("lines")
            )
