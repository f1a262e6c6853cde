"""What a team is told: a message over one or more things to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class NotDelivered(Exception):
    """A message that did not get through. The text never holds the address it went to: that can be a secret."""


class Why(StrEnum):
    """Why something is told."""

    NEW = "new"
    MORE = "more"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to mend, however many returns it holds up. `amounts`: decimal text per currency; `unknown`, of how many
    exceptions the amount is not known. No personal data.

    `count` exceptions stand open, `added` of them since it was last told. `link`, `runbook`: pages of the console,
    None where its address is not known.
    """

    code: str
    cause: str
    team: str
    urgent: bool
    why: Why
    count: int
    added: int
    units: int
    amounts: Mapping[str, str]
    oldest: datetime
    message: str
    way_out: str
    link: str | None = None
    runbook: str | None = None
    unknown: int = 0

    @property
    def title(self) -> str:
        """The alert in one line."""
        mark = "URGENT: " if self.urgent else ""
        open_since = f"still open since {self.oldest:%Y-%m-%d %H:%M} UTC: " if self.why is Why.ESCALATED else ""
        more = f" ({self.added} more)" if self.why is Why.MORE else ""
        return f"{mark}{open_since}{self.code} ({self.team}): {_sum(self)}{more}"


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out by one channel at once. `key`: the same whenever it is sent again, so that a reader can tell.

    `alerts`: the weightiest; `further` counts those that are left out. Without any, it is a test of the channel.
    """

    key: str
    team: str
    alerts: tuple[Alert, ...]
    further: int = 0
    link: str | None = None

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for one of them."""
        return any(alert.urgent for alert in self.alerts)

    @property
    def title(self) -> str:
        """The message in one line."""
        if len(self.alerts) == 1 and not self.further:
            return self.alerts[0].title
        if not self.alerts:
            return f"A test message for {self.team}: the channel works."
        mark = "URGENT: " if self.urgent else ""
        return f"{mark}{self.team}: {len(self.alerts) + self.further} things to mend"

    @property
    def rest(self) -> str:
        """A line about what is left out; empty when nothing is."""
        return f"… and {self.further} more things to mend." if self.further else ""


def _sum(alert: Alert) -> str:
    exceptions = "1 exception" if alert.count == 1 else f"{alert.count} exceptions"
    units = "1 unit" if alert.units == 1 else f"{alert.units} units"
    money = [f"{amount} {currency}" for currency, amount in alert.amounts.items()]
    if money and alert.unknown:
        money.append(f"{alert.unknown} of an amount not known")
    return ", ".join([exceptions, units, *money])


class Channel(Protocol):
    """A way out. `name` is the configuration's."""

    name: str

    def deliver(self, message: Message) -> None:
        """Get the message through, in bounded time. Raises NotDelivered."""
