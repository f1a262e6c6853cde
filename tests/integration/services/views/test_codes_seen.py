from __future__ import annotations

from pathlib import Path

import pytest

from app.db.codec import dump
from app.domain.model import Receipt, ReceiptLine
from app.services.views.codes_seen import Code, SeenCode, codes_seen, unmapped
from tests.support.configuration import load, smallest
from tests.support.rows import NOON, receipt_row, return_row, saved


@pytest.fixture(autouse=True)
def _books(books: str) -> None:
    pass


def _came(return_id: str, *, reason: str = "too_small", **changes: object) -> int:
    row = return_row(return_id, status=str(changes.pop("status", "in_progress")))
    item = {**row.data["items"][0], "reason": reason, "status": changes.pop("item_status", "pending")}
    row.data = {**row.data, "items": [item, item], **changes}
    return saved(row)


def test_every_code_is_counted_in_returns_not_in_lines() -> None:
    pk = _came("r1", reason="boredom", location_id="mars")
    _came("r2", reason="boredom")
    lines = (ReceiptLine(1, "C", sku="1"), ReceiptLine(1, "C", sku="2"))
    saved(receipt_row(pk, data=dump(Receipt("w1", "madrid", "receipt", NOON, lines))))
    saved(receipt_row(None, "w2"))

    assert codes_seen() == [
        SeenCode("es", Code.DESTINATION, "mars", 1),
        SeenCode("es", Code.DESTINATION, None, 1),
        SeenCode("es", Code.GRADE, "C", 1),
        SeenCode("es", Code.ITEM_STATUS, "pending", 2),
        SeenCode("es", Code.REASON, "boredom", 2),
        SeenCode("es", Code.SITE, "madrid", 1),
        SeenCode("es", Code.STATUS, "in_progress", 2),
    ]


@pytest.mark.parametrize(
    ("kind", "code", "key"),
    [
        (Code.REASON, "too big", 'stores.es.reasons."too big"'),
        (Code.STATUS, "on its way", 'stores.es.statuses."on its way"'),
        (Code.ITEM_STATUS, "okay", "stores.es.item_statuses.okay"),
        (Code.GRADE, "C", "stores.es.grades.C"),
        (Code.DESTINATION, "mars", "sites.madrid.reveni_location_ids"),
        (Code.DESTINATION, None, "stores.es.default_site"),
        (Code.SITE, "lyon", "stores.es.sites"),
    ],
)
def test_what_is_not_mapped_is_told_with_the_place_to_add_it(
    tmp_path: Path, kind: Code, code: str | None, key: str
) -> None:
    rules = load(smallest(), tmp_path).stores["es"].rules
    (problem,) = unmapped([SeenCode("es", kind, code, 3)], {"es": rules}, "bridge.toml")

    assert problem.key == key
    assert "3 returns" in problem.what


def test_what_is_mapped_or_of_a_store_that_is_gone_is_not_told(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"] |= {"default_site": "madrid", "item_statuses": {"Okay": "accepted"}}
    table["sites"]["madrid"]["reveni_location_ids"] = ["m"]
    rules = load(table, tmp_path).stores["es"].rules
    seen = [
        SeenCode("es", Code.REASON, "too_small", 1),
        SeenCode("es", Code.STATUS, "In Progress", 1),
        SeenCode("es", Code.ITEM_STATUS, "okay", 1),
        SeenCode("es", Code.GRADE, "rejected", 1),
        SeenCode("es", Code.DESTINATION, "m", 1),
        SeenCode("es", Code.DESTINATION, None, 1),
        SeenCode("es", Code.SITE, "madrid", 1),
        SeenCode("gone", Code.REASON, "boredom", 1),
    ]

    assert list(unmapped(seen, {"es": rules}, "bridge.toml")) == []
