"""Documents as they go out: the contract's names, amounts as decimal strings with exactly the currency's decimals."""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

from app.bluecherry.documents import (
    BatchType,
    CreditMemo,
    ExchangeOrder,
    InventoryJournal,
    OutgoingDocument,
    ReturnAuthorisation,
)
from app.domain.money import decimals_of

Body = dict[str, object]


def batch_type(document: OutgoingDocument) -> BatchType:
    """What a batch calls a document of this kind; the kind of its field names too."""
    match document:
        case ReturnAuthorisation():
            return "return_authorization"
        case InventoryJournal():
            return "inventory_journal"
        case CreditMemo():
            return "credit_memo"
        case ExchangeOrder():
            return "sales_order"


@singledispatch
def body_of(document: OutgoingDocument) -> Body:
    """The JSON object of a document, in the contract's names."""
    raise TypeError(f"{type(document).__name__} is no document")


@body_of.register
def _(document: ReturnAuthorisation) -> Body:
    return {
        "ord_num": document.ord_num,
        "division": document.division,
        "customer": document.customer,
        "location": document.location,
        "ref_num2": document.ref_num2,
        "aux_ref_num": document.aux_ref_num,
        "tracking_num": document.tracking_num,
        "reason_code": document.reason_code,
        "lines": [
            {
                "line_seq": line.line_seq,
                "ord_line_seq": line.ord_line_seq,
                "sku": line.sku,
                "qty": line.qty,
                "reason_code": line.reason_code,
            }
            for line in document.lines
        ],
    }


@body_of.register
def _(document: InventoryJournal) -> Body:
    return {
        "ra_num": document.ra_num,
        "ord_num": document.ord_num,
        "ref_num2": document.ref_num2,
        "aux_ref_num": document.aux_ref_num,
        "journal_date": document.journal_date.isoformat(),
        "lines": [
            {
                "ra_line_seq": line.ra_line_seq,
                "sku": line.sku,
                "rec_type": line.rec_type,
                "location": line.location,
                "lot": line.lot,
                "qty": line.qty,
            }
            for line in document.lines
        ],
    }


@body_of.register
def _(document: CreditMemo) -> Body:
    return {
        "ord_num": document.ord_num,
        "ra_num": document.ra_num,
        "ref_num2": document.ref_num2,
        "aux_ref_num": document.aux_ref_num,
        "memo_date": document.memo_date.isoformat(),
        "currency": document.currency,
        "lines": [
            {
                "ord_line_seq": line.ord_line_seq,
                "sku": line.sku,
                "qty": line.qty,
                "unit_price": price(line.unit_price, document.currency),
                "gross_amt": str(line.gross),
                "disc_amt": str(line.disc),
                "net_amt": str(line.net),
                "tax_code": line.tax_code,
                "tax_amt": str(line.tax),
            }
            for line in document.lines
        ],
        "freight_amt": str(document.freight),
        "freight_tax_amt": str(document.freight_tax),
        "fee_amt": str(document.fee),
        "total_amt": str(document.total),
    }


@body_of.register
def _(document: ExchangeOrder) -> Body:
    return {
        "ref_num1": document.ref_num1,
        "ref_num2": document.ref_num2,
        "aux_ref_num": document.aux_ref_num,
        "orig_ord_num": document.orig_ord_num,
        "ra_num": document.ra_num,
        "division": document.division,
        "customer": document.customer,
        "store": document.store,
        "ord_type": "E",
        "ord_date": document.ord_date.isoformat(),
        "currency": document.currency,
        "freight_amt": str(document.freight),
        "freight_tax_amt": str(document.freight_tax),
        "ship_to": document.ship_to,
        "lines": [
            {
                "line_seq": line.line_seq,
                "sku": line.sku,
                "upc": line.upc,
                "qty_ord": line.qty_ord,
                "unit_price": price(line.unit_price, document.currency),
                "gross_amt": str(line.gross),
                "disc_amt": str(line.disc),
                "net_amt": str(line.net),
                "tax_code": line.tax_code,
                "tax_rate": format(line.tax_rate, "f"),
                "tax_amt": str(line.tax),
            }
            for line in document.lines
        ],
    }


def price(value: Decimal, currency: str) -> str:
    """A unit price: at least the currency's decimals, and finer where it is (contract)."""
    exponent = value.normalize().as_tuple().exponent
    finer = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(finer, decimals_of(currency))}f}"
