from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db.engine import transaction
from app.domain.blockers import Code, Team
from app.domain.checklists import Rhythm
from app.services.views.checklists import NoSuchPoint, PointNow, checklist, sign_off
from tests.support.rows import NOON, exception_row, return_row, saved

pytestmark = pytest.mark.usefixtures("books")
DAY = date(2026, 11, 24)


def points(rhythm: Rhythm = Rhythm.DAILY, team: Team = Team.MERCHANDISING, day: date = DAY) -> dict[str, PointNow]:
    return {each.point.name: each for each in checklist(rhythm, team, day)}


def test_a_point_shows_what_stands_open_for_it() -> None:
    saved(exception_row())
    saved(exception_row(return_pk=saved(return_row())))
    saved(exception_row(cause="closed", closed_at=NOON))
    saved(exception_row(Code.UNMAPPED_REASON, "nope"))

    found = points()
    assert (found["skus_known"].count, found["skus_known"].open[Code.UNKNOWN_SKU]) == (2, 2)
    assert found["reasons_mapped"].count == 1


def test_a_sign_off_is_kept_with_name_note_and_what_was_open() -> None:
    saved(exception_row())
    sign_off("skus_known", DAY, "Ana López", "asked the factory")

    signed = points()["skus_known"].signed
    assert signed is not None
    assert (signed.by, signed.note, signed.open) == ("Ana López", "asked the factory", 1)
    assert points(day=date(2026, 11, 25))["skus_known"].signed is None


def test_taking_back_opens_the_point_and_keeps_both() -> None:
    sign_off("skus_known", DAY, "Ana López")
    sign_off("skus_known", DAY, "Ana López", signed=False)
    assert points()["skus_known"].signed is None
    sign_off("skus_known", DAY, "Ben")
    signed = points()["skus_known"].signed
    assert signed is not None
    assert signed.by == "Ben"
    with transaction() as session:
        assert session.scalar(text("select count(*) from sign_offs")) == 3


def test_a_month_is_signed_off_whatever_its_day() -> None:
    sign_off("returns_accrued", DAY, "Ana López")
    assert points(Rhythm.MONTH_END, Team.FINANCE, date(2026, 11, 30))["returns_accrued"].signed is not None
    assert points(Rhythm.MONTH_END, Team.FINANCE, date(2026, 12, 1))["returns_accrued"].signed is None


@pytest.mark.parametrize("statement", ["update sign_offs set by = 'x'", "delete from sign_offs"])
def test_nothing_that_was_signed_is_changed(statement: str) -> None:
    sign_off("skus_known", DAY, "Ana López")
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(text(statement))


def test_a_point_that_is_none_is_told() -> None:
    with pytest.raises(NoSuchPoint):
        sign_off("coffee", DAY, "Ana López")
