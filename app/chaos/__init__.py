"""Chaos: the demo's day on the whole system while it is broken by a seed, and the books counted at its end."""
