from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from app.config.mapping import mapping_of
from app.config.overlay import OverlayError, difference, merged, overlaid, settled, with_mapping
from app.domain.policy import AtOnce, Kind, Place
from app.toml_schema import Table
from tests.support.configuration import load, smallest


@pytest.fixture
def config(tmp_path: Path) -> Config:
    table = smallest()
    table["stores"]["uk"] = table["stores"]["es"] | {"reveni_store_id": "1002"}
    return load(table, tmp_path)


def of_store(**keys: Any) -> Table:
    return {"stores": {"es": keys}}


def test_a_key_of_the_overlay_stands_above_the_files(config: Config) -> None:
    found = overlaid(config, of_store(reasons={"too_small": "XS", "too big": "XL"}))

    assert found.stores["es"].rules.reasons == {"too_small": "XS", "too big": "XL"}
    assert found.stores["uk"].rules is config.stores["uk"].rules
    assert found.version != config.version


def test_none_takes_a_key_away(config: Config) -> None:
    assert overlaid(config, of_store(reasons={"too_small": None})).stores["es"].rules.reasons == {}


def test_an_overlay_that_says_what_the_file_says_is_the_same_mapping(config: Config) -> None:
    found = overlaid(config, of_store(reasons={"too_small": "SZ"}))
    assert found.version == config.version


def test_a_site_is_the_same_for_all_its_stores(config: Config) -> None:
    found = overlaid(config, {"sites": {"madrid": {"location": "MAD9", "reveni_location_ids": ["loc-9"]}}})

    assert {rules.sites["madrid"].location for rules in (found.stores[name].rules for name in ("es", "uk"))} == {"MAD9"}
    assert found.sites["madrid"].place.location == "MAD9"
    assert found.sites["madrid"].keys == config.sites["madrid"].keys


def test_everything_that_can_be_edited_can_be_read_back(config: Config) -> None:
    overlay = of_store(
        default_site="madrid",
        grades={"B": {"accepts": True, "location": "MADB", "lot": "2"}},
        statuses={"on its way": "shipped"},
        item_statuses={"okay": "accepted"},
        posting={"credit_memo": "at_once"},
        policy={"freight": "all_back", "not_received_days": 14},
    )
    rules = overlaid(config, overlay).stores["es"].rules

    assert rules.default_site == "madrid"
    assert rules.place(rules.sites["madrid"], "B") == Place("MADB", "2")
    assert rules.phase_of("On its way").value == "shipped"
    assert isinstance(rules.posting[Kind.CREDIT_MEMO], AtOnce)
    assert (rules.policy.freight, rules.policy.not_received_days) == ("all_back", 14)


@pytest.mark.parametrize(
    ("overlay", "key", "says"),
    [
        (of_store(reasons={"too_small": 7}), "stores.es.reasons.too_small", "Write text"),
        (of_store(policy={"freight": "sometimes"}), "stores.es.policy.freight", "Write one of"),
        (of_store(posting={"credit_memo": "at noon"}), "stores.es.posting.credit_memo", "every 15m"),
        (of_store(grades={"rejected": None}), "stores.es.grades.rejected", "is missing"),
        (of_store(default_site="mars"), "stores.es.default_site", "is not in sites"),
        (of_store(statuses={"on its way": "gone"}), 'stores.es.statuses."on its way"', "Write one of"),
        (of_store(reveni_base_url="http://evil.example"), "stores.es.reveni_base_url", "the file's alone"),
        ({"sites": {"madrid": {"secret_env": "X"}}}, "sites.madrid.secret_env", "the file's alone"),
        ({"sites": {"madrid": {"location": None}}}, "sites.madrid.location", "is missing"),
        ({"sites": {"madrid": {"quarantine": "MAD01"}}}, "sites.madrid.quarantine", "would be saleable"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_key(config: Config, overlay: Table, key: str, says: str) -> None:
    with pytest.raises(OverlayError) as caught:
        overlaid(config, overlay)
    assert [says in str(problem) for problem in caught.value.problems if problem.key == key][:1] == [True]


def test_a_mapping_becomes_the_smallest_overlay(config: Config) -> None:
    rules = config.stores["es"].rules
    wanted = mapping_of(rules)
    wanted["reasons"] = {"defect": "DA"}

    overlay = with_mapping({}, rules, wanted)

    assert overlay["stores"]["es"] == {"reasons": {"too_small": None, "defect": "DA"}}
    assert mapping_of(overlaid(config, overlay).stores["es"].rules) == wanted


def test_an_edit_of_one_store_leaves_the_others(config: Config) -> None:
    before = {"stores": {"uk": {"reasons": {"defect": "DA"}}}}
    rules = config.stores["es"].rules
    overlay = with_mapping(before, rules, {**mapping_of(rules), "reasons": {}})
    assert overlay["stores"]["uk"] == {"reasons": {"defect": "DA"}}


@pytest.mark.parametrize(
    ("below", "wanted"),
    [
        ({}, {"a": 1}),
        ({"a": 1}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}),
        ({"a": {"b": 1}}, {"a": 2}),
        ({"a": 2}, {"a": {"b": 1}}),
        ({"a": ["x"]}, {"a": ["x", "y"]}),
    ],
)
def test_a_difference_laid_over_makes_what_was_wanted(below: Table, wanted: Table) -> None:
    assert merged(below, difference(below, wanted)) == wanted
    assert difference(wanted, wanted) == {}


def test_what_is_kept_of_an_overlay_makes_the_same_mapping_and_plants_nothing(config: Config) -> None:
    rules = {name: store.rules for name, store in config.stores.items()}
    own = {"reasons": {"too_small": None, "too big": "XL"}, "policy": {"freight": "all_back"}, "grades": {"B": {}}}
    planted = {"policy": {"freight": "all_back"}}
    overlay: Table = {
        "stores": {"es": own, "uk": {"reasons": {"too_small": "SZ"}}, "pt": planted},
        "sites": {"madrid": {"location": "MAD9"}, "lisbon": {"location": "LIS1"}},
    }
    closed: Table = {"stores": {"fr": planted, "es": {"policy": {"fees": "on_memo"}}}}

    kept = settled(rules, overlay, closed)

    assert overlaid(config, kept).version == overlaid(config, overlay).version
    assert kept["stores"].keys() == {"es", "fr"}
    assert kept["sites"] == {"madrid": {"location": "MAD9"}}
    assert settled(rules, kept, closed) == kept
