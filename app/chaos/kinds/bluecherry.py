"""BlueCherry that is late, refuses, breaks off, or finds documents only a moment later."""

from __future__ import annotations

from collections.abc import Callable

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.target import Target
from app.demo.world import JsonObject

SIDE = "bluecherry"


def plan(name: str, over: JsonObject, counts: tuple[str, ...], side: str = SIDE) -> Callable[[Target], Struck]:
    """A fault that lies over a sandbox's plan for a while; it hit as often as the sandbox made one of `counts`.

    None beside another that asks for the same, or nobody could say which of them a call suffered.
    """

    def strike(target: Target) -> Struck:
        if not target.plans.free(side, over):
            raise NotNow(f"{side} suffers another fault")
        before = target.plans.made()
        target.plans.lay(side, name, over)

        def undo() -> int:
            target.plans.lift(side, name)
            made = target.plans.made() - before
            return sum(made[kind] for kind in counts)

        return Struck("", undo)

    return strike


def lag(target: Target) -> Struck:
    """Documents are in no look-up for longer than a retry waits, and nearly as long as the profile allows."""
    # Unreadable answers beside it: what is doubtful is looked up.
    over: JsonObject = {"lookup_lag_seconds": 4.5, "rate": {"unreadable": 0.2}}
    if not target.plans.free(SIDE, over):
        raise NotNow(f"{SIDE} suffers another fault")
    before = _documents(target)
    target.plans.lay(SIDE, "lookup_lag", over)

    def undo() -> int:
        target.plans.lift(SIDE, "lookup_lag")
        return _documents(target) - before

    return Struck("", undo)


def _documents(target: Target) -> int:
    books = target.plans.sandboxes.books()
    return sum(len(books[name]) for name in ("return_authorisations", "inventory_journals", "credit_memos"))


FAULTS = (
    Fault(
        "erp_late",
        "BlueCherry answers four calls of ten after 5.2 s, which is after the timeout",
        plan("erp_late", {"rate": {"latency": 0.4}, "latency_ms": 5200}, ("bluecherry latency",)),
        seconds=8,
    ),
    Fault(
        "erp_5xx",
        "BlueCherry answers 500, 502, 503 and 504, and half of the calls were carried out",
        plan(
            "erp_5xx",
            {"rate": {"500": 0.1, "502": 0.1, "503_gateway": 0.1, "504": 0.1}},
            ("bluecherry 500", "bluecherry 502", "bluecherry 503_gateway", "bluecherry 504"),
        ),
        seconds=6,
    ),
    Fault(
        "erp_throttles",
        "BlueCherry answers 429 with Retry-After",
        plan("erp_throttles", {"rate": {"429": 0.4}}, ("bluecherry 429",)),
        seconds=6,
    ),
    Fault(
        "erp_locked",
        "BlueCherry answers 423",
        plan("erp_locked", {"rate": {"423": 0.4}}, ("bluecherry 423",)),
        seconds=6,
    ),
    Fault(
        "erp_closed",
        "BlueCherry answers every call with 503, as during its batch run (minutes, scaled)",
        plan("erp_closed", {"outage_seconds": 10}, ("bluecherry outage",)),
        seconds=10,
    ),
    Fault(
        "erp_cuts_before",
        "BlueCherry cuts the connection and made nothing",
        plan("erp_cuts_before", {"rate": {"cut_before": 0.35}}, ("bluecherry cut_before",)),
        seconds=6,
    ),
    Fault(
        "erp_cuts_after",
        "BlueCherry cuts the connection after it made the document",
        plan("erp_cuts_after", {"rate": {"cut_after": 0.35}}, ("bluecherry cut_after",)),
        seconds=6,
    ),
    Fault("lookup_lag", "BlueCherry finds documents only 4.5 s later, and garbles answers", lag, seconds=8),
)
