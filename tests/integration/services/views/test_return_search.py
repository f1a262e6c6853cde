from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.db.engine import transaction
from app.db.tables.returns import ReturnRow
from app.pseudonym import VARIABLE, pseudonym
from app.secret import Secret
from app.services.privacy.erasure import erase_customer
from app.services.views.return_search import NoKey, search_returns
from tests.support.rows import ledger_row, return_row, saved
from tests.support.scene import Scene, item

KEY = Secret("a-key-of-the-tests")


@pytest.fixture(autouse=True)
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY.reveal())


def _found(scene: Scene, wanted: str, **changes: Any) -> list[str]:
    return [line.id for line in search_returns(wanted, scene.outside.config, **changes).rows]


def test_a_return_is_found_by_whatever_names_it(scene: Scene) -> None:
    scene.ask("r1", item("0001"))
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.ask("other", item("0002"), order={"external_id": "unknown", "number": "#9"})
    scene.work()
    row = scene.row("r1")
    numbers = [scene.ledger()[key].number for key in ("RA-r1", "IJ-r1-1", "CM-r1-1")]

    for name in ("r1", " r1 ", "5001", row.ord_num, "T-r1", "RA-r1", "CM-r1-1", *numbers, "0001"):
        assert _found(scene, str(name)) == ["r1"], name


def test_an_address_is_found_by_its_hash_however_it_is_written(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()

    assert _found(scene, " Jane.Doe@Example.com ") == ["r1"]
    assert scene.row("r1").email_hash == pseudonym("jane.doe@example.com", KEY)
    assert _found(scene, "john.doe@example.com") == []


def test_who_was_erased_is_found_no_more(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    erase_customer("jane.doe@example.com", "ann", KEY, scene.outside)
    scene.tell("r1")
    scene.work()

    assert _found(scene, "jane.doe@example.com") == []
    assert _found(scene, "r1") == ["r1"]


def test_without_a_key_nobody_is_found_by_address_and_that_is_said(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(NoKey, match="BRIDGE_PERSONAL_KEY"):
        _found(scene, "jane.doe@example.com")


def test_many_of_one_sku_come_in_pages_the_newest_first(scene: Scene) -> None:
    for n in range(5):
        saved(return_row(f"r{n}"))

    first = search_returns("0012-BLU-M", scene.outside.config, limit=2)
    second = search_returns("0012-BLU-M", scene.outside.config, first.next, limit=2)

    assert [line.id for page in (first, second) for line in page.rows] == ["r4", "r3", "r2", "r1"]


def test_nothing_is_asked_for_nothing(scene: Scene) -> None:
    saved(ledger_row(saved(return_row())))

    assert _found(scene, "  ") == []
    assert _found(scene, "nonsense") == []


@pytest.mark.parametrize("column", ["ord_num", "email_hash", "tracking_number"])
def test_every_way_has_an_index(scene: Scene, column: str) -> None:
    with transaction() as session:
        session.execute(text("set local enable_seqscan = off"))
        plan = session.execute(text(f"explain select pk from returns where {column} = '1'")).scalars().all()
        assert any("Index" in line or "Bitmap" in line for line in plan), ReturnRow
