"""What a merchant decided: places, mappings, policies. Pure data, read from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

REJECTED = "rejected"
"""The grade of goods that are not accepted; every store has it."""
ACCEPTED = "accepted"
"""The grade that an accepted item has in a store without a warehouse feed."""
UNGRADED = "ungraded"
"""The grade of goods that came without one: no store knows it, so they lie in quarantine until somebody judges them."""


class Kind(StrEnum):
    """Kinds of effect that the ledger holds. The first four are documents that a window can post."""

    RETURN_AUTHORISATION = "return_authorisation"
    INVENTORY_JOURNAL = "inventory_journal"
    CREDIT_MEMO = "credit_memo"
    EXCHANGE_ORDER = "exchange_order"
    RA_CANCEL = "ra_cancel"
    RA_CLOSE = "ra_close"
    ORDER_CANCEL = "order_cancel"
    VERDICT = "verdict"


class Phase(StrEnum):
    """What a status of a return means. Reveni's spellings are mapped onto these."""

    INCOMPLETE = "incomplete"
    IN_PROGRESS = "in_progress"
    SHIPPED = "shipped"
    RECEIVED = "received"
    FOR_REVIEW = "for_review"
    ACCEPTED = "accepted"
    PARTIALLY_ACCEPTED = "partially_accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class ItemStatus(StrEnum):
    """What a status of a returned item means."""

    PENDING = "pending"
    FOR_REVIEW = "for_review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


def fold_status(spelling: str) -> str:
    """One form for the spellings of a status: case does not count, spaces and hyphens are underscores."""
    return "_".join(spelling.lower().replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class Place:
    """Where stock lies in BlueCherry: a location and, if the site uses them, a lot."""

    location: str
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """A disposition that a warehouse may report, and whether it means acceptance where the warehouse judges."""

    name: str
    accepts: bool
    location: str | None = None
    lot: str | None = None
    reject_reason: str = "defect"
    """Reveni's reject code in the verdict, for a grade that is not accepted."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that receives goods: its BlueCherry location, its quarantine, its own places for grades."""

    name: str
    location: str
    quarantine: Place
    lot: str | None = None
    division: str | None = None
    reveni_location_ids: frozenset[str] = frozenset()
    grades: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Documents of a kind are posted as soon as they are due."""


@dataclass(frozen=True, slots=True)
class Daily:
    """Documents of a kind are posted in windows at these times of day, in the store's time zone."""

    times: tuple[time, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """Documents of a kind are posted in windows that follow each other at this distance."""

    interval: timedelta


Posting = AtOnce | Daily | Every


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices that are the merchant's: money and goods beyond what the rules fix."""

    freight: Literal["never", "all_back"] = "never"
    fees: Literal["beside", "on_memo"] = "beside"
    rejected_goods: Literal["journal", "send_back"] = "journal"
    uneven_exchange: Literal["full_value"] = "full_value"
    not_received_days: int = 30
    closed_period: Literal["next_open", "exception"] = "next_open"
    verdict_conflict: Literal["both", "accepted"] = "both"


@dataclass(frozen=True, slots=True)
class StoreRules:
    """All that the pure rules need to know of a store.

    `posting` has the four document kinds; `version` names the mapping that a document was made by.
    """

    name: str
    time_zone: ZoneInfo
    sites: Mapping[str, Site]
    default_site: str | None
    judge: Literal["reveni", "warehouse"]
    warehouse_feed: bool
    grades: Mapping[str, Grade]
    reasons: Mapping[str, str]
    statuses: Mapping[str, Phase]
    item_statuses: Mapping[str, ItemStatus]
    policy: Policy
    posting: Mapping[Kind, Posting]
    version: str

    def site_of_destination(self, location_id: str | None) -> Site | None:
        """The site that Reveni's destination names; the default site when it names none; None when unmapped."""
        if location_id is None:
            return self.sites.get(self.default_site) if self.default_site else None
        for site in self.sites.values():
            if location_id in site.reveni_location_ids:
                return site
        return None

    def phase_of(self, status: str) -> Phase:
        """What Reveni's status means; `Phase.UNKNOWN` for a spelling that nobody mapped."""
        return self.statuses.get(fold_status(status), Phase.UNKNOWN)

    def item_status_of(self, status: str) -> ItemStatus:
        """What Reveni's status of an item means; `ItemStatus.UNKNOWN` for a spelling that nobody mapped."""
        return self.item_statuses.get(fold_status(status), ItemStatus.UNKNOWN)

    def place(self, site: Site, grade: str) -> Place | None:
        """Where goods of a grade go at a site: the site's own place for it, else the grade's, else the site's.

        None when the grade is unknown to the store: such goods belong into the site's quarantine.
        """
        known = self.grades.get(grade)
        if known is None:
            return None
        own = site.grades.get(grade)
        if own is not None:
            return own
        if known.location is not None:
            return Place(known.location, known.lot)
        return Place(site.location, known.lot or site.lot)
