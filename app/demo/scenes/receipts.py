"""The warehouse: early, again, too much, the wrong goods, grades that nobody knows, and a second look."""

from __future__ import annotations

from app.demo.brand import FED
from app.demo.scenes.kind import Kind
from app.demo.steps import Nonsense, Report
from app.demo.tale import Stage
from app.demo.world import JsonObject


def early_receipt(stage: Stage) -> None:
    """The parcel is there before Reveni knows the return."""
    tale = stage.tale(stage.order())
    tale.arrive(by=stage.rng.choice(("return_id", "tracking_number")))
    tale.put("in_progress", "return.created", gap=1.0)
    tale.accept()
    tale.authorised("R")
    tale.credited()


def repeated_messages(stage: Stage) -> None:
    """The warehouse reports twice, and Reveni says what it said before."""
    tale = stage.tale(stage.order())
    tale.begin()
    report = tale.arrive(by="return_id")
    stage.steps.append(report)
    tale.accept()
    stage.steps.append(report)
    tale.put("accepted")
    tale.authorised("R")
    tale.credited()


def over_receipt(stage: Stage) -> None:
    """One more came than was announced: no document can hold it."""
    order = stage.order(1, 2)
    tale = stage.tale(order, [stage.goods(order.lines[0], 1)])
    tale.begin()
    surplus: JsonObject = {"sku": tale.goods[0].sku, "quantity": 1, "grade": "A"}
    tale.arrive(extra=[surplus])
    tale.accept()
    tale.authorised("R")
    tale.credited()
    tale.raises("over_receipt", units=1)


def foreign_goods(stage: Stage) -> None:
    """Something that nobody announced lies in the parcel."""
    tale = stage.tale(stage.order(1))
    mine = tale.goods[0].sku
    stranger = next(item for item in stage.world.pick(stage.store, 2) if item.sku != mine)
    tale.begin()
    tale.arrive(extra=[{"sku": stranger.sku, "quantity": 2, "grade": "A"}])
    tale.accept()
    tale.authorised("R")
    tale.credited()
    tale.raises("foreign_goods", units=2)


def unknown_grade(stage: Stage) -> None:
    """A grade that nobody mapped: quarantine. Reveni accepted, so the money is due all the same."""
    tale = stage.tale(stage.order(1))
    tale.begin()
    tale.arrive(grade="C2")
    tale.accept()
    tale.authorised("R")
    tale.credited()
    tale.raises("unmapped_grade")


def regraded(stage: Stage) -> None:
    """On a second look it is second choice: a transfer."""
    order = stage.order(1, 2)
    tale = stage.tale(order)
    tale.begin()
    tale.arrive()
    tale.regrade(tale.goods[0], 1, "A", "B")
    tale.accept()
    tale.authorised("R")
    tale.credited()


def graded_after_all(stage: Stage) -> None:
    """A grade that nobody mapped, and later a proper one: out of quarantine, and the exception is over."""
    tale = stage.tale(stage.order(1))
    [goods] = tale.goods
    tale.begin()
    tale.arrive(grade="C2")
    tale.accept()
    tale.regrade(goods, goods.qty, "C2", "A")
    tale.authorised("R")
    tale.credited()


def one_parcel_two_returns(stage: Stage) -> None:
    """Two returns in one parcel, reported by its tracking number: the SKU tells which is which."""
    one, other = stage.world.pick(stage.store, 2)
    first = stage.tale(stage.world.order(stage.store, [(one, 1)]), instant=False)
    second = stage.tale(stage.world.order(stage.store, [(other, 1)]), instant=False)
    second.tracking = first.tracking
    for tale in (first, second):
        tale.begin()
        tale.until("RA")
    for tale in (first, second):
        tale.arrive(by="tracking_number")
        tale.accept()
        tale.authorised("R")
        tale.credited()


def nobodys_parcel(stage: Stage) -> None:
    """A parcel that belongs to no return."""
    [item] = stage.world.pick(stage.store)
    body: JsonObject = {
        "id": f"RCV-{stage.hex()[:16]}",
        "received_at": stage.now.isoformat(),
        "tracking_number": f"LOST{stage.rng.randrange(10**8):08d}",
        "items": [{"sku": item.sku, "quantity": 2, "grade": "A"}],
    }
    step = Report(stage.store.site.name, body, stage.gap())
    stage.incident("receipt_without_return", step, units=2, store=stage.store.name)


def unreadable_report(stage: Stage) -> None:
    """A warehouse reports no units at all."""
    [item] = stage.world.pick(stage.store)
    body: JsonObject = {
        "id": f"RCV-{stage.hex()[:16]}",
        "received_at": stage.now.isoformat(),
        "return_id": stage.hex(),
        "items": [{"sku": item.sku, "quantity": 0, "grade": "A"}],
    }
    stage.incident("unreadable_event", Report(stage.store.site.name, body, stage.gap()))


def unreadable_event(stage: Stage) -> None:
    """A webhook that is signed, and says nothing of a return."""
    body: JsonObject = {
        "id": stage.hex(),
        "event": "return.updated",
        "created": int(stage.now.timestamp()),
        "data": "none",
    }
    stage.incident("unreadable_event", Nonsense(stage.store.name, body, stage.gap()))


SCENES = (
    Kind(early_receipt, 3, FED),
    Kind(repeated_messages, 4, FED),
    Kind(over_receipt, 2, FED),
    Kind(foreign_goods, 2, FED),
    Kind(unknown_grade, 2, FED),
    Kind(regraded, 2, FED),
    Kind(graded_after_all, 2, FED),
    Kind(one_parcel_two_returns, 1, FED, returns=2),
    Kind(nobodys_parcel, 2, (*FED, "fr"), returns=0),
    Kind(unreadable_report, 1, (*FED, "fr"), returns=0),
    Kind(unreadable_event, 1, (*FED, "fr", "pt"), returns=0),
)
