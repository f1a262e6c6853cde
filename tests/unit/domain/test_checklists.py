from __future__ import annotations

from datetime import date

import pytest

from app.domain.blockers import REMEDIES, Code, Team
from app.domain.checklists import POINTS, Rhythm, points_of, span_of


@pytest.mark.parametrize("code", Code)
def test_every_code_is_looked_at_each_day_by_the_team_that_mends_it(code: Code) -> None:
    looking = [point.team for point in POINTS if point.rhythm is Rhythm.DAILY and code in point.codes]
    assert looking == [REMEDIES[code].team]


def test_names_are_unique_and_every_point_has_something_to_look_at() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS)
    assert [point.name for point in POINTS if not point.codes and point.look is None] == []


def test_every_team_has_a_daily_checklist_and_finance_one_for_the_months_end() -> None:
    assert [team for team in Team if not points_of(Rhythm.DAILY, team)] == []
    assert [team for team in Team if points_of(Rhythm.MONTH_END, team)] == [Team.FINANCE]


def test_a_month_is_named_by_its_first_day() -> None:
    assert span_of(Rhythm.DAILY, date(2026, 11, 24)) == date(2026, 11, 24)
    assert span_of(Rhythm.MONTH_END, date(2026, 11, 24)) == date(2026, 11, 1)
