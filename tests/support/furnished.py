"""A console with something on every page, made by the bridge's own services out of what the sandboxes tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.domain.blockers import Code
from app.domain.policy import UNGRADED, Kind
from app.services.books import reports
from app.services.books.period_end import PeriodEndList
from app.services.exceptions.approvals import ask
from app.services.exceptions.bulk_jobs import start_job
from app.services.exceptions.desk_actions import Action
from app.services.exceptions.exception_file import comment
from app.services.intake.station import Entered, receive
from app.services.ledger.window_holds import hold
from app.services.outside import utc_now
from app.services.trial.edit_requests import save_or_ask
from app.services.views.figures import refresh_figures
from app.services.views.health import canary
from app.system.parts import QUEUES
from app.toml_schema import Table
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

RECEIPT = "station-0001"


def furnish(scene: Scene) -> None:
    """Returns in several states, exceptions of several teams, a posted window, something to approve, living queues."""
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 1h"}}}})
    orders = [sale(f"0009{n:02}", ref_num1=f"90{n:02}", lines=[order_line(1, "0001", 3)]) for n in range(12)]
    twice = [sale(f"00080{n}", ref_num1="8000", lines=[order_line(1, "0001", 3)]) for n in range(2)]
    scene.seed(orders=[*orders, *twice])
    scene.ask("settled", item("0001", 2))
    scene.arrive("w1", {"0001": 2}, return_id="settled")
    scene.accept("settled")
    for n in range(8):
        scene.ask(f"held-{n}", item("00019", 1 + n % 3), **_order(n))
    scene.ask("reason", item("0001", return_reason="dog_ate_it"), **_order(8))
    scene.ask("ambiguous", item("0001"), order={"external_id": "8000", "number": "#8000"})
    scene.ask("unknown", item("0001"), order={"external_id": "nowhere", "number": "#1"})
    scene.ask("too-many", item("0002", 2))
    scene.ask("surplus", item("0001"), **_order(9))
    scene.arrive("w2", {"0001": 2}, return_id="surplus")
    scene.work()
    scene.clock.move(3600)
    scene.run_windows()
    scene.later(1)
    ids = numbers(Code.OVER_RECEIPT)
    comment(ids[0], "Counted again: the second one is a duplicate label.", "cx")
    ask(Action.RESOLVE, numbers(Code.OVER_RETURN), {"reason": "One was a gift of the shop."}, "cx")
    start_job(Action.RETRY, numbers(Code.UNKNOWN_SKU), {}, "merch")
    config = scene.outside.config
    receive(config.sites["silent"], RECEIPT, "T-held-0", [Entered("0001", 1, UNGRADED, None)], scene.clock.now(), None)
    edit: Table = {"stores": {"es": {"reasons": {"too_big": "SZ"}}}}
    save_or_ask(config, scene.outside, edit, 0, "admin", None)
    freight: Table = {"stores": {"es": {**edit["stores"]["es"], "policy": {"freight": "all_back"}}}}
    save_or_ask(config, scene.outside, freight, 1, "admin", "Freight is ours when all comes back.")
    refresh_figures(scene.clock.now())
    reports.ask(PeriodEndList.RECEIVED_NOT_CREDITED, None, None, "finance")
    reports.make_next(scene.outside)
    reports.ask(PeriodEndList.CREDITED_NOT_RECEIVED, None, None, "finance")
    for queue in QUEUES:
        canary(queue, utc_now())
    hold("es", Kind.EXCHANGE_ORDER, "The auditors look at exchanges today.", "finance")


def numbers(code: Code) -> list[int]:
    """The open exceptions of a code."""
    with transaction() as session:
        open_ones = (ExceptionRow.code == code, ExceptionRow.closed_at.is_(None))
        return list(session.scalars(select(ExceptionRow.id).where(*open_ones).order_by(ExceptionRow.id)))


def _order(n: int) -> dict[str, Any]:
    return {"order": {"external_id": f"90{n:02}", "number": f"#90{n:02}"}}
