from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.history import History
from app.services.history import Notes

pytestmark = pytest.mark.usefixtures("books")


def test_what_was_noted_is_written_in_its_order_and_once() -> None:
    notes = Notes()
    notes.add(1, "due", "RA-r1", units=2)
    notes.add(None, "swept")
    with transaction() as session:
        notes.write(session)
        notes.write(session)
    with transaction() as session:
        rows = session.scalars(select(History).order_by(History.id)).all()

    assert [(row.return_pk, row.what, row.key, row.detail) for row in rows] == [
        (1, "due", "RA-r1", {"units": 2}),
        (None, "swept", None, {}),
    ]
    assert all(row.at.tzinfo for row in rows)


def test_what_is_rolled_back_never_happened() -> None:
    notes = Notes()
    notes.add(1, "due", "RA-r1")
    with transaction() as session:
        notes.write(session)
        session.rollback()
    with transaction() as session:
        assert session.scalars(select(History)).all() == []
