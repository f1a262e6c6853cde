"""Which keys of a store's mapping change money: what is credited, whether, or in which posting period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TypeVar

from app.domain.mapping_keys import key_of
from app.domain.policy import Policy, StoreRules

POLICY = frozenset({"freight", "fees", "uneven_exchange", "closed_period"})
"""Choices that make amounts, or name the period of a memo.

The others do neither: `rejected_goods` moves stock that nobody is credited for, `not_received_days` and
`verdict_conflict` say when a person is told.
"""
_Value = TypeVar("_Value")


def money_keys(before: StoreRules, after: StoreRules) -> frozenset[str]:
    """The keys by which two mappings of one store lead to other money, as the configuration spells them.

    - what a grade means, where the warehouse judges: goods of it are credited or not;
    - what a status means, of an item or of a return: it accepts, rejects, cancels or holds;
    - the choices in `POLICY`.

    Reasons, places, sites and windows are none: they say under which code, where and when a document is posted. What
    they are missing for is held, and the mapping that is added lets it go as the rules have it.
    """
    store = ("stores", before.name)
    found = {
        key_of(*store, "policy", each.name)
        for each in fields(Policy)
        if each.name in POLICY and getattr(before.policy, each.name) != getattr(after.policy, each.name)
    }
    found |= {key_of(*store, "statuses", name) for name in _differ(before.statuses, after.statuses)}
    found |= {key_of(*store, "item_statuses", name) for name in _differ(before.item_statuses, after.item_statuses)}
    if "warehouse" in (before.judge, after.judge):
        found |= {key_of(*store, "grades", name, "accepts") for name in _differ(_accepts(before), _accepts(after))}
    return frozenset(found)


def _accepts(rules: StoreRules) -> Mapping[str, bool]:
    return {name: grade.accepts for name, grade in rules.grades.items()}


def _differ(before: Mapping[str, _Value], after: Mapping[str, _Value]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
