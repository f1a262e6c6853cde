from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.calls import Doubtful, Refused
from app.db.codec import load
from app.db.engine import transaction
from app.db.tables.mirrors import OrderRow
from app.domain.model import Order
from app.services.facts.orders import FetchedOrder, look_at_orders, refresh_orders, save_looks, save_orders
from tests.support.scene import Scene
from tests.unit.sandbox.world import memo, memo_line, ra

KEY = ("main", "000100")


def _fetch(scene: Scene) -> FetchedOrder:
    ((fetched,), failures) = refresh_orders([KEY], scene.outside)
    assert failures == {}
    return fetched


def _save(*fetched: FetchedOrder) -> None:
    with transaction() as session:
        save_orders(session, fetched)


def test_an_order_comes_with_the_memos_on_it(scene: Scene) -> None:
    scene.seed(credit_memos=[memo(memo_line())])
    fetched = _fetch(scene)

    assert fetched.order.ord_num == "000100"
    assert fetched.memos is not None
    assert [str(each.total) for each in fetched.memos] == ["10.89"]


def test_each_that_cannot_be_had_says_why(scene: Scene) -> None:
    scene.trouble("500", "GET /credit_memos")
    fetched, failures = refresh_orders([KEY, ("main", "nobody")], scene.outside)

    assert fetched == []
    assert isinstance(failures[KEY], Doubtful)
    scene.trouble(None)
    fetched, failures = refresh_orders([KEY, ("main", "nobody")], scene.outside)
    assert [each.order.ord_num for each in fetched] == ["000100"]
    assert isinstance(failures["main", "nobody"], Refused)


def test_the_address_is_not_kept(scene: Scene) -> None:
    fetched = _fetch(scene)
    assert fetched.order.ship_to == {"city": "Madrid"}
    _save(fetched)

    (row,) = scene.rows(OrderRow)
    assert "Madrid" not in str(row.data)


def test_an_older_fetch_never_replaces_a_newer_one(scene: Scene) -> None:
    now = _fetch(scene)
    later = replace(now, order=replace(now.order, ord_status="X"), fetched_at=now.fetched_at + timedelta(seconds=1))
    _save(later)
    _save(now)

    (row,) = scene.rows(OrderRow)
    assert load(Order, row.data).ord_status == "X"


def test_a_fetch_without_memos_leaves_those_that_are_known(scene: Scene) -> None:
    scene.seed(credit_memos=[memo(memo_line())])
    fetched = _fetch(scene)
    _save(fetched)
    _save(replace(fetched, memos=None, fetched_at=fetched.fetched_at + timedelta(seconds=1)))

    (row,) = scene.rows(OrderRow)
    assert len(row.memos) == 1


def test_a_look_brings_the_authorisations_too(scene: Scene) -> None:
    assert scene.bluecherry.call("POST", "/return_authorizations", ra()).status_code == 201
    looks, _ = look_at_orders([KEY], scene.outside)
    with transaction() as session:
        save_looks(session, looks)

    (row,) = scene.rows(OrderRow)
    assert [each["aux_ref_num"] for each in row.ras] == ["RA-r1"]


def test_a_look_that_fails_leaves_what_is_known(scene: Scene) -> None:
    scene.trouble("500", "GET /return_authorizations")

    looks, failures = look_at_orders([KEY], scene.outside)
    assert (looks, set(failures)) == ([], {KEY})
