"""A connection: one BlueCherry installation that the bridge may call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from app.bluecherry.profile import Profile
from app.secret import Secret


@dataclass(frozen=True, slots=True)
class Connection:
    """Where an installation is and how to get in.

    `calls_at_a_time` and `timeout` hold per process and per call, `calls_per_second` (None: any number) in all.
    """

    name: str
    base_url: str
    key: Secret
    code: Secret
    profile: Profile = field(repr=False)
    calls_at_a_time: int = 16
    timeout: timedelta = timedelta(seconds=10)
    calls_per_second: int | None = None
