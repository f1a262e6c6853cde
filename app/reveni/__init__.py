"""Reveni, as the bridge talks to it: signatures, what it sends, the calls."""
