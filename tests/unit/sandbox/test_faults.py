from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from app.sandbox.bluecherry.server import spoilt
from app.sandbox.faults import KINDS, FaultPlan, FaultPlanError, Faults
from app.sandbox.http import Answer, Cut, json_answer
from app.sandbox.json import Json, load_object
from tests.unit.sandbox.world import Clock

CALL = "POST /credit_memos"


class Caller:
    """Calls under a plan, and counts how often a call was carried out."""

    def __init__(self, **plan: Json) -> None:
        self.clock = Clock()
        self.faults = Faults(spoilt, self.clock.now)
        self.faults.follow(FaultPlan.from_json(plan))
        self.made = 0

    def _carry_out(self) -> Answer:
        self.made += 1
        return json_answer(201, {"memo_num": "1"})

    def call(self, name: str = CALL) -> tuple[Answer, float, Cut]:
        reply = self.faults.reply(name, self._carry_out)
        return reply.answer, reply.delay, reply.cut


def test_does_nothing_without_a_plan() -> None:
    caller = Caller()
    answer, delay, cut = caller.call()
    assert (answer.status, delay, cut, caller.made) == (201, 0, Cut.NO, 1)


@pytest.mark.parametrize(("kind", "code"), [("423", "LOCKED"), ("429", "THROTTLED"), ("503", "PROCESSING")])
def test_a_refusing_fault_makes_nothing(kind: str, code: str) -> None:
    caller = Caller(rate={kind: 1})
    answer, _, _ = caller.call()
    error = load_object(answer.body)["error"]
    assert isinstance(error, dict)
    assert (str(answer.status), error["code"], caller.made) == (kind, code, 0)


def test_retry_after_is_seconds_or_a_date() -> None:
    caller = Caller(rate={"429": 1})
    seen: set[str] = set()
    for _ in range(40):
        after = caller.call()[0].headers["Retry-After"]
        if after.isdigit():
            seen.add("seconds")
        else:
            assert parsedate_to_datetime(after) > caller.clock.now()
            seen.add("date")
    assert seen == {"seconds", "date"}


@pytest.mark.parametrize("kind", ["500", "502", "503_gateway", "504"])
def test_a_doubtful_fault_may_have_made_it(kind: str) -> None:
    caller = Caller(rate={kind: 1})
    answers = [caller.call()[0] for _ in range(40)]
    assert {str(answer.status) for answer in answers} == {kind[:3]}
    assert not any("PROCESSING" in str(answer.body) for answer in answers)
    assert 0 < caller.made < 40
    assert caller.faults.made == {kind: 40, "made_anyway": caller.made}


def test_a_cut_comes_before_or_after_it_was_made() -> None:
    before = Caller(rate={"cut_before": 1})
    assert before.call()[2] is Cut.SILENT
    assert before.made == 0
    after = Caller(rate={"cut_after": 1})
    assert {after.call()[2] for _ in range(20)} == {Cut.SILENT, Cut.HALFWAY}
    assert after.made == 20


def test_an_unreadable_answer_is_of_something_that_was_made() -> None:
    caller = Caller(rate={"unreadable": 1})
    answer, _, cut = caller.call()
    assert (answer.status, cut, caller.made) == (201, Cut.NO, 1)
    with pytest.raises(ValueError, match=r"unexpected end|EOF|JSON"):
        load_object(answer.body)


def test_latency_comes_beside_the_rest() -> None:
    caller = Caller(rate={"latency": 1, "429": 1}, latency_ms=200, base_latency_ms=50)
    answer, delay, _ = caller.call()
    assert (answer.status, delay) == (429, 0.25)
    assert Caller(base_latency_ms=50).call()[1] == 0.05


def test_only_the_named_calls_suffer() -> None:
    caller = Caller(rate={"500": 1}, only=[CALL])
    assert caller.call("GET /stock")[0].status == 201
    assert caller.call()[0].status == 500


def test_an_outage_ends() -> None:
    caller = Caller(outage_seconds=30)
    assert caller.call("GET /stock")[0].status == 503
    caller.clock.move(29.9)
    assert caller.call()[0].status == 503
    caller.clock.move(0.2)
    assert caller.call()[0].status == 201
    assert caller.faults.made == {"outage": 2}


def test_one_seed_makes_one_course_of_events() -> None:
    rates: Json = dict.fromkeys(KINDS, 0.1)
    courses = []
    for seed in (7, 7, 8):
        caller = Caller(rate=rates, seed=seed)
        courses.append([(str(reply[0].status), reply[2]) for reply in (caller.call() for _ in range(200))])
    assert courses[0] == courses[1]
    assert courses[0] != courses[2]


def test_makes_about_as_many_as_were_asked_for() -> None:
    caller = Caller(rate={"500": 0.1, "429": 0.3}, seed=1)
    for _ in range(2000):
        caller.call()
    assert 140 < caller.faults.made["500"] < 260
    assert 500 < caller.faults.made["429"] < 700


@pytest.mark.parametrize(
    "plan",
    [
        {"rate": {"418": 0.1}},
        {"rate": {"500": 0.6, "429": 0.6}},
        {"rate": {"500": -0.1}},
        {"rate": {"500": "0.1"}},
        {"rate": [0.1]},
        {"latency_ms": True},
        {"only": CALL},
    ],
)
def test_a_bad_plan_is_refused(plan: dict[str, Json]) -> None:
    with pytest.raises(FaultPlanError):
        FaultPlan.from_json(plan)


def test_a_plan_is_given_back_as_it_came() -> None:
    plan: dict[str, Json] = {
        "rate": {"500": 0.1},
        "latency_ms": 1,
        "base_latency_ms": 2,
        "outage_seconds": 3,
        "only": [CALL],
        "seed": 4,
    }
    assert FaultPlan.from_json(plan).as_json() == plan
