"""Money of the demo: whole minor units (cents, pence), counted with integers alone."""

from __future__ import annotations


def after(total: int, units: int, of: int) -> int:
    """total × units ÷ of, half a minor unit going up: what is credited once `units` of `of` are."""
    return (2 * total * units + of) // (2 * of)


def without_tax(paid: int, rate: str) -> int:
    """The net part of a sum that includes tax at a rate like "0.21"."""
    digits = rate.partition(".")[2]
    scale = 10 ** len(digits)
    return after(paid, scale, scale + int(digits or "0"))


def amount(minor: int) -> str:
    """Minor units as the decimal string of BlueCherry: 2390 is "23.90"."""
    return f"{minor // 100}.{minor % 100:02d}"


def minor(text: str) -> int:
    """The minor units of such a string: "23.90" is 2390."""
    return int(text.replace(".", ""))


def fine(minor: int, units: int = 1) -> str:
    """A price per unit with four decimals, as Reveni writes amounts: 17925 for ten is "17.9250"."""
    exact = after(minor * 100, 1, units)
    return f"{exact // 10000}.{exact % 10000:04d}"
