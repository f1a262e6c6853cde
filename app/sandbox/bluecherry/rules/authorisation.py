"""Return authorisations: an existing order, its own SKUs, within what was invoiced and is on no other live RA."""

from __future__ import annotations

from collections import Counter

from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.orders import Order
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.returns import Ra, RaLine


def authorisation(books: Books, fields: Fields) -> Ra:
    """The RA of a body. Raises Refusal."""
    ra = Ra(
        ord_num=fields.text("ord_num"),
        division=fields.text("division"),
        customer=fields.text("customer"),
        location=fields.text("location"),
        ref_num2=fields.text("ref_num2"),
        aux_ref_num=fields.reference("aux_ref_num"),
        tracking_num=fields.optional_text("tracking_num"),
        reason_code=fields.text("reason_code"),
        lines=_lines(fields),
    )
    order = books.order(ra.ord_num)
    if ra.location not in books.locations:
        raise Refusal("LOCATION_UNKNOWN", f"there is no location {ra.location}", fields.path("location"))
    _check_reasons(books, ra, fields)
    for place, line in enumerate(ra.lines):
        _check_item(books, order, line, fields.path(f"lines[{place}].sku"))
    _check_units(books, order, ra, fields)
    return ra


def _lines(fields: Fields) -> list[RaLine]:
    lines: list[RaLine] = []
    for line in fields.objects("lines"):
        line_seq = line.integer("line_seq", least=1)
        if any(line_seq == other.line_seq for other in lines):
            raise line.bad("line_seq", f"{line_seq} stands on two lines")
        lines.append(
            RaLine(
                line_seq=line_seq,
                ord_line_seq=line.integer("ord_line_seq"),
                sku=line.text("sku"),
                qty=line.integer("qty", least=1),
                reason_code=line.text("reason_code"),
            )
        )
    return lines


def _check_reasons(books: Books, ra: Ra, fields: Fields) -> None:
    if ra.reason_code not in books.reasons:
        raise Refusal("REASON_UNKNOWN", f"there is no reason {ra.reason_code}", fields.path("reason_code"))
    for place, line in enumerate(ra.lines):
        if line.reason_code not in books.reasons:
            path = fields.path(f"lines[{place}].reason_code")
            raise Refusal("REASON_UNKNOWN", f"there is no reason {line.reason_code}", path)


def _check_item(books: Books, order: Order, line: RaLine, path: str) -> None:
    item = books.items.get(order.division, line.sku)
    if item is None:
        raise Refusal("ITEM_NOT_FOUND", f"there is no item {line.sku} in division {order.division}", path)
    sold = order.lines.get(line.ord_line_seq)
    if sold is None or sold.sku != line.sku:
        raise Refusal("SKU_NOT_ON_ORDER", f"{line.sku} is not on line {line.ord_line_seq} of {order.number}", path)
    if item.active_ok != "Y" and not books.inactive_returnable:
        raise Refusal("ITEM_INACTIVE", f"item {line.sku} is inactive", path)


def _check_units(books: Books, order: Order, ra: Ra, fields: Fields) -> None:
    wanted: Counter[int] = Counter()
    for line in ra.lines:
        wanted[line.ord_line_seq] += line.qty
    others = books.ras.find(ord_num=order.number)
    for seq, units in wanted.items():
        held = sum(other.units_held(seq) for other in others)
        invoiced = order.lines[seq].qty_inv
        if held + units > invoiced:
            raise Refusal(
                "QTY_EXCEEDS_SHIPPED",
                f"{units} of line {seq} of {order.number}: {invoiced} invoiced, {held} on other authorisations",
                fields.path("lines"),
            )
