"""What a spreadsheet makes of the cells of a file that we give away."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV, with a line of names."""
    write_row(file, columns)
    for row in rows:
        write_row(file, row)


def write_row(file: TextIO, row: Sequence[object]) -> None:
    """Write one row as CSV: nothing for None, times as RFC 3339, no text that is a formula."""
    csv.writer(file).writerow([_cell(value) for value in row])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else str(value)
