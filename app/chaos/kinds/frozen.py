"""A worker that is frozen while it is about to post, for longer than its lease."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil

from app.chaos.fault import Fault, NotNow, Struck
from app.chaos.target import Target

LEASE_SECONDS = 12
"""The lease of a document in a chaos: longer than a call may take, short enough to be outlived by a frozen worker."""
_LAG_SECONDS = 5.0
_LOOKING_SECONDS = 4.0
_STEP_SECONDS = 0.03
_SETTLE_SECONDS = 0.4
"""So long after the freeze what the other workers had in hand has been answered, or moved on."""


class _Held(NamedTuple):
    """A document under a lease whose call BlueCherry has not seen."""

    key: str
    lease_until: float


def freeze_worker(target: Target) -> Struck:
    """SIGSTOP of a worker's children while the ledger has documents `sending` that are not in BlueCherry's books."""
    workers = target.workers()
    if len(workers) < 2:
        raise NotNow("no second worker is free to go on meanwhile")
    worker = workers[0]
    ends = time.monotonic() + _LOOKING_SECONDS
    while time.monotonic() < ends:
        children = target.children(worker)
        frozen = _stop(children)
        held = _about_to_post(target)
        if held:
            time.sleep(_SETTLE_SECONDS)
            held = [each for each in held if each in _about_to_post(target)]
        if held:
            return _hold(target, worker, frozen, held)
        _continue(frozen)
        time.sleep(_STEP_SECONDS)
    raise NotNow("nobody was about to post")


def _hold(target: Target, worker: str, frozen: Sequence[psutil.Process], held: Sequence[_Held]) -> Struck:
    target.busy.add(worker)
    thaw_at = max(each.lease_until for each in held) + _LAG_SECONDS + 2

    def undo() -> int:
        # The wall clock: leases are moments of the database's day.
        if time.time() < thaw_at:
            raise NotNow("its lease is not over")
        alive = _continue(frozen)
        target.busy.discard(worker)
        return min(alive, 1)

    return Struck(f"{worker}, {len(held)} documents about to be posted: {', '.join(key for key, _ in held)}", undo)


def _about_to_post(target: Target) -> list[_Held]:
    with target.database() as connection:
        rows = connection.execute(
            "select key, extract(epoch from lease_until)::float8 from ledger where state = 'sending'"
            " and batch_id is null and lease_until > now() and kind in"
            " ('return_authorisation', 'inventory_journal', 'credit_memo', 'exchange_order')"
        ).fetchall()
    if not rows:
        return []
    books = target.plans.sandboxes.books()
    there = {
        row["aux_ref_num"]
        for rows_of in (
            books["return_authorisations"],
            books["inventory_journals"],
            books["credit_memos"],
            books["sales_orders"],
        )
        for row in rows_of
    }
    return [_Held(str(key), float(until)) for key, until in rows if key not in there]


def _stop(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    stopped = []
    for process in processes:
        try:
            process.suspend()
        except psutil.NoSuchProcess:
            continue
        stopped.append(process)
    return stopped


def _continue(processes: Sequence[psutil.Process]) -> int:
    """Let them go on; how many there were still."""
    count = 0
    for process in processes:
        try:
            process.resume()
        except psutil.NoSuchProcess:
            continue
        count += 1
    return count


FAULTS = (
    Fault(
        "worker_frozen",
        "SIGSTOP of a worker about to post, SIGCONT after its lease",
        freeze_worker,
        seconds=LEASE_SECONDS + _LAG_SECONDS + 1,
    ),
)
