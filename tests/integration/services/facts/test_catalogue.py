from __future__ import annotations

from dataclasses import replace

import pytest

from app.db.codec import dump
from app.db.engine import transaction
from app.db.tables.mapping import SkuAlias
from app.db.tables.mirrors import ItemRow
from app.domain.model import Exchange
from app.reveni.schemas import EXCHANGE_WITHOUT_SKU
from app.services.facts.catalogue import aliases_of, items_of, wanted_skus
from tests.support.rows import NOON, a_return, return_row, saved

pytestmark = pytest.mark.usefixtures("books")


def _alias(sku: str, target: str, store: str = "es") -> None:
    with transaction() as session:
        session.add(SkuAlias(store=store, sku=sku, target=target, by="ana"))


def _item(sku: str, division: str = "010", connection: str = "main") -> None:
    with transaction() as session:
        session.add(
            ItemRow(connection=connection, division=division, sku=sku, known=True, active=True, data={}, seen_at=NOON)
        )


def test_names_are_a_stores_own() -> None:
    _alias("A", "B")
    _alias("A", "C", "uk")
    with transaction() as session:
        assert aliases_of(session, ["es", "fr"]) == {"es": {"A": "B"}}


def test_what_comes_back_and_what_goes_out_is_asked_for_under_its_own_name() -> None:
    (known,) = a_return().items
    sold = a_return(items=(known, type(known)("i2", "X", 1, known.price, "pending", "", None, Exchange("Y", 1))))
    row = return_row(data=dump(sold))
    saved(row)

    assert wanted_skus([row], {"es": {"X": "0001"}}) == {row.pk: {"0012-BLU-M", "0001", "Y"}}


def test_an_exchange_that_names_no_sku_is_asked_for_nowhere() -> None:
    (known,) = a_return().items
    row = return_row(data=dump(a_return(items=(replace(known, exchange=Exchange(EXCHANGE_WITHOUT_SKU, 1)),))))
    saved(row)

    assert wanted_skus([row], {}) == {row.pk: {"0012-BLU-M"}}


def test_a_sku_is_unique_within_its_division() -> None:
    for division, connection in (("010", "main"), ("020", "main"), ("010", "other")):
        _item("0001", division, connection)
    _item("0002")
    with transaction() as session:
        found = items_of(session, {("main", "010"): {"0001", "9999"}, ("main", "020"): {"0002"}})

    assert {where: set(items) for where, items in found.items()} == {("main", "010"): {"0001"}}
