"""Money: an exact amount in one currency, and the rule by which a part of it is credited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Self

_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

_MOST_DIGITS = 60


class MoneyError(ValueError):
    """An amount that cannot be money of its currency."""


def decimals_of(currency: str) -> int:
    """Digits after the point of the currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def currencies_without_decimals() -> frozenset[str]:
    """Currencies whose minor unit is the currency itself, as JPY."""
    return _NO_DECIMALS


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency: ``Decimal("0.01")`` for EUR."""
    return Decimal(1).scaleb(-decimals_of(currency))


def parse_decimal(text: str) -> Decimal:
    """A finite decimal out of its text.

    Raises MoneyError for anything else ("", "NaN", "1,5"), and for what no amount is ("1e999999999" is nine letters,
    and a gigabyte when it is written out).
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise MoneyError(f"{text!r} is not a decimal number") from None
    if not value.is_finite():
        raise MoneyError(f"{text!r} is not a finite number")
    if value.adjusted() >= _MOST_DIGITS or int(value.as_tuple().exponent) < -_MOST_DIGITS:
        raise MoneyError("a number with too many digits")
    return value


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with exactly the currency's decimals. Adds only to money of the same currency."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls(Decimal(0).quantize(minor_unit(currency)), currency)

    @classmethod
    def of(cls, value: Decimal | str, currency: str) -> Self:
        """Money out of an amount that must be exact in the currency ("76.4800" EUR is 76.48).

        Raises MoneyError when there is a part smaller than the minor unit.
        """
        exact = parse_decimal(value) if isinstance(value, str) else value
        amount = exact.quantize(minor_unit(currency), ROUND_HALF_UP)
        if amount != exact:
            raise MoneyError(f"{exact} has more decimals than {currency} has")
        return cls(amount, currency)

    @classmethod
    def rounded(cls, value: Decimal, currency: str) -> Self:
        """Money nearest to a value, half a minor unit going up."""
        return cls(value.quantize(minor_unit(currency), ROUND_HALF_UP), currency)

    def after(self, units: int, of: int) -> Self:
        """What is credited of this amount once `units` of its `of` units are: total × k ÷ n, rounded half up.

        A memo holds the difference to what was credited before, so that no sequence of partial
        returns adds up to more or less than the whole, and the last unit takes the remainder.
        """
        return self.rounded(self.amount * units / of, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return format(self.amount, "f")

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise MoneyError(f"{other.currency} cannot be set against {self.currency}")
        return other.amount


def totals(amounts: Iterable[Money]) -> dict[str, Money]:
    """The sum of amounts of several currencies, by currency."""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found[amount.currency] + amount if amount.currency in found else amount
    return found


def total(amounts: list[Money], currency: str) -> Money:
    """The sum of amounts of one currency; zero when there are none."""
    result = Money.zero(currency)
    for amount in amounts:
        result = result + amount
    return result
