"""Access to one merchant store in Reveni."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from app.reveni.profile import ReveniProfile
from app.secret import Secret


@dataclass(frozen=True, slots=True)
class ReveniAccess:
    """Where a store's Reveni is and how to get in. `keys`: newest first; two while a key rotates.

    A key both opens the API and signs the webhooks of its store (facts: grade A).
    """

    store: str
    """The store's name in the configuration."""
    base_url: str
    store_id: str
    keys: tuple[Secret, ...]
    profile: ReveniProfile = field(repr=False)
    timeout: timedelta = timedelta(seconds=10)
    calls_at_a_time: int = 16
