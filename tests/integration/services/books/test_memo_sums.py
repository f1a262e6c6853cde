from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from app.services.books.memo_sums import memo_sums, totals_of
from tests.support.scene import Scene, item


def _credited(scene: Scene, *returns: str) -> date:
    """Returns of one unit each that came and are credited, and the date that their memos bear."""
    for name in returns:
        scene.ask(name, item("0001", 1))
        scene.arrive(f"w-{name}", {"0001": 1}, return_id=name)
        scene.accept(name)
        scene.work()
    return date.fromisoformat(scene.ledger()[f"CM-{returns[0]}-1"].document_date or "")


def test_the_sums_are_those_of_the_memos_in_bluecherry(scene: Scene) -> None:
    day = _credited(scene, "r1", "r2")

    (found,) = memo_sums(day, day)

    memos = list(scene.memos().values())
    assert (found.store, found.memos, found.units) == ("es", 2, 2)
    assert found.total.amount == sum(Decimal(memo["total_amt"]) for memo in memos)
    assert found.net.amount == sum(Decimal(line["net_amt"]) for memo in memos for line in memo["lines"])
    assert found.tax.amount == sum(Decimal(line["tax_amt"]) for memo in memos for line in memo["lines"])
    assert found.total == found.net + found.tax + found.freight + found.freight_tax - found.fees
    assert totals_of([found, found]) == {"EUR": found.total + found.total}


def test_only_memos_of_the_days_count(scene: Scene) -> None:
    day = _credited(scene, "r1")

    assert memo_sums(day - timedelta(days=30), day - timedelta(days=1)) == []
    assert memo_sums(day + timedelta(days=1), day + timedelta(days=30)) == []
