"""What can go wrong while the system starts or runs."""

from __future__ import annotations


class SystemFault(RuntimeError):
    """A part of the system did not start, did not stay up, or found its place taken. The text says how to mend it."""
