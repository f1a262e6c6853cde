from __future__ import annotations

import pytest

from app.sandbox.json import Json
from tests.unit.sandbox.world import Desk, journal, journal_line, ra_line, refused


@pytest.fixture
def ra_num(desk: Desk) -> str:
    return desk.authorise(ra_line(qty=2), ra_line(line_seq=2, ord_line_seq=2, sku="0002"))


def _transfer(qty: int, location: str, sku: str = "0001") -> dict[str, Json]:
    return journal_line(sku, qty, rec_type="SA", location=location, ra_line_seq=None)


def test_answers_with_the_shape_of_the_contract(desk: Desk, ra_num: str) -> None:
    number = desk.receive(ra_num, journal_line(lot="L1"))
    kept = desk.erp.books.journals.get(number)
    assert kept is not None
    assert kept.as_json() == {
        "journal_num": number,
        "ra_num": ra_num,
        "ord_num": "000100",
        "ref_num2": "r1",
        "aux_ref_num": "IJ-r1-1",
        "journal_date": "2024-05-02",
        "lines": [{"ra_line_seq": 1, "sku": "0001", "rec_type": "RT", "location": "MAD01", "lot": "L1", "qty": 1}],
    }


@pytest.mark.parametrize("name", [key for key in journal("x") if key != "ra_num"])
def test_needs_every_field_but_the_ra(desk: Desk, ra_num: str, name: str) -> None:
    with refused("BAD_REQUEST", name):
        desk.receive(ra_num, **{name: None})


@pytest.mark.parametrize("name", ["sku", "rec_type", "location", "qty"])
def test_needs_the_fields_of_a_line(desk: Desk, ra_num: str, name: str) -> None:
    with refused("BAD_REQUEST", f"lines[0].{name}"):
        desk.receive(ra_num, {**journal_line(), name: None})


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("LOCATION_UNKNOWN", journal_line(location="nope")),
        ("ITEM_NOT_FOUND", journal_line("nope")),
        ("QTY_EXCEEDS_RA", journal_line(qty=3)),
        ("QTY_EXCEEDS_RA", journal_line("0004")),
        ("QTY_EXCEEDS_RA", journal_line("0001", ra_line_seq=2)),
        ("QTY_EXCEEDS_RA", journal_line(ra_line_seq=9)),
        ("BAD_REQUEST", journal_line(rec_type="IN")),
        ("BAD_REQUEST", journal_line(qty=0)),
        ("BAD_REQUEST", journal_line(qty=-1)),
        ("BAD_REQUEST", _transfer(0, "MAD01")),
        ("TOTAL_MISMATCH", _transfer(1, "MAD01")),
    ],
)
def test_refuses_what_breaks_a_rule(desk: Desk, ra_num: str, code: str, line: dict[str, Json]) -> None:
    with refused(code):
        desk.receive(ra_num, line)
    assert "RT" not in desk.movements("0001")


def test_needs_an_order_that_exists_and_is_the_ras(desk: Desk, ra_num: str) -> None:
    with refused("ORDER_NOT_FOUND"):
        desk.receive(ra_num, ord_num="nope")
    with refused("BAD_REQUEST", "ord_num"):
        desk.receive(ra_num, ord_num="000200")


def test_needs_an_ra_for_a_return(desk: Desk, ra_num: str) -> None:
    with refused("BAD_REQUEST", "ra_num"):
        desk.receive(None)
    with refused("RA_NOT_FOUND"):
        desk.receive("nope")
    desk.erp.change_ra(ra_num, "cancel")
    with refused("RA_CANCELLED"):
        desk.receive(ra_num)


def test_takes_no_more_than_the_ra_has_open(desk: Desk, ra_num: str) -> None:
    desk.receive(ra_num)
    with refused("QTY_EXCEEDS_RA"):
        desk.receive(ra_num, journal_line(qty=2))
    with refused("QTY_EXCEEDS_RA"):
        desk.receive(ra_num, journal_line(), journal_line())
    desk.receive(ra_num)
    assert desk.movements("0001", "MAD01")["RT"] == 2


def test_a_closed_ra_still_takes_what_it_has_open(desk: Desk, ra_num: str) -> None:
    desk.erp.change_ra(ra_num, "close")
    desk.receive(ra_num)
    assert desk.status(ra_num) == "C"
    with refused("QTY_EXCEEDS_RA"):
        desk.receive(ra_num, journal_line(qty=2))


def test_finds_the_ra_lines_by_sku_when_none_is_named(desk: Desk) -> None:
    number = desk.authorise(ra_line(qty=1), ra_line(line_seq=2, qty=2))
    desk.receive(number, journal_line(qty=2, ra_line_seq=None))
    assert [line.qty_rcv for line in desk.erp.books.ra(number).lines] == [1, 1]


def test_moves_a_return_once_into_its_location(desk: Desk, ra_num: str) -> None:
    before = desk.movements("0001")
    desk.receive(ra_num, journal_line(location="MADQ"))
    assert desk.movements("0001", "MADQ") == {"RT": 1}
    assert desk.movements("0001") == {**before, "RT": 1}


def test_a_transfer_adds_up_to_zero_for_each_sku(desk: Desk, ra_num: str) -> None:
    desk.receive(ra_num)
    with refused("TOTAL_MISMATCH"):
        desk.receive(ra_num, _transfer(-1, "MAD01"), _transfer(1, "MADQ", sku="0002"))
    desk.receive(ra_num, _transfer(-1, "MAD01"), _transfer(1, "MADQ"))
    assert desk.movements("0001", "MADQ") == {"SA": 1}
    assert desk.movements("0001", "MAD01")["SA"] == -1
    assert desk.status(ra_num) == "P"


def test_a_transfer_needs_no_ra(desk: Desk) -> None:
    desk.receive(None, _transfer(-2, "MAD01"), _transfer(2, "MADQ"))
    assert desk.movements("0001", "MADQ") == {"SA": 2}


def test_a_transfer_needs_an_item_that_exists(desk: Desk) -> None:
    with refused("ITEM_NOT_FOUND"):
        desk.receive(None, _transfer(-1, "MAD01", "nope"), _transfer(1, "MADQ", "nope"))


def test_is_not_idempotent(desk: Desk, ra_num: str) -> None:
    assert desk.receive(ra_num) != desk.receive(ra_num)
    assert desk.movements("0001", "MAD01")["RT"] == 2
