from __future__ import annotations

from app.web.throttle import Throttle

ES, UK = ("reveni", "es"), ("reveni", "uk")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _allowed(throttle: Throttle, source: tuple[str, str], tries: int) -> int:
    return sum(throttle.seconds_to_wait(source) == 0 for _ in range(tries))


def test_two_seconds_worth_may_come_at_once_and_then_the_rate_holds() -> None:
    clock = Clock()
    throttle = Throttle(10, clock)

    assert _allowed(throttle, ES, 50) == 20
    clock.now += 1.0
    assert _allowed(throttle, ES, 50) == 10


def test_who_waits_as_long_as_told_may_send() -> None:
    clock = Clock()
    throttle = Throttle(1, clock)
    _allowed(throttle, ES, 2)

    seconds = throttle.seconds_to_wait(ES)
    clock.now += seconds

    assert seconds >= 1
    assert throttle.seconds_to_wait(ES) == 0


def test_one_source_does_not_use_up_what_another_may_send() -> None:
    throttle = Throttle(1, Clock())
    _allowed(throttle, ES, 10)

    assert throttle.seconds_to_wait(UK) == 0


def test_zero_is_no_limit() -> None:
    assert _allowed(Throttle(0, Clock()), ES, 10_000) == 10_000
