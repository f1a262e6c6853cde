"""The store whose warehouse judges (fr), and the one without a feed (pt), where an item's status is its receipt."""

from __future__ import annotations

from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale

_FR = ("fr",)
_PT = ("pt",)


def _sent(stage: Stage, lines: int, units: int) -> Tale:
    tale = stage.tale(stage.order(lines, units), instant=False)
    if stage.rng.random() < 0.4:
        tale.fee = 395
    tale.begin()
    return tale


def judged_accepted(stage: Stage) -> None:
    """The warehouse grades, the grade accepts, the bridge tells Reveni."""
    tale = _sent(stage, stage.rng.choice((1, 2)), 1)
    tale.arrive(grade=stage.rng.choice(("A", "A", "B")))
    for goods in tale.goods:
        tale.verdict(goods, accepted=1)
    tale.authorised("R")
    tale.credited()


def judged_rejected(stage: Stage) -> None:
    """The warehouse does not accept."""
    tale = _sent(stage, 1, 1)
    tale.arrive(grade="rejected")
    tale.verdict(tale.goods[0], rejected=1)
    tale.authorised("R")


def judged_in_two(stage: Stage) -> None:
    """One unit of two is accepted: one verdict, with both."""
    tale = _sent(stage, 1, 2)
    [goods] = tale.goods
    tale.arrive([(goods, 1, "A"), (goods, 1, "rejected")])
    tale.verdict(goods, accepted=1, rejected=1)
    tale.authorised("R")
    tale.credited([(goods, 1)])


def judged_by_parcels(stage: Stage) -> None:
    """Two parcels: the verdict comes when all units are there."""
    tale = _sent(stage, 1, 3)
    [goods] = tale.goods
    tale.arrive([(goods, 1, "A")])
    tale.arrive([(goods, 2, "B")])
    tale.verdict(goods, accepted=3)
    tale.authorised("R")
    tale.credited()


def judged_not_at_all(stage: Stage) -> None:
    """A grade that nobody mapped is no verdict: quarantine, no money."""
    tale = _sent(stage, 1, 1)
    tale.arrive(grade="C2")
    tale.authorised("R")
    tale.raises("unmapped_grade")


def judged_after_all(stage: Stage) -> None:
    """A grade that nobody mapped, and a proper one later."""
    tale = _sent(stage, 1, 1)
    [goods] = tale.goods
    tale.arrive(grade="C2")
    tale.regrade(goods, 1, "C2", "A")
    tale.verdict(goods, accepted=1)
    tale.authorised("R")
    tale.credited()


def judged_exchange(stage: Stage) -> None:
    """An exchange is confirmed by the warehouse's grade."""
    order = stage.order(1, 1)
    tale = stage.tale(order, [stage.swap(order.lines[0])], instant=False)
    tale.begin()
    tale.arrive()
    tale.verdict(tale.goods[0], accepted=1)
    tale.authorised("R")
    tale.exchanged("O")


def status_accepted(stage: Stage) -> None:
    """No feed: accepted in Reveni is received and accepted."""
    tale = _sent(stage, stage.rng.choice((1, 1, 2)), stage.rng.choice((1, 2)))
    _statuses_are_receipts(tale, "accepted")
    tale.accept()
    tale.authorised("R")
    tale.credited(memos=(1, len(tale.goods)))


def status_by_items(stage: Stage) -> None:
    """No feed: one item is accepted now, the other later."""
    tale = _sent(stage, 2, 1)
    first, second = tale.goods
    tale.judge("accepted", first)
    tale.judge("for_review", second)
    tale.put("for_review")
    _statuses_are_receipts(tale, "accepted")
    tale.accept()
    tale.authorised("R")
    tale.credited(memos=(1, 2))


def status_rejected(stage: Stage) -> None:
    """No feed: rejected in Reveni is received too, into the place of what is rejected."""
    tale = _sent(stage, 1, 1)
    _statuses_are_receipts(tale, "rejected")
    tale.reject()
    tale.authorised("R")


def status_pending(stage: Stage) -> None:
    """No feed: as long as Reveni reviews it, nothing came."""
    tale = _sent(stage, 1, 1)
    tale.judge("for_review")
    tale.put("for_review")
    tale.authorised("A")


def status_exchange(stage: Stage) -> None:
    """No feed: an even exchange, confirmed by acceptance."""
    order = stage.order(1, 1)
    tale = stage.tale(order, [stage.swap(order.lines[0])], instant=False)
    tale.begin()
    _statuses_are_receipts(tale, "accepted")
    tale.accept()
    tale.authorised("R")
    tale.exchanged("O")


def _statuses_are_receipts(tale: Tale, grade: str) -> None:
    for goods in tale.goods:
        goods.came = goods.qty
        tale.outcome.received[goods.sku] += goods.qty
        tale.lies(goods, goods.qty, tale.site.place(grade))
    tale.outcome.journals = (1, len(tale.goods))


SCENES = (
    Kind(judged_accepted, 8, _FR),
    Kind(judged_rejected, 2, _FR),
    Kind(judged_in_two, 2, _FR),
    Kind(judged_by_parcels, 3, _FR),
    Kind(judged_not_at_all, 1, _FR),
    Kind(judged_after_all, 1, _FR),
    Kind(judged_exchange, 2, _FR),
    Kind(status_accepted, 6, _PT),
    Kind(status_by_items, 2, _PT),
    Kind(status_rejected, 2, _PT),
    Kind(status_pending, 1, _PT),
    Kind(status_exchange, 1, _PT),
)
