from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

from app.domain.money import Money
from app.domain.period_end import Reason
from app.domain.saying import quoted
from app.services.books.period_end import (
    PeriodEndLine,
    accrual_of,
    list_credited_not_received,
    list_received_not_credited,
    not_in_accrual,
    sums_of,
    write_csv,
)
from app.services.exceptions.remedies import resolve
from tests.support.scene import Scene, item

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}


def _uncredited(scene: Scene, at: date | None = None) -> list[PeriodEndLine]:
    return list_received_not_credited(scene.outside, "es", at)


def _told(lines: list[PeriodEndLine]) -> list[tuple[str, str, int, str, str]]:
    return [(line.return_id, line.sku, line.units, str(line.amount), line.reason.value) for line in lines]


def test_each_unit_that_came_and_is_not_credited_has_its_reason(scene: Scene) -> None:
    scene.ask("r1", item("0001", 1))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.ask("r2", item("0001", 1, exchange=EVEN), type="exchange")
    scene.arrive("w2", {"0001": 1}, return_id="r2")
    scene.ask("r3", item("0001", 1))
    scene.arrive("w3", {"0001": 1}, return_id="r3")
    scene.work()
    scene.accept("r2")
    scene.accept("r3", "rejected")
    scene.work()

    lines = _uncredited(scene)

    assert _told(lines) == [
        ("r1", "0001", 1, "10.89", "waits_for_acceptance"),
        ("r2", "0001", 1, "10.89", "even_exchange"),
        ("r3", "0001", 1, "10.89", "rejected"),
    ]
    assert [(each.reason, each.units, str(each.amount)) for each in sums_of(lines)] == [
        (Reason.EVEN_EXCHANGE, 1, "10.89"),
        (Reason.REJECTED, 1, "10.89"),
        (Reason.WAITS_FOR_ACCEPTANCE, 1, "10.89"),
    ]
    assert {currency: str(amount) for currency, amount in accrual_of(sums_of(lines)).items()} == {"EUR": "10.89"}
    assert list_credited_not_received(scene.outside, None, None) == []
    assert list_received_not_credited(scene.outside, "uk", None) == []


def test_received_is_credited_plus_listed_at_each_date(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.work()
    came = date.fromisoformat(scene.ledger()["IJ-r1-1"].document_date or "")
    scene.clock.move(2 * 86_400)
    scene.accept("r1")
    scene.work()

    assert _uncredited(scene) == []
    (line,) = _uncredited(scene, came)
    assert (line.units, str(line.amount), line.since, line.reason) == (2, "21.78", came, Reason.CREDITED_LATER)
    assert line.detail.startswith(scene.memos()["CM-r1-1"]["memo_num"])
    assert _uncredited(scene, came - timedelta(days=1)) == []


def test_what_waits_for_a_window_or_for_an_exception_says_so(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"posting": {"credit_memo": ["23:59"]}}}})
    scene.ask("r1", item("0001", 1))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.ask("r2", item("0001", 1))
    scene.arrive("w2", {"0001": 1}, return_id="r2")
    scene.work()
    scene.change("r2", status="strange", items={"status": "accepted"})
    scene.work()

    lines = _uncredited(scene)

    assert [(line.return_id, line.reason) for line in lines] == [
        ("r1", Reason.WAITS_FOR_WINDOW),
        ("r2", Reason.EXCEPTION),
    ]
    assert lines[0].detail.startswith("CM-r1-1, ")
    assert lines[1].detail == "unknown_status"


def test_what_finance_released_is_credited_and_not_received(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2))
    scene.work()
    scene.accept("r1")
    scene.work()
    scene.later(40 * 86_400)
    (standing,) = [each for each in scene.exceptions() if each.code == "not_received"]
    resolve([standing.id], by="ann", note=None, release=True)
    scene.later(600)
    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"

    (line,) = list_credited_not_received(scene.outside, None, None)

    assert (line.return_id, line.units, str(line.amount), line.reason) == ("r1", 2, "21.78", Reason.RELEASED)
    assert line.detail == "not_received, by ann"
    assert _uncredited(scene) == []


def test_a_file_holds_no_formula() -> None:
    file = StringIO()
    line = PeriodEndLine("es", "r1", "1", "=cmd()", 1, None, date(2026, 11, 20), Reason.EXCEPTION, quoted("-2+3"))
    write_csv(file, [line])
    assert file.getvalue().splitlines()[1] == "es,r1,1,'=cmd(),1,,,2026-11-20,exception,'-2+3"


def test_units_whose_order_is_gone_are_told_beside_the_sums(scene: Scene) -> None:
    for name in ("r1", "r2"):
        scene.ask(name, item("0001", 1))
        scene.arrive(f"w-{name}", {"0001": 1}, return_id=name)
    scene.work()
    first, second = _uncredited(scene)

    sums = sums_of([first, replace(second, amount=None)])

    assert [(each.currency, each.reason, each.units, each.amount) for each in sums] == [
        ("EUR", Reason.WAITS_FOR_ACCEPTANCE, 1, Money.of("10.89", "EUR")),
        (None, Reason.WAITS_FOR_ACCEPTANCE, 1, None),
    ]
    assert (accrual_of(sums), not_in_accrual(sums)) == ({"EUR": Money.of("10.89", "EUR")}, 1)
    assert not_in_accrual(sums_of([first])) == 0
