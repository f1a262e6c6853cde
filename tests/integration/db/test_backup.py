"""Backups: whole, of one moment, and put back whole or not at all."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest
from sqlalchemy import select, text

from app.db.backup import BackupFault, back_up, mark_restored, restore
from app.db.engine import engine, transaction
from app.db.tables.base import Base
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow, ReturnVersion
from app.db.tables.upkeep import Mark, RestoreRow
from app.services.outside import utc_now
from tests.support import postgres
from tests.support.restored import leave


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a return, its authorisation, and what triggers wrote about both."""
    monkeypatch.setenv("DATABASE_URL", database)
    with transaction() as session:
        now = utc_now()
        row = ReturnRow(
            store="es",
            id="r1",
            data={"note": "tab\tnewline\nbackslash\\ nul-like \\N ü 🧥"},
            personal={"name": "Jane Doe"},
            status="in_progress",
            phase="in_progress",
            order_ref="5001",
            updated=now,
        )
        session.add(row)
        session.flush()
        common = {"return_pk": row.pk, "store": "es", "connection": "main", "ord_num": "1", "document": {}, "n": 1}
        for key, state in (("RA-r1", "posted"), ("IJ-r1-1", "refused"), ("CM-r1-1", "due")):
            session.add(LedgerRow(key=key, kind="x", state=state, mapping_version="1", after=[], **common))
        session.add(LedgerRow(key="RA-r2", kind="x", state="due", shadow=True, mapping_version="1", **common))
        session.merge(Mark(name="books round:main", value="x", at=now))
    return database


def _everything(leave_out: tuple[str, ...] = ()) -> dict[str, list[str]]:
    with engine().connect() as connection:
        return {
            table.name: sorted(connection.scalars(text(f'select t::text from "{table.name}" t')))
            for table in Base.metadata.sorted_tables
            if table.name not in leave_out
        }


def _lost(url: str) -> None:
    leave()
    postgres.empty(url)


def test_what_is_restored_is_what_was_there_and_what_may_be_in_bluecherry_is_marked(books: str, tmp_path: Path) -> None:
    before = _everything()
    manifest = back_up(books, tmp_path / "b")
    assert sum(manifest.rows.values()) == sum(len(rows) for rows in before.values())
    _lost(books)
    assert restore(books, tmp_path / "b") == manifest

    marked = ("ledger", "marks", "restores")
    assert _everything(marked) == {name: rows for name, rows in before.items() if name not in marked}
    with transaction() as session:
        look_first = {row.key: row.look_first for row in session.scalars(select(LedgerRow))}
        (restored,) = session.scalars(select(RestoreRow))
        assert session.get(Mark, "books round:main") is None
    assert look_first == {"RA-r1": False, "IJ-r1-1": True, "CM-r1-1": True, "RA-r2": False}
    assert (restored.taken_at, restored.read_at) == (manifest.taken_at, None)


def test_numbers_go_on_and_triggers_work_after_a_restore(books: str, tmp_path: Path) -> None:
    back_up(books, tmp_path / "b")
    _lost(books)
    restore(books, tmp_path / "b")
    with transaction() as session:
        row = session.scalars(select(ReturnRow)).one()
        versions = len(session.scalars(select(ReturnVersion)).all())
        row.data = {"note": "changed"}
        session.flush()
        assert len(session.scalars(select(ReturnVersion)).all()) == versions + 1


def test_only_its_owner_may_read_it_and_no_file_is_overwritten(books: str, tmp_path: Path) -> None:
    file = tmp_path / "b"
    back_up(books, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(BackupFault, match="is there already"):
        back_up(books, file)
    with pytest.raises(BackupFault, match="cannot be written"):
        back_up(books, tmp_path / "nowhere" / "b")
    assert [each.name for each in tmp_path.iterdir()] == ["b"]


def test_a_database_that_holds_anything_is_left_alone_unless_it_is_to_be_replaced(books: str, tmp_path: Path) -> None:
    back_up(books, tmp_path / "b")
    with transaction() as session:
        session.merge(Mark(name="since", value="x", at=utc_now()))
    before = _everything()
    leave()
    with pytest.raises(BackupFault, match="--replace"):
        restore(books, tmp_path / "b")
    assert _everything() == before

    leave()
    restore(books, tmp_path / "b", replace=True)
    with transaction() as session:
        assert session.get(Mark, "since") is None


def test_nothing_is_restored_while_others_are_connected(books: str, tmp_path: Path) -> None:
    back_up(books, tmp_path / "b")
    _lost(books)
    with psycopg.connect(books.replace("+psycopg", "")):
        for refused in (lambda: restore(books, tmp_path / "b"), lambda: mark_restored(books, utc_now())):
            with pytest.raises(BackupFault, match="stop every part"):
                refused()


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    place = data.index(b"tables/returns.copy") + 40
    data[place] ^= 0xFF
    file.write_bytes(bytes(data))


def _rewrite(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def rewrite(file: Path) -> None:
        with ZipFile(file) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(entries["manifest.json"])
        change(manifest)
        entries["manifest.json"] = json.dumps(manifest).encode()
        with ZipFile(file, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)

    return rewrite


def _leave_out(name: str) -> Callable[[Path], None]:
    def leave_out(file: Path) -> None:
        with ZipFile(file) as archive:
            entries = {each: archive.read(each) for each in archive.namelist() if each != name}
        with ZipFile(file, "w") as archive:
            for each, content in entries.items():
                archive.writestr(each, content)

    return leave_out


def _encrypt(file: Path) -> None:
    """Set the bit of each entry that says so."""
    data = bytearray(file.read_bytes())
    place = 0
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        data[place + 8] |= 1
        place += 4
    file.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_leave_out("tables/ledger.copy"), "no whole backup"),
        (_leave_out("manifest.json"), "no backup of the bridge"),
        (_encrypt, "is encrypted"),
        (_cut, "no whole backup"),
        (_flip, "no whole backup"),
        (lambda file: file.write_text("not a backup"), "no whole backup"),
        (_rewrite(lambda manifest: manifest.update(revision="0001")), "schema 0001"),
        (_rewrite(lambda manifest: manifest.update(format=99)), "format 99"),
        (_rewrite(lambda manifest: manifest.pop("tables")), "no backup of the bridge"),
        (_rewrite(lambda manifest: manifest["tables"]["marks"].update(rows=7)), "has not the rows"),  # type: ignore[index]
        (_rewrite(lambda manifest: manifest["tables"]["marks"].update(columns=["x"])), "is not that of"),  # type: ignore[index]
    ],
)
def test_a_file_that_is_not_whole_changes_nothing(
    books: str, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    back_up(books, tmp_path / "b")
    before = _everything()
    damage(tmp_path / "b")
    leave()
    with pytest.raises(BackupFault, match=message):
        restore(books, tmp_path / "b", replace=True)
    assert _everything() == before


def test_a_backup_is_of_one_moment_while_others_write(books: str, tmp_path: Path) -> None:
    """What is written in one transaction is in the backup together or not at all."""
    over, wrote = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(books.replace("+psycopg", "")) as connection:
            number = 0
            while not over.is_set():
                number += 1
                connection.execute("insert into history (what) values ('pair')")
                connection.execute("insert into marks (name, value) values (%s, 'pair')", [f"pair {number}"])
                connection.commit()
                wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(20)
        made = [back_up(books, tmp_path / str(number)).rows for number in range(4)]
    finally:
        over.set()
        writer.join()
    assert [rows["marks"] - rows["history"] for rows in made] == [1] * 4
    assert made[0] != made[-1]


def test_a_database_that_is_away_or_has_no_tables_is_told_so(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match="bridge db upgrade"):
        back_up(postgres_url, tmp_path / "b")
    with pytest.raises(BackupFault, match="does not answer"):
        back_up("postgresql+psycopg://bridge@127.0.0.1:1/nothing", tmp_path / "b")
