"""Upkeep: the sweep, alerts, the mirror of the item master, and what becomes of a task that was lost."""

from __future__ import annotations

from typing import Any

import structlog
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import task_failure, task_unknown
from sqlalchemy.exc import DataError, DBAPIError

from app.calls import CallError
from app.reveni.schemas import Unreadable
from app.services import sweep as standstill
from app.services.alerts import delivery
from app.services.books import reconciliation, reports
from app.services.exceptions import bulk_jobs
from app.services.facts import items
from app.services.intake.poll import ask_quiet_ones, poll
from app.services.outside import outside, reveni
from app.services.views import figures, health
from tasks.backlog import LONG, waiting
from tasks.celery import INTAKE, STEPS, app
from tasks.intake import take_in
from tasks.steps import launch

log = structlog.get_logger(__name__)


@app.task(name="tasks.upkeep.sweep")
def sweep() -> None:
    """Set going from the database alone whatever stands still; not what only waits for its turn."""
    room = LONG - waiting(STEPS)
    if room <= 0:
        return
    found = standstill.sweep(outside(), room * standstill.SLICE)
    if found.events and not waiting(INTAKE):
        take_in.delay()
    for returns in found.slices:
        launch(returns)


@app.task(name="tasks.upkeep.send_alerts")
def send_alerts() -> None:
    """Tell the teams of what there is to mend."""
    delivery.tell(outside().config.alerts)


@app.task(name="tasks.upkeep.send_urgent_alerts")
def send_urgent_alerts() -> None:
    """Tell the teams at once of what somebody waits for."""
    delivery.tell(outside().config.alerts, urgent_only=True)


@app.task(name="tasks.upkeep.carry_bulk_jobs")
def carry_bulk_jobs() -> None:
    """Go on with what people asked for on many exceptions at once."""
    bulk_jobs.carry_jobs()


# Years of returns take minutes. After Redis' patience a second worker gets the message, and finds the report in the
# first one's hands; RabbitMQ closes the channel after half an hour.
@app.task(name="tasks.upkeep.make_reports", soft_time_limit=1500, time_limit=1530)
def make_reports() -> None:
    """Make a list of a period's end that somebody asked for."""
    reports.make_next(outside())


@app.task(name="tasks.upkeep.refresh_items")
def refresh_items() -> None:
    """Bring the mirror of the item master up to date."""
    try:
        items.refresh_items(outside())
    except CallError as error:
        log.warning("items not refreshed", why=str(error))


@app.task(name="tasks.upkeep.poll_returns")
def poll_returns() -> None:
    """Ask each Reveni what changed, in case a webhook was lost; one without the list call, about single returns."""
    world = outside()
    changed = ask_quiet_ones(world)
    for store in world.config.stores.values():
        if not store.return_list or not world.ready(reveni(store.name)):
            continue
        try:
            changed += poll(store.name, world)
        except (CallError, Unreadable) as error:
            log.warning("returns not polled", store=store.name, why=str(error))
    if changed:
        take_in.delay()


@app.task(name="tasks.upkeep.canary")
def canary(queue: str) -> None:
    """Show that tasks come through a queue: beat sends one through each."""
    health.canary(queue, outside().now())


@app.task(name="tasks.upkeep.refresh_figures")
def refresh_figures() -> None:
    """Count what the page Today shows and cannot count while somebody waits."""
    figures.refresh_figures(outside().now())


@app.task(name="tasks.upkeep.reconcile")
def reconcile() -> None:
    """Hold the ledger against BlueCherry's list of documents."""
    for connection in outside().config.connections:
        if not outside().ready(connection):
            continue
        try:
            reading = reconciliation.reconcile(connection, outside())
        except CallError as error:
            log.warning("books not read", connection=connection, why=str(error))
            continue
        log.info("books read", connection=connection, compared=reading.compared, differ=len(reading.differences))


@app.task(name="tasks.upkeep.set_aside")
def set_aside(returns: list[int], task: str, why: str) -> None:
    """Deal with returns whose task was lost: one by one again, or an exception."""
    for pk in standstill.set_aside(returns, task, why):
        launch([pk])


@task_failure.connect
def _dead_letter(sender: Task[Any, Any], args: tuple[Any, ...], exception: BaseException, **_: object) -> None:
    """Set aside the returns of a task that failed for good.

    Runs in the worker's parent process, which has no connection of its own: it only sends a message. The database
    being away says nothing of the returns; the sweep picks them up. A value that it refuses comes again each time.
    """
    lost = isinstance(exception, (WorkerLostError, TimeLimitExceeded, SoftTimeLimitExceeded))
    log.error("task failed", task=sender.name, error=type(exception).__name__, lost=lost)
    of_the_database = isinstance(exception, DBAPIError) and not isinstance(exception, DataError)
    if sender.name.startswith("tasks.steps.") and args and not of_the_database:
        set_aside.delay(args[0], sender.name, type(exception).__name__)


@task_unknown.connect
def _unknown(name: str, id: str, **_: object) -> None:
    """A message of another version of the bridge: the sweep does its work, but somebody should know."""
    log.error("unknown task discarded", task=name, id=id)
