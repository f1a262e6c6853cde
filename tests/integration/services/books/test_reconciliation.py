"""The ledger held against the documents that BlueCherry lists."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.bluecherry.documents import DocumentRow
from app.bluecherry.gateway import Page, UnreadableRow
from app.calls import CallError, Refused, TryLater
from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.ledger import LedgerRow
from app.db.tables.upkeep import Mark
from app.domain.reconciliation import Sort
from app.services.books.reconciliation import Reading, read, reconcile
from app.services.exceptions.remedies import resolve, retry
from app.services.facts.unreadable import ONE_BY_ONE
from app.services.intake.taking_in import take_in
from app.services.ledger.planning import plan
from app.services.ledger.validation import validate
from app.services.views.checklists import compared
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import memo, memo_line, ra, ra_line, sale

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}
LAG = 5.5


def _read(scene: Scene, hours: float = 24) -> Reading:
    """A reading after all that was made is listed."""
    scene.clock.move(LAG)
    return read("main", scene.outside.now() - timedelta(hours=hours), scene.outside)


def _a_day(scene: Scene) -> None:
    """A return of every kind of document, one that was cancelled, a regrade, and a memo by hand."""
    scene.ask("r1", item("0001"), item("0002", exchange=EVEN), type="mixed")
    scene.arrive("w1", {"0001": 1, "0002": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.report(
        "w2",
        {
            "type": "regrade",
            "return_id": "r1",
            "items": [{"sku": "0001", "quantity": 1, "grade": "B", "from_grade": "A"}],
        },
    )
    scene.ask("r2", item("0001"))
    scene.work()
    scene.change("r2", status="cancelled")
    scene.work()
    by_hand = memo(memo_line())
    scene.seed(credit_memos=[{k: v for k, v in by_hand.items() if k not in ("ref_num2", "aux_ref_num")}])


def _double(scene: Scene) -> str:
    """The authorisation of r1 a second time, as a frozen worker would send it; its number."""
    body = ra(ra_line(), ref_num2="r1", aux_ref_num="RA-r1", location="MAD01")
    answer = scene.bluecherry.call("POST", "/return_authorizations", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["ra_num"])


def test_documents_in_shadow_stand_in_no_list(scene: Scene) -> None:
    scene.configure({"stores": {"es": {"shadow": True}}})
    _a_day(scene)
    scene.clock.move(3600)

    reading = _read(scene)
    assert (reading.compared, reading.differences, scene.codes()) == (0, [], [])


def test_after_a_whole_day_nothing_differs(scene: Scene) -> None:
    _a_day(scene)
    reading = _read(scene)

    assert reading.differences == []
    assert reading.ended
    assert reading.compared == len(
        [row for row in scene.ledger().values() if row.number and row.kind not in ("ra_cancel", "ra_close")]
    )
    books = scene.books()
    kinds = ("return_authorisations", "inventory_journals", "credit_memos", "sales_orders")
    assert reading.compared + reading.others == sum(len(books[kind]) for kind in kinds)
    assert scene.codes() == []


def test_a_document_that_was_made_twice_is_before_finance_with_both_numbers(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    number = _double(scene)
    (differs,) = _read(scene).differences

    assert (differs.sort, differs.key) == (Sort.DOUBLED, "RA-r1")
    (exception,) = scene.exceptions()
    assert (exception.code, exception.team, exception.return_id) == ("books_differ", "finance", "r1")
    assert number in exception.message
    assert str(scene.ledger()["RA-r1"].number) in exception.message


def test_it_stays_open_whatever_happens_to_the_return_until_the_books_agree(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    number = _double(scene)
    _read(scene)
    with transaction() as session:
        plan(session, [scene.row().pk], scene.outside)
    _read(scene)
    assert scene.codes() == ["books_differ"]
    assert len(scene.rows(ExceptionRow)) == 1

    assert scene.bluecherry.call("POST", f"/return_authorizations/{number}/cancel", {}).status_code == 200
    assert _read(scene).differences == []
    (exception,) = scene.rows(ExceptionRow)
    assert exception.closed_by == "the books agree again"


def test_a_reading_by_hand_counts_as_the_last_comparison_unless_it_leaves_something_out(scene: Scene) -> None:
    reconcile("main", scene.outside)
    scene.clock.move(3 * 3600)
    _read(scene, hours=1)
    assert scene.outside.now() - compared()["main"] > timedelta(hours=2)

    _read(scene, hours=24)

    assert scene.outside.now() - compared()["main"] < timedelta(minutes=1)


def test_what_a_person_ended_is_not_opened_again(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    _double(scene)
    _read(scene)
    (exception,) = scene.exceptions()
    resolve([exception.id], "ana", "the second is for the boxes")

    assert len(_read(scene).differences) == 1, "it differs all the same"
    assert scene.codes() == []


def test_an_authorisation_that_somebody_cancelled_by_hand_differs(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    number = scene.ledger()["RA-r1"].number
    assert scene.bluecherry.call("POST", f"/return_authorizations/{number}/cancel", {}).status_code == 200
    (differs,) = _read(scene).differences

    assert differs.sort is Sort.CHANGED
    assert "it is standing in the ledger, cancelled in BlueCherry" in differs.message


def test_a_sum_that_is_another_differs(scene: Scene) -> None:
    scene.ask("r1")
    scene.arrive("w1", {"0001": 1}, return_id="r1")
    scene.accept("r1")
    scene.work()
    with transaction() as session:
        session.execute(update(LedgerRow).where(LedgerRow.key == "CM-r1-1").values(total="10.88"))
    (differs,) = _read(scene).differences

    assert (differs.sort, differs.key) == (Sort.CHANGED, "CM-r1-1")
    assert "total 10.88 in the ledger, 10.89 in BlueCherry" in differs.message


def test_a_document_with_our_key_that_the_ledger_does_not_know_differs(scene: Scene) -> None:
    body = memo(memo_line(), ref_num2="gone", aux_ref_num="CM-gone-1")
    assert scene.bluecherry.call("POST", "/credit_memos", body).status_code == 201
    (differs,) = _read(scene).differences

    assert (differs.sort, differs.key) == (Sort.NOT_DUE, "CM-gone-1")
    (exception,) = scene.exceptions()
    assert (exception.return_pk, exception.return_id) == (None, "gone")


def test_what_bluecherry_lost_is_told_and_made_again_when_a_person_says_so(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    scene.forget()
    scene.clock.move(3600)
    (differs,) = _read(scene).differences
    assert (differs.sort, differs.key) == (Sort.MISSING, "RA-r1")
    assert set(scene.ras()) == set()

    (exception,) = scene.exceptions()
    retry([exception.id], "ana")
    scene.later(LAG + 1)
    scene.work()
    assert set(scene.ras()) == {"RA-r1"}
    scene.clock.move(3600)
    assert _read(scene).differences == []
    assert scene.codes() == []


def test_a_document_that_is_due_and_stands_already_is_looked_up_and_not_sent(scene: Scene) -> None:
    scene.ask("r1")
    pks = take_in(scene.outside).returns
    validate(pks, scene.outside)
    assert scene.states() == {"RA-r1": "due"}
    number = _double(scene)
    assert _read(scene).differences == []
    scene.carry(pks)

    row = scene.ledger()["RA-r1"]
    assert (row.state, row.number) == ("posted", number)
    assert scene.calls("POST /return_authorizations") == 1


def test_a_reading_goes_on_where_the_last_one_ended_and_begins_anew_once_a_day(scene: Scene) -> None:
    scene.clock.move(-7200)
    first = reconcile("main", scene.outside)
    assert scene.outside.now() - first.since > timedelta(days=34)
    scene.clock.move(7200)
    second = reconcile("main", scene.outside)
    assert first.reached - second.since == timedelta(minutes=20)

    scene.clock.move(86400)
    third = reconcile("main", scene.outside)
    assert scene.outside.now() - third.since > timedelta(days=34)
    assert {mark.name for mark in scene.rows(Mark)} >= {"books:main", "books round:main"}


def test_a_round_whose_first_reading_fails_is_not_skipped(scene: Scene) -> None:
    reconcile("main", scene.outside)
    scene.clock.move(86400)
    scene.trouble("500", "GET /documents")
    with pytest.raises(CallError):
        reconcile("main", scene.outside)
    scene.trouble(None)
    scene.clock.move(60)

    assert scene.outside.now() - reconcile("main", scene.outside).since > timedelta(days=34)


def test_a_page_of_any_length_is_compared(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.ask("r1")
    scene.work()
    erp, now = scene.outside.bluecherry["main"], scene.outside.now()
    rows = [
        DocumentRow("return_authorization", f"RA{n}", None, None, f"x{n}", f"RA-x{n}", "X", 1, None, now)
        for n in range(66_000)
    ]
    page = Page((*rows, *erp.documents(now - timedelta(days=1)).rows), None)
    monkeypatch.setattr(erp, "documents", lambda since, cursor=None: page)

    reading = reconcile("main", scene.outside)
    assert (reading.ended, reading.differences) == (True, [])
    assert scene.ledger()["RA-r1"].id in reading.lately


class TestUnreadRows:
    """Rows that cannot be read are set aside where finance sees them, and nothing is certain of what they are of."""

    @staticmethod
    def _garble(scene: Scene, *fields: str, key: str = "RA-r1") -> str:
        """The row of a document cannot be read any more; its number."""
        number = str(scene.ledger()[key].number)
        scene.trouble(None, garbled={"GET /documents": {number: list(fields)}})
        return number

    @pytest.fixture(autouse=True)
    def two_returns(self, scene: Scene) -> None:
        for name in ("r1", "r2"):
            scene.ask(name, tell=False)
        for name in ("r1", "r2"):
            scene.tell(name)
            scene.work()

    @staticmethod
    def _lose() -> None:
        """BlueCherry finds the authorisation of r1 no more by its key."""
        with transaction() as session:
            row = session.scalars(select(LedgerRow).where(LedgerRow.key == "RA-r1")).one()
            row.key, row.document = "RA-r1-2", {**row.document, "key": "RA-r1-2"}

    def test_one_is_before_finance_by_number_and_key_and_the_rest_of_the_list_is_read(self, scene: Scene) -> None:
        number = self._garble(scene, "qty")
        reading = _read(scene)

        assert reading.ended
        assert scene.ledger()["RA-r2"].id in reading.lately
        assert [(each.sort, each.key) for each in reading.differences] == [(Sort.UNREAD, "RA-r1")]
        (exception,) = scene.exceptions()
        assert (exception.code, exception.team, exception.return_id) == ("books_differ", "finance", "r1")
        assert f"return authorisation {number} with the key RA-r1, row " in exception.message
        assert "qty is not a whole number" in exception.message

    def test_it_is_told_once_and_closes_when_it_can_be_read_again(self, scene: Scene) -> None:
        self._garble(scene, "qty")
        _read(scene)
        _read(scene)
        assert len(scene.rows(ExceptionRow)) == 1
        scene.trouble(None)
        _read(scene, hours=0)
        assert scene.codes() == ["books_differ"], "what was read since says nothing of it"

        assert _read(scene).differences == []
        (exception,) = scene.rows(ExceptionRow)
        assert exception.closed_by == "the row can be read again"
        assert [mark.name for mark in scene.rows(Mark) if mark.name.startswith("stands")] == []

    def test_a_retry_reads_the_list_again_from_the_beginning(self, scene: Scene) -> None:
        reconcile("main", scene.outside)
        self._garble(scene, "qty", "number")
        reconcile("main", scene.outside)
        (exception,) = scene.exceptions()
        scene.clock.move(3 * 3600)
        reconcile("main", scene.outside)
        scene.trouble(None)
        reconcile("main", scene.outside)
        assert scene.codes() == ["books_differ"]

        retry([exception.id], "ana")
        reconcile("main", scene.outside)
        assert scene.codes() == []

    def test_one_that_says_nothing_of_itself_is_told_by_its_place(self, scene: Scene) -> None:
        self._garble(scene, "type", "number", "aux_ref_num", "ref_num2", "posted_at")
        (differs,) = _read(scene).differences

        assert (differs.sort, differs.ledger_id) == (Sort.UNREAD, None)
        (exception,) = scene.exceptions()
        assert "a document without a number, row " in exception.message
        assert "posted at 20" in exception.message

    def test_what_it_may_be_of_is_not_called_missing(self, scene: Scene) -> None:
        self._garble(scene, "number", "aux_ref_num")
        self._lose()
        scene.clock.move(3600)
        reading = _read(scene)

        assert [each.sort for each in reading.differences] == [Sort.UNREAD]
        assert len(scene.codes()) == 1

    def test_a_document_that_is_missing_is_not_made_again_before_the_row_is_read(self, scene: Scene) -> None:
        scene.forget()
        scene.clock.move(3600)
        _read(scene)
        assert [each.document_key for each in scene.exceptions()] == ["RA-r1", "RA-r2"]
        missing = [each.id for each in scene.exceptions()]
        number = _double(scene)
        scene.trouble(None, garbled={"GET /documents": {number: ["aux_ref_num"]}})
        _read(scene)

        retry(missing, "ana")
        assert set(scene.states().values()) == {"posted"}

        scene.trouble(None)
        _read(scene)
        retry(missing, "ana")
        scene.later(LAG + 1)
        assert set(scene.ras()) == {"RA-r1", "RA-r2"}
        assert scene.calls("POST /return_authorizations") == 2, "the double, and the one that was missing"

    def test_a_double_does_not_end_while_its_row_cannot_be_read(self, scene: Scene) -> None:
        number = _double(scene)
        _read(scene)
        assert [each.cause for each in scene.exceptions()] == [f"doubled:RA-r1:{number}"]
        scene.trouble(None, garbled={"GET /documents": {number: ["status"]}})
        _read(scene)

        assert len(scene.codes()) == 2

    def test_what_is_due_and_stands_in_such_a_row_is_looked_up_and_not_sent(self, scene: Scene) -> None:
        scene.ask("r3")
        pks = take_in(scene.outside).returns
        validate(pks, scene.outside)
        body = ra(ra_line(), ref_num2="r3", aux_ref_num="RA-r3", location="MAD01")
        number = str(scene.bluecherry.call("POST", "/return_authorizations", body).json()["ra_num"])
        scene.trouble(None, garbled={"GET /documents": {number: ["qty"]}})
        _read(scene)
        scene.carry(pks)

        row = scene.ledger()["RA-r3"]
        assert (row.state, row.number) == ("posted", number)

    def test_one_that_a_person_ended_is_not_opened_again(self, scene: Scene) -> None:
        self._garble(scene, "type", "number", "aux_ref_num", "ref_num2")
        _read(scene)
        resolve([each.id for each in scene.exceptions()], "ana", "a memo of 2019")

        assert [each.sort for each in _read(scene).differences] == [Sort.UNREAD]
        assert scene.codes() == []

    def test_what_is_missing_is_told_once_a_person_ended_the_row(self, scene: Scene) -> None:
        self._garble(scene, "type", "number", "aux_ref_num", "ref_num2")
        self._lose()
        scene.clock.move(3600)
        _read(scene)
        (exception,) = scene.exceptions()
        resolve([exception.id], "ana", "a memo of 2019")

        assert [each.sort for each in _read(scene).differences] == [Sort.UNREAD, Sort.MISSING]
        assert [each.document_key for each in scene.exceptions()] == ["RA-r1-2"]

    def _by_hand(self, scene: Scene, **fields: object) -> None:
        """A memo that somebody made, whose row cannot be read."""
        before = {each["memo_num"] for each in scene.books()["credit_memos"]}
        made = {k: v for k, v in memo(memo_line()).items() if k not in ("ref_num2", "aux_ref_num")}
        scene.seed(credit_memos=[made | fields])
        (number,) = {each["memo_num"] for each in scene.books()["credit_memos"]} - before
        scene.trouble(None, garbled={"GET /documents": {number: ["total_amt"]}})

    def test_what_is_missing_is_made_again_beside_a_memo_by_hand_whose_row_cannot_be_read(self, scene: Scene) -> None:
        scene.forget()
        scene.seed(orders=[sale()])
        scene.clock.move(3600)
        self._by_hand(scene)
        _read(scene)
        assert sorted(each.document_key or "" for each in scene.exceptions()) == ["", "RA-r1", "RA-r2"]

        retry([each.id for each in scene.exceptions() if each.document_key], "ana")
        scene.later(LAG + 1)
        assert set(scene.ras()) == {"RA-r1", "RA-r2"}

    def test_the_words_of_a_document_by_hand_are_not_kept(self, scene: Scene) -> None:
        self._by_hand(scene, ref_num2="Ana García", aux_ref_num="for Ana García, 600 123 123")
        _read(scene)

        (exception,) = scene.exceptions()
        assert (exception.document_key, exception.return_id) == (None, None)
        kept = [str(vars(row)) for row in (*scene.rows(ExceptionRow), *scene.rows(Mark))]
        assert not [each for each in kept if "Ana" in each]

    def test_it_stands_where_it_was_read_first_however_little_a_later_reading_says(self, scene: Scene) -> None:
        reconcile("main", scene.outside)
        self._garble(scene, "number", "aux_ref_num", "posted_at", key="RA-r2")
        reconcile("main", scene.outside)
        (exception,) = scene.exceptions()
        # Now it is the first row of its list: it says of itself no more than that it was posted some time.
        erp, since = scene.outside.bluecherry["main"], scene.outside.now() - timedelta(hours=12)
        (row,) = erp.documents(since).unreadable
        page: Page[DocumentRow] = Page((), None, (replace(row, place=1),))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(erp, "documents", lambda since, cursor=None: page)
            _read(scene, hours=12)
        scene.trouble(None)
        _read(scene, hours=6)

        assert [each.id for each in scene.exceptions()] == []
        assert scene.rows(ExceptionRow)[0].id == exception.id

    def test_very_many_are_one_mistake(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        erp, now = scene.outside.bluecherry["main"], scene.outside.now()
        ask = erp.documents
        rows = tuple(
            UnreadableRow(n, f"{n:064}", ("qty is missing",), {"type": "credit_memo", "number": f"CM{n}"})
            for n in range(1, 66_001)
        )
        with monkeypatch.context() as patch:
            patch.setattr(erp, "documents", lambda since, cursor=None: Page((), None, rows))
            for _ in range(2):
                reading = _read(scene)
                assert (reading.ended, len(reading.unread)) == (True, ONE_BY_ONE + 1)
                assert len(scene.exceptions()) == ONE_BY_ONE + 1
        assert "More rows of BlueCherry's list cannot be read" in scene.exceptions()[-1].message
        assert erp.documents == ask

        _read(scene, hours=(scene.outside.now() - now).total_seconds() / 3600 + 48)
        assert scene.codes() == []
        assert [mark.name for mark in scene.rows(Mark) if mark.name.startswith("stands")] == []

    def test_a_key_that_is_too_long_for_one_is_none(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        erp, now = scene.outside.bluecherry["main"], scene.outside.now()
        key = "RA-" + "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
        row = DocumentRow("return_authorization", "RA9", None, None, None, key, "A", 1, None, now)
        bad = UnreadableRow(2, "f" * 64, ("qty is missing",), {"aux_ref_num": key, "ref_num2": key, "number": "RA8"})
        monkeypatch.setattr(erp, "documents", lambda since, cursor=None: Page((row,), None, (bad,)))

        assert [each.sort for each in _read(scene).differences] == [Sort.UNREAD]


class TestLongList:
    """A list of pages of two documents each, of which single ones fail for good."""

    @pytest.fixture(autouse=True)
    def pages(self, scene: Scene) -> None:
        scene.write("small.toml", "[settings]\npage_size = 2\n")
        scene.table["bluecherry"]["main"]["profile"] = "small.toml"
        scene.configure({})
        for n in range(4):
            scene.seed(orders=[sale(f"0009{n}{m}", ref_num1=f"9{n}{m}") for m in range(4)])
            scene.ask(f"r{n}", item("0001" if n < 3 else "0002"))
            scene.work()
        scene.clock.move(3600)

    def _to_the_end(self, scene: Scene) -> tuple[Reading, int]:
        broke_off = 0
        while True:
            try:
                return reconcile("main", scene.outside), broke_off
            except CallError:
                broke_off += 1
            assert broke_off < 60
            scene.clock.move(61)
            assert scene.outside.ready("main")

    def _stop_after(self, pages: int, scene: Scene) -> None:
        """A reading that breaks off after so many pages."""
        erp = scene.outside.bluecherry["main"]
        ask, answers = erp.documents, [True] * pages

        def answered(since: datetime, cursor: str | None) -> Page[DocumentRow]:
            if not answers:
                raise TryLater("BlueCherry GET", "throttled", timedelta(seconds=1))
            answers.pop()
            return ask(since, cursor=cursor)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(erp, "documents", answered)
            with pytest.raises(TryLater):
                reconcile("main", scene.outside)

    def test_it_is_read_to_its_end_where_most_calls_fail(self, scene: Scene) -> None:
        calls = scene.calls("GET /documents")
        scene.trouble(None, rate={"500": 0.5, "cut_before": 0.4}, only=["GET /documents"], seed=1)
        reading, broke_off = self._to_the_end(scene)

        assert broke_off > 2
        assert (reading.ended, reading.compared, reading.differences) == (True, 4, [])
        books = scene.books()
        kinds = ("return_authorisations", "inventory_journals", "credit_memos", "sales_orders")
        assert reading.compared + reading.others == sum(len(books[kind]) for kind in kinds)
        assert scene.calls("GET /documents") > calls + 10
        assert scene.codes() == []

    def test_what_was_listed_before_it_broke_off_is_not_looked_for(self, scene: Scene) -> None:
        looked = scene.calls("GET /return_authorizations")
        self._stop_after(9, scene)
        reading = reconcile("main", scene.outside)

        assert (reading.ended, reading.compared, reading.differences) == (True, 4, [])
        assert scene.calls("GET /return_authorizations") == looked
        assert {mark.name for mark in scene.rows(Mark)} == {"books:main", "books round:main"}

    def test_what_differs_on_either_side_of_it_is_told_once_and_closed_when_it_agrees(self, scene: Scene) -> None:
        keys = {"RA-r0", "RA-r3"}
        with transaction() as session:
            session.execute(update(LedgerRow).where(LedgerRow.key.in_(keys)).values(units=7))
        self._stop_after(5, scene)
        assert [each.document_key for each in scene.exceptions()] == ["RA-r0"]
        reading = reconcile("main", scene.outside)
        assert [(each.sort, each.key) for each in reading.differences] == [(Sort.CHANGED, key) for key in sorted(keys)]
        assert len(scene.rows(ExceptionRow)) == 2

        with transaction() as session:
            session.execute(update(LedgerRow).where(LedgerRow.key.in_(keys)).values(units=1))
        scene.clock.move(86400)
        self._stop_after(5, scene)
        assert len(scene.codes()) == 2, "the list is not read whole"
        reconcile("main", scene.outside)
        assert scene.codes() == []

    def test_a_day_that_ends_meanwhile_begins_no_new_round(self, scene: Scene) -> None:
        scene.clock.move(-7200)
        self._stop_after(2, scene)
        with transaction() as session:
            yesterday = (scene.outside.now() - timedelta(days=1)).isoformat()
            session.execute(update(Mark).where(Mark.name == "books round:main").values(value=yesterday))

        first = reconcile("main", scene.outside)
        assert (first.ended, first.compared) == (True, 4)
        assert scene.outside.now() - reconcile("main", scene.outside).since > timedelta(days=34)

    def test_a_cursor_that_bluecherry_no_longer_takes_makes_it_begin_anew(self, scene: Scene) -> None:
        self._stop_after(5, scene)
        with transaction() as session:
            kept = session.get_one(Mark, "reading books:main")
            kept.value = kept.value.replace('"cursor": "p', '"cursor": "q')
        with pytest.raises(Refused):
            reconcile("main", scene.outside)

        reading = reconcile("main", scene.outside)
        assert (reading.ended, reading.compared, reading.differences) == (True, 4, [])

    def test_two_at_once_do_no_harm(self, scene: Scene) -> None:
        self._stop_after(3, scene)
        with ThreadPoolExecutor(2) as pool:
            readings = list(pool.map(lambda _: reconcile("main", scene.outside), range(2)))

        assert [(each.compared, each.differences) for each in readings] == [(4, []), (4, [])]
        assert scene.codes() == []
