"""Reveni's status spellings that are shipped; a store adds its own.

Only `incomplete` and `in_progress` are certain (facts, grade A and B), the rest is inferred from the help centre.
"""

from __future__ import annotations

from app.domain.policy import ItemStatus, Phase

STATUSES: dict[str, Phase] = {
    **{phase.value: phase for phase in Phase if phase is not Phase.UNKNOWN},
    "partly_accepted": Phase.PARTIALLY_ACCEPTED,
    "canceled": Phase.CANCELLED,
}
ITEM_STATUSES: dict[str, ItemStatus] = {
    **{status.value: status for status in ItemStatus if status is not ItemStatus.UNKNOWN},
    "pending_validation": ItemStatus.PENDING,
}
