from __future__ import annotations

import pytest

from app.spreadsheet import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_marked_as_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "12.50", "a=b", "'=1"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
