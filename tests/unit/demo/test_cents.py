"""Money counted with integers."""

from __future__ import annotations

import pytest

from app.demo.cents import after, amount, fine, minor, without_tax


@pytest.mark.parametrize(
    ("total", "units", "of", "credited"),
    [(17925, 10, 10, 17925), (17925, 3, 10, 5378), (100, 1, 3, 33), (100, 2, 3, 67), (5, 1, 2, 3)],
)
def test_a_half_goes_up_and_the_last_unit_takes_the_remainder(total: int, units: int, of: int, credited: int) -> None:
    assert after(total, units, of) == credited


def test_no_steps_add_up_to_more_or_less() -> None:
    steps = [after(17925, k, 10) - after(17925, k - 1, 10) for k in range(1, 11)]
    assert sum(steps) == 17925
    assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize(("paid", "rate", "net"), [(12100, "0.21", 10000), (2390, "0.20", 1992), (1999, "0", 1999)])
def test_tax_is_taken_out(paid: int, rate: str, net: int) -> None:
    assert without_tax(paid, rate) == net


def test_amounts_are_written_and_read() -> None:
    assert (amount(5), amount(2390), minor("23.90")) == ("0.05", "23.90", 2390)
    assert (fine(17925, 10), fine(1000, 3), fine(395)) == ("17.9250", "3.3333", "3.9500")
