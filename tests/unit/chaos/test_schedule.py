"""The schedule of a chaos."""

from __future__ import annotations

from collections import Counter
from random import Random

from app.chaos.kinds import KINDS
from app.chaos.schedule import write_schedule


def test_the_same_seed_breaks_the_same_things_at_the_same_moments() -> None:
    assert write_schedule(KINDS, 200, Random(5)) == write_schedule(KINDS, 200, Random(5))
    assert write_schedule(KINDS, 200, Random(5)) != write_schedule(KINDS, 200, Random(6))


def test_every_kind_is_made_before_any_is_made_twice() -> None:
    planned = write_schedule(KINDS, 200, Random(5))

    assert {each.fault.name for each in planned[: len(KINDS)]} == {kind.name for kind in KINDS}
    counts = Counter(each.fault.name for each in planned)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_short_storm_has_room_for_every_kind_and_ends_in_time() -> None:
    planned = write_schedule(KINDS, 20, Random(1))

    assert len(planned) == len(KINDS)
    assert [each.at for each in planned] == sorted(each.at for each in planned)
    assert planned[-1].at < 20


def test_without_kinds_nothing_is_planned() -> None:
    assert write_schedule([], 60, Random(1)) == []


def test_names_are_given_once_and_say_what_they_do() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 15
    assert all(kind.what for kind in KINDS)
