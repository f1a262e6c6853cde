from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.calls import CallError, Doubtful, Refused, TryLater, Unauthorised
from app.circuit import FIRST_PAUSE, LONGEST_PAUSE, RAMP, RELAPSE, RUN, Circuit, Run, retry_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALL = "BlueCherry POST /credit_memos"
AWAY = (Doubtful(CALL, "status 502"), Doubtful(CALL, "no answer in time"), TryLater(CALL, "unreachable"))
THERE: tuple[CallError | None, ...] = (
    None,
    Refused(CALL, 409, "RA_RECEIVED"),
    Refused(CALL, 422, "TOTAL_MISMATCH"),
    TryLater(CALL, "locked", timedelta(seconds=600)),
    Unauthorised(CALL, 401),
)


def asked(seconds: float, kind: str = "processing") -> TryLater:
    assert kind in ("processing", "throttled")
    return TryLater(CALL, "processing" if kind == "processing" else "throttled", timedelta(seconds=seconds))


def opened(error: CallError = AWAY[0], now: datetime = NOW) -> Circuit:
    return Circuit().opened(now, error, 1.0)


class TestRun:
    @pytest.mark.parametrize("error", AWAY)
    def test_a_run_of_answers_that_the_system_is_away_opens(self, error: CallError) -> None:
        run = Run()
        for n in range(1, RUN + 1):
            run = run.after(error)
            assert run.opens(error) is (n == RUN)

    @pytest.mark.parametrize("answer", THERE)
    def test_an_answer_about_one_document_ends_the_run(self, answer: CallError | None) -> None:
        run = Run()
        for _ in range(RUN - 1):
            run = run.after(AWAY[0])

        assert run.after(answer) == Run()

    @pytest.mark.parametrize("kind", ["processing", "throttled"])
    def test_a_wait_asked_of_everybody_is_obeyed_at_once_when_it_is_long_and_at_the_third_when_it_is_short(
        self, kind: str
    ) -> None:
        long, short = asked(5, kind), asked(1, kind)

        assert Run().after(long).opens(long)
        assert not Run().after(short).opens(short)
        assert not Run().after(short).after(short).opens(short)
        assert Run().after(short).after(short).after(short).opens(short)

    def test_a_locked_document_asks_nothing_of_the_others(self) -> None:
        locked = TryLater(CALL, "locked", timedelta(seconds=600))

        assert retry_after(locked) is None
        assert not Run().after(locked).opens(locked)

    def test_what_the_bridge_itself_held_back_says_nothing(self) -> None:
        run = Run().after(AWAY[0])

        assert run.after(TryLater(CALL, "paused", timedelta(seconds=60))) == run


class TestCircuit:
    def test_it_is_open_for_as_long_as_was_asked_for(self) -> None:
        assert opened(asked(600)).open_until == NOW + timedelta(seconds=600)

    def test_pauses_double_up_to_the_longest_while_probes_fail(self) -> None:
        circuit, now, pauses = opened(), NOW, []
        for _ in range(6):
            assert circuit.open_until is not None
            pauses.append(circuit.open_until - now)
            now = circuit.open_until
            circuit = circuit.probed(now + timedelta(seconds=30)).opened(now, AWAY[0], 1.0)

        assert pauses == [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(6)]
        assert circuit.since == NOW

    def test_many_that_find_it_away_at_once_open_it_once(self) -> None:
        circuit = opened()

        assert circuit.opened(NOW + timedelta(seconds=1), AWAY[0], 1.0) == circuit

    def test_one_that_is_asked_to_wait_longer_makes_it_longer(self) -> None:
        assert opened().opened(NOW, asked(600), 1.0).open_until == NOW + timedelta(seconds=600)

    def test_jitter_only_shortens(self) -> None:
        assert Circuit().opened(NOW, AWAY[0], 0.0).open_until == NOW + 0.8 * FIRST_PAUSE

    def test_a_probe_is_due_once_the_pause_is_over_and_nobody_has_it(self) -> None:
        circuit, over = opened(), NOW + FIRST_PAUSE

        assert not circuit.probe_is_due(over - timedelta(seconds=1))
        assert circuit.probe_is_due(over)
        taken = circuit.probed(over + timedelta(seconds=30))
        assert not taken.probe_is_due(over + timedelta(seconds=29))
        assert taken.probe_is_due(over + timedelta(seconds=30)), "its process died"
        assert not Circuit().probe_is_due(over)

    def test_it_shuts_and_begins_anew_after_a_while(self) -> None:
        shut = opened().probed(NOW).opened(NOW, AWAY[0], 1.0).shut(NOW)

        assert shut.closed
        assert shut.since is None
        assert shut.opened(NOW + RELAPSE, AWAY[0], 1.0).openings == 1

    def test_a_relapse_goes_on_with_the_pauses(self) -> None:
        shut = opened().shut(NOW)

        assert shut.opened(NOW + timedelta(seconds=1), AWAY[0], 1.0).openings == 2

    def test_after_an_outage_more_and_more_may_go(self) -> None:
        shut = opened().shut(NOW)

        allowances = [shut.allowance(NOW + timedelta(seconds=n)) for n in (0, 4, 5, 10, 24)]
        assert allowances == [50, 50, 100, 200, 800]
        assert shut.allowance(NOW + RAMP) is None
        assert Circuit().allowance(NOW) is None

    def test_a_clock_that_is_behind_that_of_who_found_it_back_lets_few_go(self) -> None:
        assert opened().shut(NOW).allowance(NOW - timedelta(minutes=3)) == 50
