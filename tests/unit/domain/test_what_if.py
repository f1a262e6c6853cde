from __future__ import annotations

from dataclasses import replace

from app.domain.policy import Grade, Policy
from app.domain.preview import preview
from app.domain.what_if import Change, Difference, Totals, Turn, compare
from tests.unit.domain import build

ORDER = build.order(build.line(1, "X", 3, net="100.00", tax="21.00"), freight="5.00")
RETURN = build.ret(build.item(units=3, status="accepted"), status="accepted")
CAME = build.dossier(RETURN, ORDER, build.receipt(1, ("X", 2, "A"), ("X", 1, "??")))
IN_FORCE = preview(CAME, build.rules(), build.NOW)


def _differences(**changes: object) -> dict[str, Difference]:
    found = compare(IN_FORCE, preview(CAME, build.rules(**changes), build.NOW))  # type: ignore[arg-type]
    return {each.name: each for each in found}


def test_the_same_mapping_makes_no_difference() -> None:
    assert compare(IN_FORCE, preview(CAME, build.rules(), build.NOW)) == []


def test_a_grade_that_is_mapped_moves_its_goods_and_closes_its_exception() -> None:
    grades = build.GRADES | {"??": Grade("??", accepts=True, location="OUTLET", lot="7")}
    journal, exception = _differences(grades=grades).values()

    assert journal == Difference(
        Turn.CHANGES,
        "inventory_journal",
        "IJ-r1-1",
        False,
        (Change("places", "2 MAD01, 1 MADQ", "2 MAD01, 1 OUTLET/7"),),
    )
    assert (exception.turn, exception.what, exception.is_exception) == (Turn.DISAPPEARS, "unmapped_grade", True)


def test_freight_by_policy_is_seen_in_the_sum() -> None:
    (memo,) = _differences(policy=Policy(freight="all_back")).values()

    assert memo.changes == (
        Change("freight", "0.00 EUR", "5.00 EUR"),
        Change("total", "121.00 EUR", "126.00 EUR"),
    )


def test_a_reason_that_is_gone_takes_all_documents_away() -> None:
    found = _differences(reasons={})

    assert {each.what: each.turn for each in found.values()} == {
        "return_authorisation": Turn.DISAPPEARS,
        "inventory_journal": Turn.DISAPPEARS,
        "credit_memo": Turn.DISAPPEARS,
        "unmapped_grade": Turn.DISAPPEARS,
        "unmapped_reason": Turn.APPEARS,
    }
    assert Change("total", "121.00 EUR", "") in found["CM-r1-1"].changes


def test_reason_code_site_and_division_are_told_of_the_authorisation() -> None:
    moved = {"madrid": replace(build.MADRID, location="MAD02", division="099"), "lyon": build.LYON}
    found = _differences(reasons={"too_small": "TS"}, sites=moved)

    assert found["RA-r1"].changes == (
        Change("location", "MAD01", "MAD02"),
        Change("division", "010", "099"),
        Change("reasons", "3 SZ", "3 TS"),
    )
    assert found["IJ-r1-1"].changes == (Change("places", "2 MAD01, 1 MADQ", "2 MAD02, 1 MADQ"),)


def test_totals_add_up_over_previews() -> None:
    totals = Totals()
    totals.add(IN_FORCE)
    totals.add(IN_FORCE)

    assert totals.documents == {"return_authorisation": 2, "inventory_journal": 2, "credit_memo": 2}
    assert totals.units["credit_memo"] == 6
    assert {key: str(amount) for key, amount in totals.money.items()} == {("credit_memo", "EUR"): "242.00"}
    assert totals.places == {"MAD01": 4, "MADQ": 2}
    assert totals.exceptions == {"unmapped_grade": 2}
