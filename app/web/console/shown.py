"""How values are written for people: money, numbers, times, by the request's language and a store's time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal
from flask import g

from app.domain.money import Money, decimals_of
from app.web.console.language import gettext, locale, ngettext


def money(value: Money | None) -> str:
    """An amount with its currency and exactly the currency's decimals; a dash for none."""
    if value is None:
        return "–"
    decimals = decimals_of(value.currency)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + " ¤¤"
    return format_currency(value.amount, value.currency, pattern, locale=locale(), currency_digits=False)


def amount(value: Decimal, currency: str) -> str:
    """A price per unit with its currency, rounded to the currency's decimals."""
    return money(Money.rounded(value, currency))


def moneys(values: Mapping[str, Money], unknown: int = 0) -> str:
    """One amount per currency, the greatest first, and of how many things it is not known."""
    ordered = sorted(values.values(), key=lambda each: each.amount, reverse=True)
    told = [money(each) for each in ordered]
    if told and unknown:
        told.append(ngettext("%(num)s of an unknown amount", "%(num)s of unknown amounts", unknown))
    return " + ".join(told) or (gettext("not known") if unknown else "–")


def number(value: int | None) -> str:
    """A whole number; a dash for none."""
    return "–" if value is None else format_decimal(value, locale=locale())


def moment(at: datetime | None, store: str | None = None) -> str:
    """A moment to the minute, in the store's time zone, or in that of the first store."""
    if at is None:
        return "–"
    return format_datetime(at.astimezone(_zone(store)), "d MMM y, HH:mm", locale=locale())


def exact_moment(at: datetime, store: str | None = None) -> str:
    """A moment to the second with its time zone, for whoever looks twice."""
    return format_datetime(at.astimezone(_zone(store)), "d MMM y, HH:mm:ss zzz", locale=locale())


def day(at: datetime, store: str | None = None) -> str:
    """The day of a moment."""
    return format_date(at.astimezone(_zone(store)), "medium", locale=locale())


def calendar_day(value: date) -> str:
    """A day of the calendar."""
    return format_date(value, "medium", locale=locale())


def month(value: date) -> str:
    """The month that a day lies in."""
    return format_date(value, "LLLL y", locale=locale())


def age(at: datetime | None) -> str:
    """How long ago something was, or in how long it will be, in its greatest unit."""
    if at is None:
        return "–"
    return format_timedelta(at - g.now, add_direction=True, locale=locale(), threshold=1.2)


def span(duration: timedelta | None) -> str:
    """How long something takes, in its greatest unit."""
    return "–" if duration is None else format_timedelta(duration, locale=locale(), threshold=1.2)


def seconds(value: float | None) -> str:
    """How long something took: seconds with one digit below a minute, then in its greatest unit; a dash for none."""
    if value is None:
        return "–"
    if value < 60:
        return f"{format_decimal(round(value, 1), locale=locale())} s"
    return format_timedelta(timedelta(seconds=value), locale=locale(), threshold=1.2, format="short")


def _zone(store: str | None) -> tzinfo:
    zones: Mapping[str, tzinfo] = g.zones
    if store is not None and store in zones:
        return zones[store]
    return next(iter(zones.values()), UTC)
