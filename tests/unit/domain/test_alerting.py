from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.alerting import QuietHours, TeamAlerts, retry_after

MADRID = ZoneInfo("Europe/Madrid")
NIGHT = QuietHours(MADRID, time(20), time(8))
NOON_BREAK = QuietHours(MADRID, time(12), time(13))
WEEKEND = QuietHours(MADRID, days=frozenset({5, 6}))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in UTC; Madrid is one hour ahead."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "covered"),
    [
        (NIGHT, at(23, 18, 59), False),
        (NIGHT, at(23, 19), True),
        (NIGHT, at(24, 3), True),
        (NIGHT, at(24, 7), False),
        (NOON_BREAK, at(23, 11, 30), True),
        (NOON_BREAK, at(23, 12), False),
        (WEEKEND, at(27, 22, 59), False),
        (WEEKEND, at(27, 23), True),
        (WEEKEND, at(29, 12), True),
        (WEEKEND, at(29, 23), False),
        (QuietHours(MADRID, time(8), time(8)), at(23, 9), False),
    ],
)
def test_quiet_hours_are_hours_of_the_teams_own_day(quiet: QuietHours, now: datetime, covered: bool) -> None:
    assert quiet.cover(now) is covered


def test_quiet_hours_follow_the_clocks() -> None:
    summer = datetime(2026, 7, 1, 18, 30, tzinfo=UTC)
    assert NIGHT.cover(summer)
    assert not NIGHT.cover(summer - timedelta(hours=1))


def test_what_is_urgent_is_told_in_quiet_hours_too() -> None:
    team = TeamAlerts(("chat",), NIGHT)
    assert team.may_be_told(at(24, 3), urgent=True)
    assert not team.may_be_told(at(24, 3), urgent=False)
    assert team.may_be_told(at(24, 12), urgent=False)


def test_pauses_double_up_to_five_minutes() -> None:
    assert [retry_after(tries).total_seconds() for tries in (1, 2, 3, 6, 40)] == [10, 20, 40, 300, 300]
