"""Documents of each kind, whole, for tests of what goes to BlueCherry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.bluecherry.documents import (
    CreditMemo,
    ExchangeLine,
    ExchangeOrder,
    InventoryJournal,
    JournalLine,
    MemoLine,
    RaLine,
    ReturnAuthorisation,
)
from app.domain.money import Money

DAY = date(2026, 3, 1)


def an_ra() -> ReturnAuthorisation:
    """One unit of one line."""
    return ReturnAuthorisation(
        ord_num="000501",
        division="010",
        customer="WEB",
        location="MAD01",
        ref_num2="r1",
        aux_ref_num="RA-r1",
        reason_code="SZ",
        lines=(RaLine(1, 2, "00123", 1, "SZ"),),
        tracking_num="T-1",
    )


def a_journal() -> InventoryJournal:
    """One unit into a lot."""
    return InventoryJournal(
        ord_num="000501",
        ref_num2="r1",
        aux_ref_num="IJ-r1-1",
        journal_date=DAY,
        lines=(JournalLine("00123", "RT", "MAD01", 1, ra_line_seq=1, lot="L1"),),
        ra_num="RA0007",
    )


def a_memo(currency: str = "EUR", amount: str = "23.90", unit_price: str = "23.9") -> CreditMemo:
    """One unit at `amount`, without discount and tax."""
    value, zero = Money.of(amount, currency), Money.zero(currency)
    return CreditMemo(
        ord_num="000501",
        ref_num2="r1",
        aux_ref_num="CM-r1-1",
        memo_date=DAY,
        currency=currency,
        lines=(MemoLine(2, "00123", 1, Decimal(unit_price), value, zero, value, "ES21", zero),),
        freight=zero,
        freight_tax=zero,
        fee=zero,
        total=value,
        ra_num="RA0007",
    )


def an_exchange_order() -> ExchangeOrder:
    """An even exchange of one unit."""
    zero = Money.zero("EUR")
    return ExchangeOrder(
        orig_ord_num="000501",
        ref_num1="5001",
        ref_num2="r1",
        aux_ref_num="EX-r1",
        division="010",
        customer="WEB",
        store="ES",
        ord_date=DAY,
        currency="EUR",
        lines=(ExchangeLine(1, "00124", 1, Decimal(0), zero, zero, zero, "ES21", Decimal("0.21"), zero),),
        freight=zero,
        freight_tax=zero,
        ra_num="RA0007",
        ship_to={"name": "Ana García"},
    )
