from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.config import Config
from app.config.model import WarehouseSite
from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.mirrors import ItemRow
from app.db.tables.returns import InboxEvent, ReceiptRow
from app.domain.documents import State
from app.domain.model import Receipt, ReceiptLine
from app.domain.policy import UNGRADED, Kind, Place
from app.services.intake.station import (
    Entered,
    NotReceived,
    find_return,
    grades_of,
    receive,
    received,
    sites_of,
)
from app.services.outside import build
from app.services.views.return_page import return_page
from tests.support.configuration import load, smallest
from tests.support.rows import NOON, ledger_row, receipt_row, return_row, saved
from tests.support.scene import Scene, item

pytestmark = pytest.mark.usefixtures("books")


def _table() -> dict[str, Any]:
    table = smallest()
    table["sites"]["silent"] = {"location": "SIL01", "quarantine": "SILQ"}
    table["stores"]["es"]["sites"] = ["madrid", "silent"]
    table["stores"]["es"]["grades"] |= {"A": {}, "B": {"location": "SILB", "lot": "2"}}
    return table


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(_table(), tmp_path)


@pytest.fixture
def site(config: Config) -> WarehouseSite:
    (found,) = sites_of(config)
    return found


def stored() -> list[Mapping[str, Any]]:
    with transaction() as session:
        return [json.loads(body) for body in session.scalars(select(InboxEvent.body).order_by(InboxEvent.id))]


def test_a_site_with_a_feed_receives_by_it(config: Config) -> None:
    assert [site.name for site in sites_of(config)] == ["silent"]


def test_where_the_items_status_is_the_receipt_nothing_is_received_here(tmp_path: Path) -> None:
    table = _table()
    table["stores"]["es"]["warehouse_feed"] = False
    assert sites_of(load(table, tmp_path)) == []


def test_grades_are_those_of_the_stores(config: Config, site: WarehouseSite) -> None:
    assert grades_of(site, config) == ["rejected", "A", "B"]


@pytest.mark.parametrize("reference", ["r1", "RA7", "T1"])
def test_a_return_is_found_by_id_authorisation_or_tracking(config: Config, site: WarehouseSite, reference: str) -> None:
    pk = saved(return_row(tracking_number="T1"))
    saved(ledger_row(pk, Kind.RETURN_AUTHORISATION, state=State.POSTED, number="RA7"))
    saved(receipt_row(pk))

    found = find_return(site, reference, build(config))
    assert found is not None
    assert (found.store, found.id, found.ra_num) == ("es", "r1", "RA7")
    assert [(line.sku, line.announced, line.received) for line in found.lines] == [("0012-BLU-M", 2, 2)]


def test_goods_that_came_by_upc_came(config: Config, site: WarehouseSite) -> None:
    pk = saved(return_row(tracking_number="T1"))
    lines = (ReceiptLine(1, "A", upc="8400000000017"), ReceiptLine(1, "A", sku="8400000000017"))
    saved(receipt_row(pk, data=dump(Receipt("w1", "silent", "receipt", NOON, lines))))
    item = {"connection": "main", "division": "010", "known": True, "active": True, "data": {}, "seen_at": NOON}
    with transaction() as session:
        session.add(ItemRow(sku="0012-BLU-M", upc="8400000000017", **item))

    found = find_return(site, "T1", build(config))
    assert found is not None
    assert [(line.sku, line.announced, line.received) for line in found.lines] == [("0012-BLU-M", 2, 2)]


def test_what_nobody_knows_is_not_found(config: Config, site: WarehouseSite) -> None:
    assert find_return(site, "nothing", build(config)) is None


def test_a_receipt_that_is_sent_twice_is_one(site: WarehouseSite) -> None:
    for _ in range(2):
        receive(site, "station-1", "T1", [Entered("0012-BLU-M", 2, "A", "torn box")], NOON)

    (message,) = stored()
    assert message["tracking_number"] == message["ra_num"] == message["return_id"] == "T1"
    assert message["items"] == [{"sku": "0012-BLU-M", "quantity": 2, "grade": "A", "note": "torn box"}]


def test_a_upc_is_told_from_a_sku_by_the_item_master(site: WarehouseSite) -> None:
    for sku, upc in (("S-1", "8400000000017"), ("8400000000024", None)):
        with transaction() as session:
            item = {"connection": "main", "division": "010", "known": True, "active": True, "data": {}, "seen_at": NOON}
            session.add(ItemRow(sku=sku, upc=upc, **item))
    codes = ("8400000000017", "8400000000024", "8400000000031")
    receive(site, "station-1", "T1", [Entered(code, 1, "A") for code in codes], NOON)

    (message,) = stored()
    assert [next(iter(item)) for item in message["items"]] == ["upc", "sku", "sku"]


@pytest.mark.parametrize(
    ("reference", "lines", "says"),
    [
        ("", [Entered("S", 1, "A")], "reference"),
        ("T1", [], "lines"),
        ("T1", [Entered("S", 0, "A")], "quantity"),
    ],
)
def test_what_is_no_receipt_is_told(site: WarehouseSite, reference: str, lines: list[Entered], says: str) -> None:
    with pytest.raises(NotReceived, match=says):
        receive(site, "station-1", reference, lines, NOON)
    assert stored() == []


@pytest.mark.parametrize(
    ("waited", "taken"), [(timedelta(hours=5), True), (timedelta(days=31), False), (-timedelta(hours=1), False)]
)
def test_goods_that_waited_in_the_browser_keep_their_time(site: WarehouseSite, waited: timedelta, taken: bool) -> None:
    receive(site, "station-1", "T1", [Entered("S", 1, "A")], NOON, NOON - waited)
    (message,) = stored()
    assert message["received_at"] == (NOON - waited if taken else NOON).isoformat()


def test_each_grade_says_where_its_goods_go(config: Config, site: WarehouseSite) -> None:
    lines = [Entered("S", 1, grade) for grade in ("A", "B", "rejected", UNGRADED)]
    receive(site, "station-1", "T1", lines, NOON)

    found = received(site, "station-1", config)
    assert found is not None
    places = [(line.grade, line.place, line.quarantine) for line in found.lines]
    assert places == [
        ("A", Place("SIL01"), False),
        ("B", Place("SILB", "2"), False),
        ("rejected", Place("MADR"), False),
        (UNGRADED, Place("SILQ"), True),
    ]
    assert received(site, "station-2", config) is None


def test_goods_of_the_station_go_the_way_of_all_goods(scene: Scene) -> None:
    scene.configure(
        {
            "sites": {"silent": {"location": "MAD01", "quarantine": "MADQ"}},
            "stores": {"es": {"sites": ["madrid", "silent"]}},
        }
    )
    scene.ask("r1")
    scene.work()
    (site,) = sites_of(scene.outside.config)
    receive(site, "station-1", "T-r1", [Entered("0001", 1, "A")], scene.clock.now(), by="lola")
    scene.work()

    (journal,) = scene.journals().values()
    assert journal["lines"][0]["location"] == "MAD01"
    with transaction() as session:
        kept = session.scalars(select(ReceiptRow)).one()
        assert (kept.external_id, kept.return_pk) == ("station-1", scene.row("r1").pk)
    shown = received(site, "station-1", scene.outside.config)
    assert shown is not None
    assert (shown.state, shown.return_id) == ("done", "r1")
    told = [(each.what, each.by) for each in return_page("es", "r1", scene.outside).moments if each.sort == "event"]
    assert ("warehouse silent", "lola") in told


def test_what_a_warehouse_says_of_who_entered_it_is_not_believed(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1", entered_by="lola")
    scene.work()

    told = [(each.what, each.by) for each in return_page("es", "r1", scene.outside).moments if each.sort == "event"]
    assert ("warehouse madrid", None) in told


@pytest.mark.parametrize("others", [0, 1], ids=["one return", "one of two by the tracking number"])
def test_a_label_that_is_scanned_before_the_item_master_is_known_is_understood_later(scene: Scene, others: int) -> None:
    scene.seed(items=[{"sku": "0001", "division": "010", "upc": "8400000000017", "active_ok": "Y"}])
    scene.configure(
        {
            "sites": {"silent": {"location": "MAD01", "quarantine": "MADQ"}},
            "stores": {"es": {"sites": ["madrid", "silent"]}},
        }
    )
    (site,) = sites_of(scene.outside.config)
    receive(site, "station-1", "T-r1", [Entered("8400000000017", 1, "A")], scene.clock.now())
    scene.ask("r1")
    if others:
        scene.ask("r2", item("0002"), shipping={"carrier": "seur", "tracking_number": "T-r1", "destination": None})
    scene.work()
    scene.later(120)
    scene.work()

    (journal,) = scene.journals().values()
    assert [(each["sku"], each["location"]) for each in journal["lines"]] == [("0001", "MAD01")]
    assert scene.codes() == []
