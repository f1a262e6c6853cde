"""What surrounds a scene: both sandboxes, the configuration that names them, and a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.sandbox.running import CODE, KEY, Server
from tests.support.configuration import ENVIRON, smallest

STORE_ID = "1001"
ENVIRONMENT = {**ENVIRON, "BC_KEY": KEY, "BC_CODE": CODE}
"""The secrets that the scene's configuration names."""


class Clock:
    """The real time, and as much ahead of it as tests moved it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Sandboxes:
    """Both other sides, as processes."""

    bluecherry: Server
    reveni: Server


def configuration(sandboxes: Sandboxes) -> dict[str, Any]:
    """One store that posts everything at once, Reveni judging, one site."""
    table = smallest()
    table["bluecherry"]["main"]["base_url"] = sandboxes.bluecherry.url
    table["stores"]["es"] |= {
        "reveni_base_url": sandboxes.reveni.url,
        "reveni_store_id": STORE_ID,
        "default_site": "madrid",
        "posting": {"credit_memo": "at_once"},
        "grades": {"A": {}, "B": {"location": "MADB"}, "rejected": {"location": "MADR"}},
    }
    table["sites"]["madrid"]["reveni_location_ids"] = ["loc-madrid"]
    return table


def merge(table: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Lay changes over a table, in place."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            merge(table[key], value)
        else:
            table[key] = value
