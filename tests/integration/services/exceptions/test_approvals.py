from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.db.engine import transaction
from app.db.tables.desk import ApprovalRow
from app.db.tables.exceptions import DecisionRow, ExceptionRow
from app.db.tables.history import History
from app.domain.blockers import Code
from app.domain.money import Money
from app.services.exceptions.approvals import NoSuchApproval, ask, decide, list_approvals, waiting_for, withdraw
from app.services.exceptions.bulk_jobs import carry_jobs
from app.services.exceptions.desk_actions import Action, needs_second_person
from app.services.exceptions.exception_queue import get_exception
from app.services.exceptions.remedies import NotPossible
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")
WHY = {"reason": "the parcel is lost"}


def _held(code: Code = Code.NOT_RECEIVED, count: int = 1, **changes: object) -> list[int]:
    return [
        saved(exception_row(code, f"c{n}", return_pk=saved(return_row(f"r{n}")), return_id=f"r{n}", **changes))
        for n in range(count)
    ]


def test_nothing_is_done_before_a_second_person_agrees() -> None:
    ids = _held()
    number = ask(Action.RELEASE, ids, WHY, "ana")
    assert get_exception(ids[0]).closed_at is None
    (waiting,) = waiting_for(ids)
    assert (waiting.money, waiting.reason, waiting.asked_by) == (Money.of("47.80", "EUR"), WHY["reason"], "ana")

    decide(number, True, "eva")

    closed = get_exception(ids[0])
    assert closed.closed_by == "resolved by ana, approved by eva"
    with transaction() as session:
        decision = session.query(DecisionRow).one()
        told = [row.what for row in session.query(History).order_by(History.id) if row.detail.get("approval")]
    assert (decision.action, decision.by, decision.note) == ("release", "ana, approved by eva", WHY["reason"])
    assert told == ["approval asked for", "approval approved"]


def test_who_asked_cannot_agree_with_themselves_not_even_in_the_database() -> None:
    ids = _held()
    number = ask(Action.RELEASE, ids, WHY, "ana")
    with pytest.raises(NotPossible, match="somebody else"):
        decide(number, True, "ana")
    with pytest.raises(IntegrityError, match="second_person"), transaction() as session:
        session.execute(update(ApprovalRow).values(state="approved", decided_by="ana"))

    assert get_exception(ids[0]).closed_at is None


def test_a_refusal_does_nothing_and_stands() -> None:
    ids = _held()
    number = ask(Action.RELEASE, ids, WHY, "ana")
    decide(number, False, "eva")

    assert get_exception(ids[0]).closed_at is None
    with pytest.raises(NotPossible, match="refused already"):
        decide(number, True, "eva")


def test_only_who_asked_takes_it_back() -> None:
    number = ask(Action.RELEASE, _held(), WHY, "ana")
    with pytest.raises(NotPossible, match="Only who asked"):
        withdraw(number, "eva")
    withdraw(number, "ana")

    assert list_approvals(open_only=True).rows == ()
    assert list_approvals(open_only=False).rows[0].state == "withdrawn"


def test_what_cannot_be_done_any_more_goes_on_waiting() -> None:
    number = ask(Action.CHOOSE_ORDER, _held(Code.ORDER_AMBIGUOUS), WHY | {"order": "5001"}, "ana")
    with pytest.raises(NotPossible, match="does not bear"):
        decide(number, True, "eva")

    assert list_approvals(open_only=True).rows[0].state == "open"


def test_what_closed_by_itself_meanwhile_is_not_approved() -> None:
    ids = _held()
    number = ask(Action.RELEASE, ids, WHY, "ana")
    with transaction() as session:
        session.execute(update(ExceptionRow).values(closed_at=NOON, closed_by="the cause is gone"))
    with pytest.raises(NotPossible, match="None of these is open"):
        decide(number, True, "eva")

    decide(number, False, "eva")
    assert list_approvals(open_only=True).rows == ()


@pytest.mark.parametrize("now", [{"amount": Decimal("4780")}, {"units": 9}, {"currency": "GBP"}], ids=str)
def test_nobody_agrees_to_more_than_they_see(now: dict[str, object]) -> None:
    ids = _held()
    number = ask(Action.RELEASE, ids, WHY, "ana")
    with transaction() as session:
        session.execute(update(ExceptionRow).values(now))
    with pytest.raises(NotPossible, match="more by now"):
        decide(number, True, "eva")

    assert get_exception(ids[0]).closed_at is None
    assert list_approvals(open_only=True).rows[0].state == "open"


def test_what_shrank_meanwhile_is_approved() -> None:
    ids = _held(Code.ALREADY_CREDITED, 2)
    number = ask(Action.RESOLVE, ids, WHY, "ana")
    with transaction() as session:
        session.execute(update(ExceptionRow).where(ExceptionRow.id == ids[0]).values(closed_at=NOON, closed_by="gone"))

    decide(number, True, "eva")

    assert get_exception(ids[1]).closed_by == "resolved by ana, approved by eva"


def test_one_thing_waits_about_an_exception_at_a_time() -> None:
    first, second = _held(count=2)
    number = ask(Action.RELEASE, [first], WHY, "ana")
    with pytest.raises(NotPossible, match=f"Approval {number} waits"):
        ask(Action.RESOLVE, [first, second], WHY, "leo")

    withdraw(number, "ana")
    ask(Action.RESOLVE, [first, second], WHY, "leo")


def test_much_is_done_by_the_workers_with_both_names() -> None:
    ids = _held(Code.ALREADY_CREDITED, 30)
    decide(ask(Action.RESOLVE, ids, WHY, "ana"), True, "eva")
    assert get_exception(ids[0]).closed_at is None

    carry_jobs()

    assert {get_exception(each).closed_by for each in ids} == {"resolved by ana, approved by eva"}


def test_an_approval_has_a_reason_one_currency_and_something_open() -> None:
    ids = _held()
    with pytest.raises(NotPossible, match="Say why"):
        ask(Action.RELEASE, ids, {"reason": " "}, "ana")
    with pytest.raises(NotPossible, match="None of these"):
        ask(Action.RELEASE, [4711], WHY, "ana")
    other = saved(exception_row(Code.NOT_RECEIVED, "x", currency="GBP"))
    with pytest.raises(NotPossible, match="each currency"):
        ask(Action.RELEASE, [*ids, other], WHY, "ana")


@pytest.mark.parametrize(
    ("action", "amount", "needed"),
    [
        (Action.RETRY, "10", False),
        (Action.ASSIGN, "10", False),
        (Action.RESOLVE, "10", True),
        (Action.RESOLVE, None, True),
        (Action.RESOLVE, "0", False),
        (Action.RELEASE, None, True),
        (Action.CORRECT_QUANTITY, None, True),
        (Action.NEXT_PERIOD, None, True),
        (Action.CHOOSE_ORDER, None, True),
    ],
)
def test_what_changes_money_needs_two(action: Action, amount: str | None, needed: bool) -> None:
    ids = _held(amount=None if amount is None else Decimal(amount))

    assert needs_second_person(action, ids) is needed


def test_an_amount_that_nobody_knows_is_not_told_as_nothing() -> None:
    unknown, nothing = _held(count=2)
    with transaction() as session:
        session.execute(update(ExceptionRow).where(ExceptionRow.id == unknown).values(amount=None, currency=None))
        session.execute(update(ExceptionRow).where(ExceptionRow.id == nothing).values(amount=Decimal(0)))
    ask(Action.RELEASE, [unknown], WHY, "ana")
    ask(Action.RELEASE, [nothing], WHY, "ana")

    assert [view.money for view in list_approvals(open_only=True).rows] == [Money.zero("EUR"), None]


def test_a_sum_says_how_many_amounts_are_not_in_it() -> None:
    known, unknown = _held(count=2)
    _forget_amount(unknown)
    number = ask(Action.RESOLVE, [known, unknown], WHY, "ana")

    (view,) = list_approvals(open_only=True).rows
    assert (view.money, view.unknown) == (Money.of("47.80", "EUR"), 1)

    _forget_amount(known)
    with pytest.raises(NotPossible, match="more by now"):
        decide(number, True, "eva")
    assert get_exception(known).closed_at is None


def _forget_amount(number: int) -> None:
    with transaction() as session:
        session.execute(update(ExceptionRow).where(ExceptionRow.id == number).values(amount=None, currency=None))


def test_one_that_is_not_there_is_said() -> None:
    with pytest.raises(NoSuchApproval):
        decide(7, True, "eva")
