"""Windows: posted by the clock, their batches followed until they are done."""

from __future__ import annotations

from app.services.ledger import batches, windows
from app.services.outside import outside
from tasks.celery import app
from tasks.steps import launch


@app.task(name="tasks.windows.open_windows")
def open_windows() -> None:
    """Hand in what is due in windows that have opened."""
    windows.open_windows(outside())


@app.task(name="tasks.windows.follow_batches")
def follow_batches() -> None:
    """Look at the batches that are under way; returns whose documents were posted go on."""
    launch(batches.follow_batches(outside()))
