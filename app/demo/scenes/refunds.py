"""Refunds in stores whose warehouse reports and where Reveni judges: the plain ones, and how far they can get."""

from __future__ import annotations

from app.demo.brand import FED
from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale


def _plain(stage: Stage, lines: int | None = None, units: int | None = None, *, instant: bool | None = None) -> Tale:
    tale = stage.tale(stage.order(lines, units), instant=instant)
    if stage.rng.random() < 0.3:
        tale.fee = 395
    if not tale.instant and stage.rng.random() < 0.15:
        tale.bonus = 500
    if tale.instant:
        tale.pay()
    tale.begin()
    return tale


def refund(stage: Stage) -> None:
    """Everything comes back in one parcel and is accepted, before it arrives or after."""
    tale = _plain(stage)
    grade = stage.rng.choice(("A", "A", "A", "A", "B", "damaged"))
    if stage.rng.random() < 0.25:
        tale.accept()
        tale.arrive(grade=grade)
    else:
        tale.arrive(grade=grade)
        if stage.rng.random() < 0.5:
            tale.put(stage.rng.choice(("received", "for_review")))
        tale.accept()
    tale.authorised("R")
    tale.credited()


def some_lines(stage: Stage) -> None:
    """One of several lines comes back, and not all of its units."""
    order = stage.order(3, 3)
    tale = stage.tale(order, [stage.goods(order.lines[1], 2)])
    tale.begin()
    tale.arrive()
    tale.accept()
    tale.authorised("R")
    tale.credited()


def partial_receipts(stage: Stage) -> None:
    """The units come in two parcels, in two grades."""
    tale = _plain(stage, 1, 3)
    [goods] = tale.goods
    tale.arrive([(goods, 1, "A")])
    if stage.rng.random() < 0.5:
        tale.accept()
        tale.arrive([(goods, 2, "B")])
    else:
        tale.arrive([(goods, 2, "B")])
        tale.accept()
    tale.authorised("R")
    tale.credited()


def several_parcels(stage: Stage) -> None:
    """Each item has its own parcel; one parcel goes to another warehouse of the store, if there is one."""
    tale = _plain(stage, 3, 1)
    elsewhere = [site for site in tale.store.sites if site.feed][-1]
    for place, goods in enumerate(tale.goods):
        tale.arrive([(goods, 1, "A")], site=elsewhere if place == 2 else None)
    tale.accept()
    tale.authorised("R")
    tale.credited()


def part_missing(stage: Stage) -> None:
    """Two items, both accepted, and only one has come so far."""
    tale = _plain(stage, 2, 1)
    tale.arrive([(tale.goods[0], 1, "A")])
    tale.accept()
    tale.authorised("P")
    tale.credited([(tale.goods[0], 1)])


def partly_rejected(stage: Stage) -> None:
    """Of two items one is accepted, the other rejected."""
    tale = _plain(stage, 2, 1, instant=False)
    good, bad = tale.goods
    tale.arrive([(good, 1, "A"), (bad, 1, "rejected")])
    tale.judge("accepted", good)
    tale.judge("rejected", bad)
    tale.pay()
    tale.put(stage.rng.choice(("partially_accepted", "partly_accepted")))
    tale.authorised("R")
    tale.credited([(good, 1)])


def later_acceptance(stage: Stage) -> None:
    """Two items came; one is accepted at once, the other after a second look."""
    tale = _plain(stage, 2, 1, instant=False)
    first, second = tale.goods
    tale.arrive()
    tale.judge("accepted", first)
    tale.judge("for_review", second)
    tale.put("for_review")
    tale.put("for_review", gap=1.0)
    tale.accept()
    tale.authorised("R")
    tale.credited(memos=(1, 2))


def rejected(stage: Stage) -> None:
    """The goods are worn; nothing is paid."""
    tale = _plain(stage, instant=False)
    tale.arrive(grade="rejected")
    tale.reject()
    tale.authorised("R")


def rejected_after_journal(stage: Stage) -> None:
    """They lay among the good ones already when Reveni rejected them."""
    tale = _plain(stage, 1, 1, instant=False)
    tale.arrive()
    tale.until("IJ")
    tale.reject()
    tale.moved(tale.goods[0], 1, tale.site.place("A"), tale.site.place("rejected"))
    tale.authorised("R")
    tale.may_raise("verdict_conflict")


def instant_rejected(stage: Stage) -> None:
    """Refunded at once, and rejected on arrival."""
    tale = _plain(stage, 1, instant=True)
    tale.arrive(grade="rejected")
    tale.reject()
    tale.authorised("R")
    tale.raises("refunded_rejected")


def rejected_before_arrival(stage: Stage) -> None:
    """Rejected, and the goods never come: the authorisation is closed."""
    tale = _plain(stage, instant=False)
    tale.reject()
    tale.authorised("C")


def refunded_too_much(stage: Stage) -> None:
    """Reveni pays more than was paid for the goods: the memo is the order's reversal, and finance hears of the rest."""
    tale = _plain(stage, 1, instant=False)
    tale.arrive()
    tale.judge("accepted")
    tale.pay(too_much=700)
    tale.put("accepted")
    tale.authorised("R")
    tale.credited()
    tale.raises("refund_mismatch")


def never_came(stage: Stage) -> None:
    """Refunded forty days ago, accepted by time, and nothing came."""
    order = stage.order(1)
    tale = stage.tale(order, instant=True)
    tale.pay(days_ago=40)
    tale.judge("accepted")
    tale.put("accepted")
    tale.authorised("C")
    tale.raises("not_received")


def on_its_way(stage: Stage) -> None:
    """The customer has sent it; more is not known today."""
    tale = _plain(stage)
    tale.authorised("A")


def arrived_unjudged(stage: Stage) -> None:
    """It came, and nobody has looked at it yet."""
    tale = _plain(stage)
    tale.arrive()
    tale.put(stage.rng.choice(("received", "for_review")))
    tale.authorised("R")


def incomplete(stage: Stage) -> None:
    """The customer has not finished: nothing may be made of it."""
    tale = stage.tale(stage.order())
    tale.put("incomplete", "return.created")


def cancelled(stage: Stage) -> None:
    """Cancelled before anything came."""
    tale = _plain(stage, instant=False)
    tale.until("RA")
    tale.put("cancelled")
    tale.authorised("X")


def cancelled_after_part(stage: Stage) -> None:
    """Cancelled after one of two items came and was accepted."""
    tale = _plain(stage, 2, 1, instant=False)
    came, _ = tale.goods
    tale.arrive([(came, 1, "A")])
    tale.judge("accepted", came)
    tale.put("received")
    tale.until("IJ")
    tale.put("cancelled")
    tale.authorised("C")
    tale.credited([(came, 1)])


def goods_after_cancel(stage: Stage) -> None:
    """Cancelled, and then the parcel comes all the same: a second authorisation takes it in, and nobody accepts it."""
    tale = _plain(stage, instant=False)
    tale.until("RA")
    tale.put("cancelled")
    tale.until("RA", "X")
    tale.authorised("X")
    tale.arrive(by="return_id")
    tale.authorised("R", again=True)


SCENES = (
    Kind(refund, 24, FED),
    Kind(refunded_too_much, 1, FED),
    Kind(some_lines, 6, FED),
    Kind(partial_receipts, 6, FED),
    Kind(several_parcels, 4, FED),
    Kind(part_missing, 4, FED),
    Kind(partly_rejected, 4, FED),
    Kind(later_acceptance, 2, FED),
    Kind(rejected, 3, FED),
    Kind(rejected_after_journal, 2, FED),
    Kind(instant_rejected, 2, FED),
    Kind(rejected_before_arrival, 2, FED),
    Kind(never_came, 2, FED),
    Kind(on_its_way, 4, FED),
    Kind(arrived_unjudged, 4, FED),
    Kind(incomplete, 4, (*FED, "fr", "pt")),
    Kind(cancelled, 4, (*FED, "fr", "pt")),
    Kind(cancelled_after_part, 2, FED),
    Kind(goods_after_cancel, 1, FED),
)
