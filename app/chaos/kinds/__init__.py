"""All kinds of faults, by what they break."""

from __future__ import annotations

from app.chaos.fault import Fault
from app.chaos.kinds import bluecherry, frozen, processes, reveni, servers

KINDS: tuple[Fault, ...] = (
    *processes.FAULTS,
    *frozen.FAULTS,
    *servers.FAULTS,
    *bluecherry.FAULTS,
    *reveni.FAULTS,
)
