"""Loaded into a worker, it ends the worker twice in the middle of a bulk job: once each, at two points.

BRIDGE_TEST_DEATHS: a directory. `transaction` is written there when the process dies inside the transaction of the
third slice that is begun, `unrecorded` when the whole worker dies behind that of the sixth, before the job knows of it.
A lease lasts for two seconds here.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app.services.exceptions import bulk_jobs, remedies
from app.services.exceptions.desk_actions import Action, Arguments, perform

_wake = remedies._wake


def _first(point: str, slice_: int) -> bool:
    """Whether this is the slice of the point, and nobody has died of it yet."""
    place = Path(os.environ["BRIDGE_TEST_DEATHS"])
    if len(list(place.glob("slice-*"))) < slice_:
        return False
    try:
        (place / point).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _perform(action: Action, ids: Sequence[int], arguments: Arguments, by: str) -> int:
    place = Path(os.environ["BRIDGE_TEST_DEATHS"])
    (place / f"slice-{len(list(place.glob('slice-*')))}").touch()
    dealt_with = perform(action, ids, arguments, by)
    if _first("unrecorded", 6):
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    return dealt_with


def _wake_or_die(session: Session, pks: set[int]) -> None:
    _wake(session, pks)
    if _first("transaction", 3):
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)


vars(bulk_jobs)["perform"] = _perform
vars(bulk_jobs)["_LEASE"] = timedelta(seconds=2)
vars(remedies)["_wake"] = _wake_or_die
