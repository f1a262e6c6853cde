"""A database that was lost and restored from an older backup: nothing missing, nothing twice, whatever came between."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.db.tables.mirrors import StrayRow
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code
from app.domain.policy import Kind
from app.services.books.reconciliation import read
from app.services.books.recovery import catch_up
from app.services.exceptions.remedies import resolve
from app.services.ledger.windows import open_windows
from tests.support.restored import Loss, a_day, books, lose_and_restore, play, take_backup
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import sale

BEFORE = datetime(2026, 1, 5, 8, tzinfo=UTC).isoformat()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bridge.backup"


def _open(scene: Scene) -> list[str]:
    """What is in the exception queue, but for the questions to the warehouses."""
    return sorted(code for code in scene.codes() if code != Code.RECEIPT_LOST)


def _settled(scene: Scene) -> None:
    """Nothing is left to do, and the books agree."""
    assert set(scene.states().values()) <= {"posted", "withdrawn"}
    scene.clock.move(3700)
    assert read("main", scene.outside.now() - timedelta(hours=8), scene.outside).differences == []


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_books_are_those_of_a_day_without_a_loss(scene: Scene, file: Path, database: str, seed: int) -> None:
    day = a_day(seed)
    play(scene, day)
    wanted, held = books(scene), _open(scene)
    scene.start_again(database)
    backup = len(day) * seed // 12
    play(scene, a_day(seed), Loss(backup, backup + len(day) // 4, seed), file, database)

    assert (books(scene), _open(scene)) == (wanted, held)
    _settled(scene)


def test_nothing_is_sent_before_the_list_is_read(scene: Scene, file: Path, database: str) -> None:
    scene.ask("r1")
    take_backup(file, database)
    scene.work()
    lose_and_restore(scene, file, database, read=False)
    scene.trouble("503", "GET /documents")
    scene.work()
    scene.later(60)
    assert (scene.states(), scene.calls("POST /return_authorizations")) == ({}, 1)

    scene.trouble(None)
    scene.later(60)
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.calls("POST /return_authorizations") == 1


@pytest.mark.parametrize("seed", range(1, 5))
def test_rows_that_cannot_be_read_make_no_document_twice(scene: Scene, file: Path, database: str, seed: int) -> None:
    day = a_day(seed)
    play(scene, day)
    wanted, held = books(scene), _open(scene)
    scene.start_again(database)
    draw, fields = random.Random(seed), ["type", "number", "aux_ref_num", "ref_num2", "posted_at", "qty", "status"]
    numbers = [f"{shelf}{n:08}" for shelf in ("07", "08", "09") for n in range(1, 60)]
    garbled = {number: draw.sample(fields, draw.randint(1, 3)) for number in numbers if draw.random() < 0.5}
    scene.trouble(None, garbled={"GET /documents": garbled})
    backup = len(day) * seed // 12
    play(scene, a_day(seed), Loss(backup, backup + len(day) // 4, seed), file, database)

    assert books(scene) == wanted
    assert set(_open(scene)) - {Code.BOOKS_DIFFER} == set(held)
    scene.trouble(None)
    _settled(scene)
    assert _open(scene) == held


def test_a_list_of_many_pages_is_read_to_its_end_where_most_calls_fail(scene: Scene, file: Path, database: str) -> None:
    scene.write("small.toml", "[settings]\npage_size = 2\n")
    scene.table["bluecherry"]["main"]["profile"] = "small.toml"
    scene.configure({})
    names = ["r1", "r2", "r3"]
    for name in names:
        scene.ask(name)
    take_backup(file, database)
    for n, name in enumerate(names):
        scene.arrive(f"w-{name}", {"0001": 1}, return_id=name)
        scene.work()
        scene.seed(orders=[sale(f"0009{n}{m}", ref_num1=f"9{n}{m}") for m in range(6)])
    lose_and_restore(scene, file, database, read=False)
    scene.trouble(None, rate={"500": 0.5, "cut_before": 0.4}, only=["GET /documents"], seed=2)
    tries = 0
    while not catch_up(scene.outside):
        tries += 1
        assert tries < 60
        scene.clock.move(61)
    assert tries > 3
    assert [mark.name for mark in scene.rows(Mark) if mark.name.startswith("reading")] == []

    scene.trouble(None)
    scene.later(61)
    assert scene.states() == {f"RA-{name}": "posted" for name in names}
    assert (scene.calls("POST /return_authorizations"), len(scene.rows(StrayRow))) == (3, 3)


def _lost_receipt(scene: Scene, file: Path, database: str) -> None:
    """Two units of three come and are journalled and credited; then the database is back at how it was before."""
    scene.ask("r1", item("0001", 3), instant=False)
    scene.work()
    take_backup(file, database)
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    lose_and_restore(scene, file, database)
    scene.tell("r1")
    scene.work()


def test_a_journal_whose_receipt_stays_away_is_before_logistics(scene: Scene, file: Path, database: str) -> None:
    _lost_receipt(scene, file, database)
    scene.later(601)
    told = {each.document_key: each for each in scene.exceptions() if each.code == Code.RECEIPT_LOST}
    assert told["IJ-r1-1"].return_id == "r1"
    assert "IJ-r1-1, 1 units" in told["IJ-r1-1"].message
    assert None in told  # the site itself

    scene.arrive("w1", {"0001": 1}, return_id="r1", received_at=BEFORE)
    scene.work()
    assert scene.codes() == [Code.RECEIPT_LOST]
    assert scene.ledger()["IJ-r1-1"].number == told["IJ-r1-1"].receipt_id
    assert (list(scene.journals()), list(scene.memos())) == (["IJ-r1-1"], ["CM-r1-1"])
    assert scene.ledger()["CM-r1-1"].total == Decimal("10.89")


def test_new_goods_that_look_like_the_lost_ones_wait_for_those(scene: Scene, file: Path, database: str) -> None:
    _lost_receipt(scene, file, database)
    scene.clock.move(3600)
    later = scene.clock.now().isoformat()
    scene.arrive("w2", {"0001": 1}, return_id="r1", received_at=later)
    scene.work()
    assert list(scene.journals()) == ["IJ-r1-1"]
    assert scene.codes() == [Code.RECEIPT_LOST, Code.RECEIPT_LOST]

    scene.arrive("w1", {"0001": 1}, return_id="r1", received_at=BEFORE)
    scene.work()
    scene.later(61)
    ledger = scene.ledger()
    sources = {row.document["source"]: key for key, row in ledger.items() if row.kind == Kind.INVENTORY_JOURNAL}
    assert sources == {"madrid/w1": "IJ-r1-1", "madrid/w2": "IJ-r1-2"}
    assert scene.stock() == {"MAD01": 2}
    assert sorted(scene.memos()) == ["CM-r1-1", "CM-r1-2"]


def test_a_person_says_that_a_lost_receipt_will_not_come(scene: Scene, file: Path, database: str) -> None:
    _lost_receipt(scene, file, database)
    scene.clock.move(3600)
    scene.arrive("w2", {"0001": 1}, return_id="r1", received_at=scene.clock.now().isoformat())
    scene.work()
    resolve([each.id for each in scene.exceptions()], "ana", "the paper is lost")
    scene.later(61)
    assert scene.stock() == {"MAD01": 2}
    assert scene.codes() == []


def test_what_waits_for_a_window_is_looked_up_when_that_opens(scene: Scene, file: Path, database: str) -> None:
    """One memo was posted in the window before the loss, one is for the next."""
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 15m"}}}})
    for name in ("r1", "r2"):
        scene.ask(name)
        scene.arrive(f"w-{name}", {"0001": 1}, return_id=name)
    scene.accept("r1")
    scene.work()
    take_backup(file, database)
    scene.clock.move(900)
    scene.run_windows()
    assert list(scene.memos()) == ["CM-r1-1"]
    lose_and_restore(scene, file, database)
    scene.accept("r2")
    scene.work()
    assert scene.states()["CM-r1-1"] == scene.states()["CM-r2-1"] == "due"

    scene.clock.move(900)
    open_windows(scene.outside)
    for _ in range(3):
        scene.later(6)
    assert sorted(scene.memos()) == ["CM-r1-1", "CM-r2-1"]
    assert scene.ledger()["CM-r1-1"].number == scene.memos()["CM-r1-1"]["memo_num"]
    assert scene.calls("POST /batches") == 1


def test_returns_that_no_list_tells_of_are_found_by_their_documents(scene: Scene, file: Path, database: str) -> None:
    scene.configure({"stores": {"es": {"return_list": False}}})
    take_backup(file, database)
    scene.ask("r1")
    scene.work()
    lose_and_restore(scene, file, database)
    assert scene.states() == {"RA-r1": "posted"}
    assert scene.calls("POST /return_authorizations") == 1
