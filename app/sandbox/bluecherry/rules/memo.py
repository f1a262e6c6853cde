"""Credit memos: an invoiced order, within quantity and amounts not yet credited, adding up, in an open period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.document import Amounts
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.orders import Order, OrderLine
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.returns import Memo, MemoLine

_COMPONENTS: dict[str, Callable[[Amounts], Decimal]] = {
    "gross_amt": lambda amounts: amounts.gross,
    "disc_amt": lambda amounts: amounts.disc,
    "net_amt": lambda amounts: amounts.net,
    "tax_amt": lambda amounts: amounts.tax,
}


def memo(books: Books, fields: Fields) -> Memo:
    """The memo of a body. Raises Refusal."""
    result = _read(fields)
    result.ref_num2 = fields.text("ref_num2")
    result.aux_ref_num = fields.reference("aux_ref_num")
    _check(books, result, fields)
    period = books.period_of(result.memo_date)
    if period is None or not period.open:
        raise Refusal("PERIOD_CLOSED", f"{result.memo_date} is in no open period", fields.path("memo_date"))
    return result


def memo_by_hand(books: Books, fields: Fields) -> Memo:
    """A memo that somebody typed in, some time: it needs no references and no open period. Raises Refusal."""
    result = _read(fields)
    result.ref_num2 = fields.optional_text("ref_num2")
    result.aux_ref_num = fields.optional_text("aux_ref_num")
    _check(books, result, fields)
    return result


def _read(fields: Fields) -> Memo:
    currency = fields.currency("currency")
    return Memo(
        ord_num=fields.text("ord_num"),
        ra_num=fields.optional_text("ra_num"),
        ref_num2=None,
        aux_ref_num=None,
        memo_date=fields.date("memo_date"),
        currency=currency,
        lines=[_line(line, currency) for line in fields.objects("lines")],
        freight=fields.amount("freight_amt", currency),
        freight_tax=fields.amount("freight_tax_amt", currency),
        fee=fields.amount("fee_amt", currency),
        total_amt=fields.amount("total_amt", currency),
    )


def _line(line: Fields, currency: str) -> MemoLine:
    return MemoLine(
        ord_line_seq=line.integer("ord_line_seq"),
        sku=line.text("sku"),
        qty=line.integer("qty", least=1),
        tax_code=line.text("tax_code", empty=True),
        amounts=amounts(line, currency),
    )


def amounts(line: Fields, currency: str) -> Amounts:
    """The amounts of a line of an order or a memo. Raises Refusal unless gross = net + discount."""
    result = Amounts(
        unit_price=line.fine("unit_price"),
        gross=line.amount("gross_amt", currency),
        disc=line.amount("disc_amt", currency),
        net=line.amount("net_amt", currency),
        tax=line.amount("tax_amt", currency),
    )
    if result.gross != result.net + result.disc:
        raise Refusal(
            "TOTAL_MISMATCH",
            f"gross {result.gross} is not net {result.net} + discount {result.disc}",
            line.path("gross_amt"),
        )
    return result


def _check(books: Books, memo: Memo, fields: Fields) -> None:
    order = books.order(memo.ord_num)
    if memo.ra_num is not None:
        books.ra(memo.ra_num)
    if order.ord_status != "I":
        raise Refusal("ORDER_NOT_INVOICED", f"order {order.number} is {order.ord_status}", fields.path("ord_num"))
    if memo.currency != order.currency:
        raise fields.bad("currency", f"must be the order's, {order.currency}")
    for place, line in enumerate(memo.lines):
        sold = order.lines.get(line.ord_line_seq)
        if sold is None or sold.sku != line.sku:
            message = f"{line.sku} is not on line {line.ord_line_seq} of {order.number}"
            raise Refusal("SKU_NOT_ON_ORDER", message, fields.path(f"lines[{place}].sku"))
    credited = books.memos.find(ord_num=order.number)
    for seq in sorted({line.ord_line_seq for line in memo.lines}):
        _check_line(order.lines[seq], _on_line(seq, [memo]), _on_line(seq, credited), fields)
    _check_freight(order, memo, credited, fields)
    _check_total(memo, fields)


def _on_line(seq: int, memos: Sequence[Memo]) -> list[MemoLine]:
    return [line for memo in memos for line in memo.lines if line.ord_line_seq == seq]


def _check_line(sold: OrderLine, now: list[MemoLine], before: list[MemoLine], fields: Fields) -> None:
    units, held = sum(line.qty for line in now), sum(line.qty for line in before)
    if units > sold.qty_inv:
        raise Refusal(
            "QTY_EXCEEDS_SHIPPED",
            f"{units} of line {sold.line_seq}, of which {sold.qty_inv} are invoiced",
            fields.path("lines"),
        )
    if held + units > sold.qty_inv:
        raise Refusal(
            "ALREADY_CREDITED",
            f"{units} of line {sold.line_seq}: {sold.qty_inv} invoiced, {held} credited already",
            fields.path("lines"),
        )
    for name, component in _COMPONENTS.items():
        paid = component(sold.amounts)
        gone = sum((component(line.amounts) for line in before), Decimal(0))
        back = sum((component(line.amounts) for line in now), Decimal(0))
        if gone + back > paid:
            raise Refusal(
                "ALREADY_CREDITED",
                f"{name} {back} of line {sold.line_seq}: {paid} invoiced, {gone} credited already",
                fields.path("lines"),
            )


def _check_freight(order: Order, memo: Memo, credited: Sequence[Memo], fields: Fields) -> None:
    freight = sum((other.freight for other in credited), memo.freight)
    freight_tax = sum((other.freight_tax for other in credited), memo.freight_tax)
    for name, back, paid in (
        ("freight_amt", freight, order.freight),
        ("freight_tax_amt", freight_tax, order.freight_tax),
    ):
        if back > paid:
            raise Refusal("ALREADY_CREDITED", f"{name}: {back} credited in all of {paid} invoiced", fields.path(name))


def _check_total(memo: Memo, fields: Fields) -> None:
    goods = sum((line.amounts.net + line.amounts.tax for line in memo.lines), Decimal(0))
    total = goods + memo.freight + memo.freight_tax - memo.fee
    if memo.total_amt != total:
        raise Refusal("TOTAL_MISMATCH", f"total {memo.total_amt}, by its lines {total}", fields.path("total_amt"))
