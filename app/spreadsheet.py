"""What a spreadsheet makes of the cells of a file that we give away."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
