"""Keys of the mapping that change money, and those that do not."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from app.config.overlay import SITE_KEYS, STORE_KEYS
from app.domain.mapping_money import POLICY, money_keys
from app.domain.policy import AtOnce, Grade, ItemStatus, Kind, Phase, Place, Policy
from tests.unit.domain.build import GRADES, MADRID, rules

_REVENI = rules()
_WAREHOUSE = rules(judge="warehouse")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"policy": replace(_WAREHOUSE.policy, freight="all_back")}, "stores.es.policy.freight"),
        ({"policy": replace(_WAREHOUSE.policy, fees="on_memo")}, "stores.es.policy.fees"),
        ({"policy": replace(_WAREHOUSE.policy, closed_period="exception")}, "stores.es.policy.closed_period"),
        ({"statuses": {**_WAREHOUSE.statuses, "odd one": Phase.ACCEPTED}}, 'stores.es.statuses."odd one"'),
        ({"item_statuses": {**_WAREHOUSE.item_statuses, "ok": ItemStatus.ACCEPTED}}, "stores.es.item_statuses.ok"),
        ({"grades": GRADES | {"C": Grade("C", accepts=True)}}, "stores.es.grades.C.accepts"),
        ({"grades": GRADES | {"C": Grade("C", accepts=False)}}, "stores.es.grades.C.accepts"),
        ({"grades": GRADES | {"A": Grade("A", accepts=False)}}, "stores.es.grades.A.accepts"),
        ({"grades": {name: GRADES[name] for name in GRADES if name != "A"}}, "stores.es.grades.A.accepts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_changes_money_is_told_by_its_key_either_way(changes: dict[str, Any], key: str) -> None:
    other = replace(_WAREHOUSE, **changes)

    assert money_keys(_WAREHOUSE, other) == {key}
    assert money_keys(other, _WAREHOUSE) == {key}


@pytest.mark.parametrize(
    "changes",
    [
        {"reasons": {"dog_ate_it": "OT"}},
        {"default_site": None},
        {"sites": {"madrid": replace(MADRID, location="MAD02", quarantine=Place("MADX"))}},
        {"posting": {**_WAREHOUSE.posting, Kind.CREDIT_MEMO: AtOnce()}},
        {"grades": GRADES | {"A": Grade("A", accepts=True, location="MAD02", reject_reason="delay")}},
        {"policy": replace(_WAREHOUSE.policy, not_received_days=3, rejected_goods="send_back")},
    ],
    ids=str,
)
def test_places_codes_and_times_change_none(changes: dict[str, Any]) -> None:
    assert money_keys(_WAREHOUSE, replace(_WAREHOUSE, **changes)) == frozenset()


def test_a_grade_credits_nothing_where_reveni_judges() -> None:
    assert money_keys(_REVENI, replace(_REVENI, grades=GRADES | {"C": Grade("C", accepts=True)})) == frozenset()


def test_every_key_that_can_be_edited_was_thought_of() -> None:
    """A new one must be put on one side or the other."""
    told = {"not_received_days", "rejected_goods", "verdict_conflict"}
    assert {each.name for each in fields(Policy)} == POLICY | told
    assert set(STORE_KEYS) == {"default_site", "reasons", "grades", "statuses", "item_statuses", "posting", "policy"}
    assert set(SITE_KEYS) == {
        "location", "lot", "division", "quarantine", "quarantine_lot", "reveni_location_ids", "grades",
    }  # fmt: skip
