from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import InternalError

from app.db.engine import reading
from app.db.tables.returns import ReturnRow
from tests.support.rows import return_row, saved


@pytest.fixture(autouse=True)
def _books(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)


def test_reading_is_refused_every_write_and_every_lock() -> None:
    saved(return_row())
    with reading() as session:
        session.add(return_row("r2"))
        with pytest.raises(InternalError, match="read-only"):
            session.flush()
    with reading() as session, pytest.raises(InternalError, match="read-only"):
        session.scalars(select(ReturnRow).with_for_update()).all()


def test_reading_sees_one_state() -> None:
    with reading() as session:
        assert session.scalars(select(ReturnRow.id)).all() == []
        saved(return_row())
        assert session.scalars(select(ReturnRow.id)).all() == []
