from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest

from app.spreadsheet import harmless, write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_marked_as_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "12.50", "a=b", "'=1"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_a_row_holds_no_formula_and_numbers_as_they_are() -> None:
    file = StringIO()
    write_csv(file, ("a", "b"), [("=1+1", Decimal("-1.50")), (None, datetime(2026, 11, 1, tzinfo=UTC))])

    assert file.getvalue() == "a,b\r\n'=1+1,-1.50\r\n,2026-11-01T00:00:00+00:00\r\n"
