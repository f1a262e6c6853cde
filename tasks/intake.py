"""Intake: from the inbox onto the way."""

from __future__ import annotations

from app.services.intake import taking_in
from app.services.outside import outside
from tasks.celery import PASSES_BY_ITSELF, app
from tasks.steps import launch


@app.task(name="tasks.intake.take_in", autoretry_for=PASSES_BY_ITSELF)
def take_in() -> None:
    """Take the oldest events in and send their returns on their way; leave the rest to another worker."""
    taken = taking_in.take_in(outside())
    if taken.more:
        take_in.delay()
    launch(taken.returns)
