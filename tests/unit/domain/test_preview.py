from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.blockers import Code
from app.domain.documents import Amounts, Entry, State
from app.domain.dossier import Dossier
from app.domain.model import Order, Return
from app.domain.policy import Kind, Policy, StoreRules
from app.domain.preview import Preview, from_scratch, preview
from tests.unit.domain import build
from tests.unit.domain.test_any_sequence import SKUS, a_return, an_order


def kinds(seen: Preview) -> list[Kind]:
    return [each.document.kind for each in seen.documents]


def amounts_of(seen: Preview, kind: Kind = Kind.CREDIT_MEMO) -> list[Amounts]:
    return [each.amounts for each in seen.documents if each.document.kind is kind and each.amounts]


def accepted(units: int = 3) -> Return:
    return build.ret(build.item(units=units, status="accepted"), status="accepted")


def on(units: int = 3) -> Order:
    return build.order(build.line(1, "X", units, net="100.00", tax="21.00"))


def test_everything_is_told_with_its_amounts_and_its_window() -> None:
    seen = preview(build.dossier(accepted(), on(), build.receipt(1, ("X", 3, "A"))), build.rules(), build.NOW)

    assert kinds(seen) == [Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO]
    (memo,) = amounts_of(seen)
    assert str(memo.total) == "121.00"
    # 12:00 UTC is 13:00 in Madrid, whose window is at 20:00.
    assert [each.post_at for each in seen.documents] == [None, None, datetime(2026, 3, 2, 19, tzinfo=UTC)]
    assert all(each.to_post and each.state is None for each in seen.documents)


def test_what_was_posted_keeps_its_amounts_and_the_next_memo_takes_the_rest() -> None:
    first = build.dossier(
        build.ret(build.item(units=3, status="accepted"), status="received"), on(), build.receipt(1, ("X", 1, "A"))
    )
    posted = preview(first, build.rules(), build.NOW).entries
    grown = replace(first, receipts=(*first.receipts, build.receipt(2, ("X", 2, "A"))), entries=posted)
    seen = preview(grown, build.rules(), build.NOW)

    assert [str(each.total) for each in amounts_of(seen)] == ["40.33", "80.67"]
    assert [each.to_post for each in seen.documents if each.document.kind is Kind.CREDIT_MEMO] == [False, True]


def test_memos_of_others_and_by_hand_count() -> None:
    dossier = build.dossier(
        accepted(2), on(), build.receipt(1, ("X", 2, "A")), memos={"SO1": (build.memo((1, 1, "33.33", "7.00")),)}
    )
    (memo,) = amounts_of(preview(dossier, build.rules(), build.NOW))

    assert str(memo.total) == "80.67"


def test_a_fee_is_borne_once() -> None:
    rules = build.rules(policy=Policy(fees="on_memo"))
    ret = replace(accepted(), fees=Decimal(50))
    first = build.dossier(ret, on(), build.receipt(1, ("X", 1, "A")))
    posted = preview(first, rules, build.NOW)
    second = preview(
        replace(first, receipts=(*first.receipts, build.receipt(2, ("X", 2, "A"))), entries=posted.entries),
        rules,
        build.NOW,
    )

    assert [str(each.fee) for each in amounts_of(second)] == ["40.33", "9.67"]


def test_an_exchange_has_its_new_price() -> None:
    ret = build.ret(build.item(exchange=build.swap(price="242.00")), instant=True)
    (amounts,) = amounts_of(preview(build.dossier(ret, on(1)), build.rules(), build.NOW), Kind.EXCHANGE_ORDER)

    assert str(amounts.total) == "242.00"


def test_without_a_feed_the_status_is_the_receipt_also_here() -> None:
    seen = preview(build.dossier(accepted(), on()), build.rules(feed=False), build.NOW)

    assert kinds(seen) == [Kind.RETURN_AUTHORISATION, Kind.INVENTORY_JOURNAL, Kind.CREDIT_MEMO]


def test_what_was_refused_is_not_posted_again_but_in_other_lines() -> None:
    first = build.dossier(build.ret(build.item(units=2)), on())
    (ra,) = (each.document for each in preview(first, build.rules(), build.NOW).documents)
    entries = (replace(build.entry(ra, State.REFUSED), error_code="LOCATION_UNKNOWN"),)
    same = preview(replace(first, entries=entries), build.rules(), build.NOW)
    other = preview(replace(first, ret=build.ret(build.item(units=1)), entries=entries), build.rules(), build.NOW)

    assert ([each.to_post for each in same.documents], [each.code for each in same.blockers]) == ([False], ["refused"])
    assert ([each.to_post for each in other.documents], other.blockers) == ([True], ())


def test_from_scratch_forgets_what_the_bridge_made_and_keeps_what_others_said() -> None:
    reported = build.receipt(1, ("X", 1, "A"))
    by_status = replace(reported, id="es:r1:i1", n=2, lines=(replace(reported.lines[0], item_id="i1"),))
    dossier = build.dossier(accepted(), on(), reported, by_status)
    posted = preview(dossier, build.rules(), build.NOW).entries

    bare = from_scratch(replace(dossier, entries=posted, memos={"SO1": (build.memo((1, 1, "1", "0")),)}))

    assert (bare.entries, bare.receipts) == ((), (reported,))
    assert len(bare.memos["SO1"]) == 1


def test_units_and_money_of_one_cause_are_told_once() -> None:
    ret = build.ret(build.item("i1", reason="?", units=2), build.item("i2", reason="?"))
    (blocker,) = preview(build.dossier(ret, on()), build.rules(), build.NOW).blockers

    assert (blocker.code, blocker.units) == (Code.UNMAPPED_REASON, 3)


@st.composite
def a_case(draw: st.DrawFn) -> tuple[Dossier, StoreRules]:
    order = draw(an_order())
    ret = draw(a_return(order, "r1", instant=draw(st.booleans())))
    statuses = st.sampled_from(["pending", "accepted", "rejected", "strange"])
    ret = replace(
        ret,
        status=draw(st.sampled_from(["in_progress", "accepted", "partially_accepted", "cancelled", "strange"])),
        items=tuple(replace(item, status=draw(statuses)) for item in ret.items),
    )
    goods = st.tuples(st.sampled_from([*SKUS, "STRANGE"]), st.integers(1, 2), st.sampled_from(["A", "B", "??"]))
    receipts = [build.receipt(n, *units) for n, units in enumerate(draw(st.lists(st.lists(goods, min_size=1))), 1)]
    policy = Policy(
        freight=draw(st.sampled_from(["never", "all_back"])), fees=draw(st.sampled_from(["beside", "on_memo"]))
    )
    return build.dossier(ret, order, *receipts), build.rules(feed=draw(st.booleans()), policy=policy)


@settings(max_examples=200)
@given(a_case())
def test_previewing_twice_gives_the_same_and_so_does_posting_all_of_it_in_between(
    case: tuple[Dossier, StoreRules],
) -> None:
    dossier, rules = case
    first = preview(dossier, rules, build.NOW)

    assert preview(dossier, rules, build.NOW) == first

    def told(seen: Preview) -> list[tuple[object, Amounts | None]]:
        return [(each.document, each.amounts) for each in seen.documents]

    numbered: tuple[Entry, ...] = tuple(replace(entry, number=f"N-{entry.key}") for entry in first.entries)
    posted = preview(replace(dossier, entries=numbered), rules, build.NOW)
    assert told(posted) == told(first)
    assert not any(each.to_post for each in posted.documents)
