from __future__ import annotations

from datetime import timedelta

from tests.unit.sandbox.world import Body, Desk, order_line, sale


def _feed(
    desk: Desk, kind: str | None = None, start: int | None = None, limit: int = 100
) -> tuple[list[str], int | None]:
    rows, then = desk.erp.books.feed.page(kind, None, start, limit, desk.clock.now())
    return [f"{row.type} {row.number}" for row in rows], then


def test_a_look_up_lags_behind_the_document(desk: Desk) -> None:
    books = desk.erp.books
    books.lag = timedelta(seconds=5)
    desk.authorise()
    found = books.ras.find(aux_ref_num="RA-r1")
    assert len(found) == 1
    assert books.visible(found, desk.clock.now()) == []
    desk.clock.move(4.9)
    assert books.visible(found, desk.clock.now()) == []
    desk.clock.move(0.1)
    assert books.visible(found, desk.clock.now()) == found


def test_the_rules_do_not_lag(desk: Desk) -> None:
    desk.erp.books.lag = timedelta(seconds=5)
    desk.receive(desk.authorise())


def test_the_feed_has_one_row_per_document_as_it_is_now(desk: Desk) -> None:
    ra_num = desk.authorise()
    desk.clock.move(1)
    desk.receive(ra_num)
    desk.clock.move(1)
    memo_num = desk.credit(ra_num=ra_num)
    rows, then = desk.erp.books.feed.page(None, None, 2, 100, desk.clock.now())
    assert then is None
    assert [row.feed_row() for row in rows] == [
        {
            "type": "return_authorization",
            "number": ra_num,
            "ord_num": "000100",
            "ra_num": ra_num,
            "ref_num2": "r1",
            "aux_ref_num": "RA-r1",
            "status": "R",
            "qty": 1,
            "total_amt": None,
            "posted_at": "2024-05-02T08:00:00.000000Z",
        },
        {
            "type": "inventory_journal",
            "number": "0800000001",
            "ord_num": "000100",
            "ra_num": ra_num,
            "ref_num2": "r1",
            "aux_ref_num": "IJ-r1-1",
            "status": "posted",
            "qty": 1,
            "total_amt": None,
            "posted_at": "2024-05-02T08:00:01.000000Z",
        },
        {
            "type": "credit_memo",
            "number": memo_num,
            "ord_num": "000100",
            "ra_num": ra_num,
            "ref_num2": "r1",
            "aux_ref_num": "CM-r1-1",
            "status": "allocated",
            "qty": 1,
            "total_amt": "10.89",
            "posted_at": "2024-05-02T08:00:02.000000Z",
        },
    ]


def test_the_feed_is_read_in_pages(desk: Desk) -> None:
    numbers = [desk.authorise() for _ in range(3)]
    first, then = _feed(desk, "return_authorization", limit=2)
    assert then is not None
    second, end = _feed(desk, "return_authorization", start=then, limit=2)
    assert first + second == [f"return_authorization {number}" for number in numbers]
    assert end is None


def test_the_feed_begins_at_a_time_inclusive(desk: Desk) -> None:
    desk.authorise()
    desk.clock.move(1)
    since = desk.clock.now()
    number = desk.authorise()
    rows, _ = desk.erp.books.feed.page(None, since, None, 100, desk.clock.now())
    assert [row.number for row in rows] == [number]
    later, _ = desk.erp.books.feed.page(None, since + timedelta(microseconds=1), None, 100, desk.clock.now())
    assert later == []


def test_the_feed_never_carries_a_reader_past_what_lags(desk: Desk) -> None:
    books = desk.erp.books
    books.lag = timedelta(seconds=5)
    late = desk.authorise()
    books.lag = timedelta()
    early = desk.authorise()
    assert _feed(desk, "return_authorization") == ([], None)
    desk.clock.move(5)
    assert _feed(desk, "return_authorization")[0] == [f"return_authorization {number}" for number in (late, early)]


def test_stock_counts_by_the_formulas(desk: Desk) -> None:
    """QOH = SA + RT + R1 + R2 − IN − CM + RV − RI; OTS = SA + RT + R1 + R2 − IN − CM − PK − RS − OP − DM."""
    units = {"SA": 1, "RT": 2, "R1": 4, "R2": 8, "IN": 16, "CM": 32, "RV": 64, "RI": 128, "PK": 256, "RS": 512}
    units |= {"OP": 1024, "DM": 2048, "XX": 4096}
    place = {"division": "010", "sku": "0004", "location": "MADQ"}
    desk.erp.seed({"stock": [{**place, "rec_type": kind, "qty": qty} for kind, qty in units.items() if kind != "XX"]})
    row = next(row for row in desk.erp.books.stock.rows() if row["sku"] == "0004")
    assert row["qoh"] == 1 + 2 + 4 + 8 - 16 - 32 + 64 - 128
    assert row["ots"] == 1 + 2 + 4 + 8 - 16 - 32 - 256 - 512 - 1024 - 2048


def test_lots_of_a_location_count_together_and_locations_apart(desk: Desk) -> None:
    place: Body = {"division": "010", "sku": "0004", "rec_type": "R1", "qty": 1}
    desk.erp.seed(
        {
            "stock": [
                {**place, "location": "MAD01"},
                {**place, "location": "MAD01", "lot": "L1"},
                {**place, "location": "MADQ"},
                {**place, "location": "MAD01", "division": "020"},
            ]
        }
    )
    assert desk.movements("0004", "MAD01") == {"R1": 2}
    assert desk.movements("0004") == {"R1": 3}


def test_a_seed_again_leaves_the_orders_that_are_there(desk: Desk) -> None:
    before = desk.movements("0001")
    desk.erp.seed({"orders": [sale(lines=[order_line(1, "0001", 9)])]})
    assert desk.erp.books.order("000100").lines[1].qty_inv == 3
    assert desk.movements("0001") == before


def test_items_are_found_by_sku_and_upc_each_once(desk: Desk) -> None:
    found = desk.erp.books.items.look_up("010", ["0001", "nope"], ["0840001"])
    assert [item.sku for item in found] == ["0001"]
    assert desk.erp.books.items.look_up("020", ["0001"], ["0840001"]) == []


def test_a_changed_item_comes_last_and_once(desk: Desk) -> None:
    desk.clock.move(1)
    desk.erp.seed({"items": [{"division": "010", "sku": "0001", "active_ok": "N"}]})
    items = desk.erp.books.items
    page, then = items.changed_since(None, "010", 0, 3)
    assert [item.sku for item in page] == ["0002", "0003", "0004"]
    assert then is not None
    rest, end = items.changed_since(None, "010", then, 3)
    assert [(item.sku, item.active_ok) for item in rest] == [("0001", "N")]
    assert end is None
    assert [item.sku for item in items.changed_since(desk.clock.now(), None, 0, 3)[0]] == ["0001"]
    assert items.look_up("010", [], ["0840001"]) == []
