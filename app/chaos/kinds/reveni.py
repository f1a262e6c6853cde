"""Reveni that loses webhooks, sends them twice, in another order or hours late, or does not answer."""

from __future__ import annotations

from app.chaos.fault import Fault
from app.chaos.kinds.bluecherry import plan

_SIDE = "reveni"
FAULTS = (
    Fault(
        "webhooks_lost",
        "Reveni loses half of its webhooks",
        plan("webhooks_lost", {"lose": 0.5}, ("webhooks lost",), _SIDE),
        seconds=6,
    ),
    Fault(
        "webhooks_twice",
        "Reveni sends webhooks twice",
        plan("webhooks_twice", {"twice": 0.8}, ("webhooks twice",), _SIDE),
        seconds=6,
    ),
    Fault(
        "webhooks_out_of_order",
        "Reveni holds webhooks up by up to 3 s each, so that later ones overtake",
        plan("webhooks_out_of_order", {"late": 0.7, "late_seconds": [0, 3]}, ("webhooks late",), _SIDE),
        seconds=6,
    ),
    Fault(
        "webhooks_hours_late",
        "Reveni sends webhooks 20 to 40 s late (hours, scaled)",
        plan("webhooks_hours_late", {"late": 0.5, "late_seconds": [20, 40]}, ("webhooks late",), _SIDE),
        seconds=6,
    ),
    Fault(
        "reveni_fails",
        "Reveni answers fetches with 500 and 429, and cuts connections",
        plan(
            "reveni_fails",
            {"rate": {"500": 0.25, "429": 0.15, "cut_before": 0.15}},
            ("reveni 500", "reveni 429", "reveni cut_before"),
            _SIDE,
        ),
        seconds=6,
    ),
)
