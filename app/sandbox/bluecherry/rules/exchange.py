"""Exchange orders, and the reading of the orders that are seeded."""

from __future__ import annotations

from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.orders import Order, OrderLine
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.rules.memo import amounts


def exchange_order(books: Books, fields: Fields) -> Order:
    """The open exchange order of a body, for an order that exists and active items. Raises Refusal."""
    fields.one_of("ord_type", "E")
    order = _read(fields)
    order.orig_ord_num = fields.text("orig_ord_num")
    order.ra_num = fields.optional_text("ra_num")
    order.ref_num2 = fields.text("ref_num2")
    order.aux_ref_num = fields.reference("aux_ref_num")
    order.ship_to = fields.address("ship_to")
    books.order(order.orig_ord_num)
    if order.ra_num is not None:
        books.ra(order.ra_num)
    for place, line in enumerate(order.lines.values()):
        item = books.items.get(order.division, line.sku)
        path = fields.path(f"lines[{place}].sku")
        if item is None:
            raise Refusal("ITEM_NOT_FOUND", f"there is no item {line.sku} in division {order.division}", path)
        if item.active_ok != "Y":
            raise Refusal("ITEM_INACTIVE", f"item {line.sku} is inactive", path)
    return order


def seeded_order(fields: Fields) -> Order:
    """An order as it is seeded, with its own number and state; `location` (optional) is where it ships from."""
    order = _read(fields)
    order.number = fields.text("ord_num")
    order.ord_type = fields.one_of("ord_type", "S", "E")
    order.ord_status = fields.one_of("ord_status", "O", "I", "X")
    order.orig_ord_num = fields.optional_text("orig_ord_num")
    order.ra_num = fields.optional_text("ra_num")
    order.ref_num2 = fields.optional_text("ref_num2")
    order.aux_ref_num = fields.optional_text("aux_ref_num")
    order.location = fields.optional_text("location") or ""
    order.ship_to = fields.raw("ship_to")
    for line in fields.objects("lines"):
        order.lines[line.integer("line_seq")].qty_inv = line.integer("qty_inv", least=0)
    return order


def _read(fields: Fields) -> Order:
    currency = fields.currency("currency")
    lines: dict[int, OrderLine] = {}
    for line in fields.objects("lines"):
        line_seq = line.integer("line_seq", least=1)
        if line_seq in lines:
            raise line.bad("line_seq", f"{line_seq} stands on two lines")
        lines[line_seq] = OrderLine(
            line_seq=line_seq,
            sku=line.text("sku"),
            upc=line.optional_text("upc"),
            qty_ord=line.integer("qty_ord", least=1),
            qty_inv=0,
            amounts=amounts(line, currency),
            tax_code=line.text("tax_code", empty=True),
            tax_rate=line.fine("tax_rate"),
        )
    return Order(
        ord_num="",
        ref_num1=fields.text("ref_num1"),
        ref_num2=None,
        aux_ref_num=None,
        orig_ord_num=None,
        division=fields.text("division"),
        customer=fields.text("customer"),
        store=fields.text("store"),
        ord_type="E",
        ord_date=fields.date("ord_date"),
        ord_status="O",
        currency=currency,
        freight=fields.amount("freight_amt", currency),
        freight_tax=fields.amount("freight_tax_amt", currency),
        ship_to=None,
        lines=lines,
    )
