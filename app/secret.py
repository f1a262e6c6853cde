"""A secret that does not show itself: not in a repr, not in a log, not in a traceback."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A key, code or token. Only `reveal` gives its text; everything else prints as ``Secret(***)``."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the one place that sends or compares it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__
