"""What comes from BlueCherry, checked and made into the domain's classes. Names are the contract's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields, post_load
from marshmallow.validate import OneOf

from app.bluecherry.documents import Batch, BatchResult, DocumentRow, JournalLine, PostedJournal, Stock
from app.domain.model import CreditedLine, Item, MemoOnOrder, Order, OrderLine, RaOnOrder
from app.domain.money import Money, MoneyError
from app.domain.periods import Period
from app.wire import (
    Address,
    Amount,
    Code,
    Count,
    Currency,
    Day,
    Many,
    Moment,
    One,
    Unreadable,
    WireSchema,
    Words,
    Yes,
    read,
)

_MANY = 10**12
"""Units of a place's whole stock, or of a whole document."""


class _Item(WireSchema):
    sku = Code(required=True)
    upc = Code(load_default=None, allow_none=True)
    division = Code(required=True)
    style = Words(load_default="", allow_none=True)
    color_code = Words(load_default="", allow_none=True)
    lbl_code = Words(load_default="", allow_none=True)
    dimension = Words(load_default="", allow_none=True)
    size_bucket = Words(load_default="", allow_none=True)
    size_name = Words(load_default="", allow_none=True)
    active_ok = Code(required=True, validate=OneOf(["Y", "N"], error="is neither Y nor N"))

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Item:
        active = data.pop("active_ok") == "Y"
        required = {"sku": data.pop("sku"), "upc": data.pop("upc") or None, "division": data.pop("division")}
        return Item(**required, active=active, **data)


class _OrderLine(WireSchema):
    line_seq = Count(required=True, least=0)
    sku = Code(required=True)
    upc = Code(load_default=None, allow_none=True)
    qty_ord = Count(required=True, least=0)
    qty_inv = Count(required=True, least=0)
    unit_price = Amount(required=True)
    gross_amt = Amount(required=True)
    disc_amt = Amount(required=True)
    net_amt = Amount(required=True)
    tax_code = Words(load_default="", allow_none=True)
    tax_rate = Amount(required=True)
    tax_amt = Amount(required=True)


class _Order(WireSchema):
    ord_num = Code(required=True)
    ref_num1 = Code(load_default=None, allow_none=True)
    ref_num2 = Words(load_default=None, allow_none=True)
    aux_ref_num = Words(load_default=None, allow_none=True)
    orig_ord_num = Words(load_default=None, allow_none=True)
    division = Code(required=True)
    customer = Code(required=True)
    store = Words(load_default="", allow_none=True)
    ord_type = Code(required=True)
    ord_status = Code(required=True)
    currency = Currency(required=True)
    freight_amt = Amount(load_default=Decimal(0), allow_none=True)
    freight_tax_amt = Amount(load_default=Decimal(0), allow_none=True)
    ship_to = Address(of_any_form=True, load_default=None, allow_none=True)
    lines = Many(_OrderLine, required=True)


class _RaLine(WireSchema):
    ord_line_seq = Count(required=True, least=0)
    qty = Count(required=True, least=0)
    qty_rcv = Count(load_default=0, least=0)


class _Ra(WireSchema):
    ra_num = Code(required=True)
    ra_status = Code(required=True)
    ord_num = Words(load_default=None, allow_none=True)
    aux_ref_num = Words(load_default=None, allow_none=True)
    ref_num2 = Words(load_default=None, allow_none=True)
    lines = Many(_RaLine, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> RaOnOrder:
        return RaOnOrder(
            ra_num=data["ra_num"],
            status=data["ra_status"],
            aux_ref_num=data["aux_ref_num"],
            ref_num2=data["ref_num2"],
            lines=tuple((line["ord_line_seq"], line["qty"], line["qty_rcv"]) for line in data["lines"]),
            ord_num=data["ord_num"],
        )


class _JournalLine(WireSchema):
    ra_line_seq = Count(load_default=None, allow_none=True, least=0)
    sku = Code(required=True)
    rec_type = Code(required=True, validate=OneOf(["RT", "SA"], error="is neither RT nor SA"))
    location = Code(required=True)
    lot = Words(load_default=None, allow_none=True)
    qty = Count(required=True, least=None)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> JournalLine:
        return JournalLine(**data)


class _Journal(WireSchema):
    journal_num = Code(required=True)
    ord_num = Words(load_default="", allow_none=True)
    ra_num = Words(load_default=None, allow_none=True)
    ref_num2 = Words(load_default=None, allow_none=True)
    aux_ref_num = Words(load_default=None, allow_none=True)
    lines = Many(_JournalLine, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> PostedJournal:
        return PostedJournal(**{**data, "lines": tuple(data["lines"])})


class _MemoLine(WireSchema):
    ord_line_seq = Count(required=True, least=0)
    qty = Count(required=True, least=0)
    disc_amt = Amount(load_default=Decimal(0), allow_none=True)
    net_amt = Amount(required=True)
    tax_amt = Amount(required=True)


class _Memo(WireSchema):
    memo_num = Code(required=True)
    ord_num = Words(load_default=None, allow_none=True)
    ra_num = Words(load_default=None, allow_none=True)
    ref_num2 = Words(load_default=None, allow_none=True)
    aux_ref_num = Words(load_default=None, allow_none=True)
    currency = Currency(required=True)
    lines = Many(_MemoLine, required=True)
    freight_amt = Amount(load_default=Decimal(0), allow_none=True)
    freight_tax_amt = Amount(load_default=Decimal(0), allow_none=True)
    fee_amt = Amount(load_default=Decimal(0), allow_none=True)
    total_amt = Amount(required=True)


class _Error(WireSchema):
    code = Words(load_default="", allow_none=True)
    message = Words(load_default="", allow_none=True)


class _ErrorField(One):
    """An error as a call answers it, or its code alone: the contract leaves open which a batch gives."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            return {"code": value, "message": ""}
        inner = value.get("error") if isinstance(value, Mapping) else None
        return super()._deserialize(inner if isinstance(inner, Mapping) else value, attr, data, **kwargs)


class _Result(WireSchema):
    type = Words(load_default="")
    aux_ref_num = Words(load_default=None, allow_none=True)
    status = Code(required=True, validate=OneOf(["posted", "rejected"], error="is neither posted nor rejected"))
    number = Code(load_default=None, allow_none=True)
    error = _ErrorField(_Error, load_default=None, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> BatchResult:
        error = data["error"] or {}
        return BatchResult(
            type=data["type"],
            aux_ref_num=data["aux_ref_num"],
            posted=data["status"] == "posted",
            number=data["number"],
            error_code=error.get("code"),
            error=error.get("message"),
        )


class _Results(Many):
    """Results one by one, and None for each that cannot be read: it must not keep the others from being known."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError("is not a list")
        return [self._result(each) for each in value]

    def _result(self, value: Any) -> BatchResult | None:
        try:
            result: BatchResult = self._schema.load(value)
        except ValidationError:
            return None
        return result


class _Batch(WireSchema):
    batch_num = Code(required=True)
    batch_ref = Words(load_default=None, allow_none=True)
    status = Code(required=True, validate=OneOf(["queued", "processing", "done"], error="is no status of a batch"))
    results = _Results(_Result, load_default=list, allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Batch:
        results = data["results"] or []
        read = tuple(each for each in results if each is not None)
        return Batch(data["batch_num"], data["batch_ref"], data["status"], read, len(results) - len(read))


class _Stock(WireSchema):
    qoh = Count(required=True, least=None, most=_MANY)
    ots = Count(required=True, least=None, most=_MANY)
    movements = fields.Dict(keys=Code(), values=Count(least=None, most=_MANY), load_default=dict)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Stock:
        return Stock(**data)


class _Row(WireSchema):
    type = Code(required=True)
    number = Code(required=True)
    ord_num = Words(load_default=None, allow_none=True)
    ra_num = Words(load_default=None, allow_none=True)
    ref_num2 = Words(load_default=None, allow_none=True)
    aux_ref_num = Words(load_default=None, allow_none=True)
    status = Words(load_default=None, allow_none=True)
    qty = Count(load_default=0, allow_none=True, least=None, most=_MANY)
    total_amt = Amount(load_default=None, allow_none=True, signed=True)
    posted_at = Moment(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> DocumentRow:
        return DocumentRow(**{**data, "qty": data["qty"] or 0})


class _Period(WireSchema):
    period = Code(required=True)
    start = Day(required=True, data_key="from")
    end = Day(required=True, data_key="to")
    open = Yes(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **kwargs: Any) -> Period:
        return Period(**data)


_ITEM, _ORDER, _RA, _JOURNAL, _MEMO = _Item(), _Order(), _Ra(), _Journal(), _Memo()
_BATCH, _STOCK, _ROW, _PERIOD = _Batch(), _Stock(), _Row(), _Period()


def read_item(document: object) -> Item:
    """An entry of the item master. All of these raise Unreadable."""
    item: Item = read(_ITEM, document, "the item")
    return item


def read_order(document: object) -> Order:
    """A sales order."""
    data: dict[str, Any] = read(_ORDER, document, "the order")
    currency = data.pop("currency")
    lines = [_in_money(line, currency, "the order") for line in data.pop("lines")]
    header = _in_money(data, currency, "the order")
    return Order(currency=currency, lines=tuple(OrderLine(**line) for line in lines), **header)


def read_ra(document: object) -> RaOnOrder:
    """A return authorisation."""
    authorisation: RaOnOrder = read(_RA, document, "the return authorisation")
    return authorisation


def read_journal(document: object) -> PostedJournal:
    """An inventory journal."""
    journal: PostedJournal = read(_JOURNAL, document, "the inventory journal")
    return journal


def read_memo(document: object) -> MemoOnOrder:
    """A credit memo."""
    data: dict[str, Any] = read(_MEMO, document, "the credit memo")
    currency = data.pop("currency")
    lines = [_in_money(line, currency, "the credit memo") for line in data.pop("lines")]
    return MemoOnOrder(
        lines=tuple(CreditedLine(**line) for line in lines), **_in_money(data, currency, "the credit memo")
    )


def read_batch(document: object) -> Batch:
    """A batch."""
    batch: Batch = read(_BATCH, document, "the batch")
    return batch


def read_stock(document: object) -> Stock:
    """The stock of a SKU at a location."""
    stock: Stock = read(_STOCK, document, "the stock")
    return stock


def read_row(document: object) -> DocumentRow:
    """A row of the document feed."""
    row: DocumentRow = read(_ROW, document, "the document row")
    return row


def read_period(document: object) -> Period:
    """A posting period."""
    period: Period = read(_PERIOD, document, "the period")
    return period


def _in_money(data: dict[str, Any], currency: str, what: str) -> dict[str, Any]:
    """Amounts as money under the domain's names: `net_amt` becomes `net`. Other fields stay as they are."""
    result: dict[str, Any] = {}
    for name, value in data.items():
        if not name.endswith("_amt"):
            result[name] = value
            continue
        try:
            result[name.removesuffix("_amt")] = Money.of(value or Decimal(0), currency)
        except MoneyError:
            raise Unreadable(what, [f"{name} has more decimals than {currency} has"]) from None
    return result
