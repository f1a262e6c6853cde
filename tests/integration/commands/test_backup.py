"""`bridge backup`, `bridge restore` and `bridge db restored`, on a given database and on that of a system at rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from app import cli
from app.db.engine import transaction
from app.db.tables.upkeep import Mark, RestoreRow
from app.services.outside import utc_now
from app.system.datadir import DataDirectory
from app.system.own_database import own_database
from tests.support import postgres
from tests.support.restored import leave

Bridge = Callable[..., Result]


def test_back_up_lose_and_restore(bridge: Bridge, database: str, tmp_path: Path) -> None:
    with transaction() as session:
        session.merge(Mark(name="kept", value="x", at=utc_now()))
    made = bridge("backup", tmp_path / "b")
    assert made.exit_code == 0, made.output
    assert "rows as of" in made.output

    leave()
    refused = bridge("restore", tmp_path / "b")
    assert refused.exit_code == 1
    assert "--replace" in refused.output

    postgres.empty(database)
    restored = bridge("restore", tmp_path / "b")
    assert restored.exit_code == 0, restored.output
    assert "receipt_lost" in restored.output
    with transaction() as session:
        assert session.get(Mark, "kept") is not None

    wrong = bridge("doctor")
    assert "BlueCherry's list of documents since then is not read yet" in wrong.output


def test_a_database_that_was_restored_by_other_means_is_marked(bridge: Bridge, database: str) -> None:
    leave()
    marked = bridge("db", "restored", "--to", "2026-11-25T09:00Z")
    assert marked.exit_code == 0, marked.output
    with transaction() as session:
        (row,) = session.scalars(select(RestoreRow))
    assert (row.taken_at.isoformat(), row.read_at) == ("2026-11-25T09:00:00+00:00", None)


def test_a_system_at_rest_is_backed_up_and_restored_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    """With the embedded PostgreSQL of its data directory, started for that alone."""
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def bridge(data: str, *words: object) -> Result:
        monkeypatch.setenv("BRIDGE_DATA", str(tmp_path / data))
        return CliRunner().invoke(cli.main, [str(word) for word in words])

    nothing = bridge("one", "backup", tmp_path / "b")
    assert nothing.exit_code == 1
    assert "There is no database" in nothing.output
    assert bridge("one", "restore", tmp_path / "nothing").exit_code == 2

    from app.db.migrate import upgrade

    with own_database(DataDirectory(tmp_path / "one"), make=True) as url:
        upgrade(url)
        monkeypatch.setenv("DATABASE_URL", url)
        with transaction() as session:
            session.merge(Mark(name="kept", value="x", at=utc_now()))
        leave()
    monkeypatch.delenv("DATABASE_URL")
    made = bridge("one", "backup", tmp_path / "b")
    assert made.exit_code == 0, made.output
    restored = bridge("two", "restore", tmp_path / "b")
    assert restored.exit_code == 0, restored.output
    again = bridge("two", "restore", tmp_path / "b")
    assert "--replace" in again.output
