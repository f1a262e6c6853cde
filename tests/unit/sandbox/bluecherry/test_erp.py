from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.json import Json
from app.sandbox.tape import Tape, TapeError
from tests.unit.sandbox.world import Body, Desk, journal_line, memo, ra, ra_line, refused


def _books(desk: Desk) -> list[Json]:
    books = desk.erp.books
    shelves = (books.ras, books.journals, books.memos, books.orders)
    return [[{**each.as_json(), **each.feed_row()} for each in shelf] for shelf in shelves] + [list(books.stock.rows())]


def _live(path: Path) -> Desk:
    """A desk on which something of everything happened."""
    desk = Desk(Tape(path))
    ra_num = desk.authorise(ra_line(qty=3))
    desk.clock.move(1)
    desk.receive(ra_num, journal_line(qty=2))
    desk.erp.change_ra(ra_num, "close")
    desk.erp.change_ra(desk.authorise(), "cancel")
    desk.erp.change_order(desk.exchange(), "cancel")
    desk.erp.change_order(desk.exchange(), "invoice")
    desk.erp.memo_by_hand(memo(ref_num2=None))
    with refused("ORDER_NOT_FOUND"):
        desk.authorise(ord_num="nope")
    return desk


def test_the_next_run_knows_the_same(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    before = _live(path)
    after = Desk(Tape(path), empty=True)
    assert _books(after) == _books(before)
    after.credit()
    assert len(after.erp.books.memos) == 2


def test_a_batch_that_was_under_way_is_ended_by_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    documents: list[Body] = [{"type": "return_authorization", "body": ra(aux_ref_num=f"RA-{n}")} for n in range(30)]
    before = Desk(Tape(path))
    number = before.erp.take_batch({"batch_ref": "b1", "documents": documents}).number
    before.clock.move(0.25)
    after = Desk(Tape(path), empty=True)
    batch = after.erp.batches.get(number)
    assert batch is not None
    # Not more than three fit on the order: those that the first run posted count.
    assert batch.status == "queued"
    assert len(after.erp.books.ras) == 3
    after.clock.move(1)
    assert batch.status == "done"
    assert len(batch.results) == 30
    assert len(after.erp.books.ras) == 3
    assert len(after.erp.books.visible(after.erp.books.ras, after.clock.now())) == 3


def test_a_reset_forgets_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    desk = _live(path)
    desk.erp.reset()
    assert len(desk.erp.books.orders) == 0
    assert len(Desk(Tape(path), empty=True).erp.books.orders) == 0


def test_a_bad_seed_changes_nothing(desk: Desk) -> None:
    with refused("BAD_REQUEST", "periods[0].open"):
        desk.erp.seed({"locations": ["NEW"], "periods": [{"period": "x", "from": "2024-01-01", "to": "2024-01-31"}]})
    assert "NEW" not in desk.erp.books.locations


def test_a_tape_of_other_options_is_named(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    Desk(Tape(path), inactive_returnable=True).authorise(ra_line(ord_line_seq=3, sku="0003"))
    with pytest.raises(TapeError, match=r"books.jsonl, line 2: ITEM_INACTIVE"):
        Desk(Tape(path), empty=True)


def test_a_tape_of_another_server_is_named(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    path.write_bytes(b'{"do":"verdict","at":"2024-05-02T08:00:00Z"}\n')
    with pytest.raises(TapeError, match="line 1"):
        Desk(Tape(path), empty=True)
