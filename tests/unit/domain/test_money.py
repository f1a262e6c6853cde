"""Money: exact in its currency, and the rule by which a part of it is credited."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money, MoneyError, decimals_of, minor_unit, parse_decimal, total, totals
from tests.unit.domain.play import share

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])


@pytest.mark.parametrize(("currency", "decimals"), [("EUR", 2), ("GBP", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3)])
def test_decimals_of_a_currency(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals
    assert minor_unit(currency) == Decimal(10) ** -decimals


@pytest.mark.parametrize(
    ("text", "currency", "shown"), [("76.4800", "EUR", "76.48"), ("1000", "JPY", "1000"), ("1.25", "KWD", "1.250")]
)
def test_an_amount_has_exactly_its_currencys_decimals(text: str, currency: str, shown: str) -> None:
    assert str(Money.of(text, currency)) == shown


def test_an_amount_finer_than_the_minor_unit_is_no_money() -> None:
    with pytest.raises(MoneyError, match="more decimals than JPY"):
        Money.of("0.5", "JPY")


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,5", "one"])
def test_what_is_no_number_is_no_amount(text: str) -> None:
    with pytest.raises(MoneyError):
        parse_decimal(text)


def test_a_half_goes_up() -> None:
    assert str(Money.rounded(Decimal("0.125"), "EUR")) == "0.13"
    assert str(Money.of("0.25", "EUR").after(1, of=10)) == "0.03"


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError, match="cannot be set against"):
        Money.zero("EUR") + Money.zero("GBP")
    with pytest.raises(MoneyError):
        _ = Money.zero("EUR") < Money.zero("JPY")


def test_nothing_is_false_and_adds_up_to_nothing() -> None:
    assert not Money.zero("KWD")
    assert total([], "KWD") == Money.zero("KWD")
    assert total([Money.of("0.10", "EUR")] * 3, "EUR") == Money.of("0.30", "EUR")


@given(CURRENCIES, st.integers(0, 10**9), st.integers(1, 500), st.data())
def test_what_is_credited_after_k_of_n_is_the_nearest_share_and_grows_to_the_whole(
    currency: str, minors: int, of: int, data: st.DataObject
) -> None:
    whole = Money(minors * minor_unit(currency), currency)
    units = data.draw(st.integers(0, of))

    assert whole.after(units, of).amount == share(whole.amount, units, of, currency)
    assert whole.after(units, of) <= whole
    assert whole.after(of, of) == whole
    if units:
        assert whole.after(units - 1, of) <= whole.after(units, of)


@pytest.mark.parametrize("text", ["1e999999999", "-1e999999999", "1e-999999999", "9" * 61, "0." + "0" * 60 + "1"])
def test_a_number_that_no_amount_has_is_refused_before_it_is_written_out(text: str) -> None:
    with pytest.raises(MoneyError):
        parse_decimal(text)


def test_amounts_are_summed_by_currency() -> None:
    amounts = [Money.of("1.10", "EUR"), Money.of("1000", "JPY"), Money.of("2.20", "EUR")]

    assert totals(amounts) == {"EUR": Money.of("3.30", "EUR"), "JPY": Money.of("1000", "JPY")}
    assert totals([]) == {}
